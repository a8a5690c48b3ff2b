import type { Resource } from "../contract/resource.ts"
import { type Place, place } from "./place.ts"

export interface DirectorySpec {
  readonly owner: string
  readonly group: string
  /** 0o751 */
  readonly mode: number
  /** The only names that belong in it. Others are reported as extra and left alone. */
  readonly only?: ReadonlyArray<string>
}

export const directory = (path: `/${string}`, spec: DirectorySpec, where: Place): Resource<DirectorySpec> =>
  place("directory", path, spec, where)
