import type { Resource } from "../contract/resource.ts"
import { type Place, place } from "./place.ts"

export interface SliceSpec {
  /** Bytes. */
  readonly memoryMax: number
  /** Percent of one core. */
  readonly cpuQuota: number
  readonly tasksMax: number
}

/** A slice by its full, escaped name (`sliceName` in unit-name.ts). */
export const slice = (name: `${string}.slice`, spec: SliceSpec, where: Place): Resource<SliceSpec> =>
  place("slice", name, spec, where)
