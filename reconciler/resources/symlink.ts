import type { Resource } from "../contract/resource.ts"
import { type Place, place } from "./place.ts"

export interface SymlinkSpec {
  readonly target: string
}

export const symlink = (path: `/${string}`, spec: SymlinkSpec, where: Place): Resource<SymlinkSpec> =>
  place("symlink", path, spec, where)
