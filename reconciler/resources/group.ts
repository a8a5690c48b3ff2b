import type { Resource } from "../contract/resource.ts"
import { type Place, place } from "./place.ts"

export interface GroupSpec {
  readonly gid: number
}

export const group = (name: string, spec: GroupSpec, where: Place): Resource<GroupSpec> =>
  place("group", name, spec, where)
