// The limits under which everything of an account runs. What the next boot will set and what holds now are both looked at:
// `set-property --runtime` and an edited drop-in are drift alike.

import * as Effect from "effect/Effect"
import type { FieldDiff, Resource, ResourceType } from "../contract/resource.ts"
import { attempt, Host } from "../host/host.ts"
import { dropInFolder, limitNames, runtimeDropInFolder } from "../host/slice-limits.ts"
import type { SliceLimits } from "../host/systemd.ts"
import { type Place, place, unitKey } from "./place.ts"
import { goes } from "./removal.ts"

export interface SliceSpec {
  /** Bytes. */
  readonly memoryMax: number
  /** Percent of one core. */
  readonly cpuQuota: number
  readonly tasksMax: number
  /** Bytes and operations a second, on the disk of the homes; not given is no limit. */
  readonly readBandwidth?: number
  readonly writeBandwidth?: number
  readonly readOperations?: number
  readonly writeOperations?: number
}

/** A slice by its full, escaped name (`sliceName` in unit-name.ts). */
export const slice = (name: `${string}.slice`, spec: SliceSpec, where: Place): Resource<SliceSpec> =>
  place("slice", name, spec, where)

export interface SeenSlice {
  readonly configured: SliceLimits
  readonly running: SliceLimits
  /** Somebody set limits until the next boot. Of a slice that nothing runs in, no running value tells. */
  readonly overridden: boolean
}

const limits = [
  ...(["memoryMax", "cpuQuota", "tasksMax"] as const),
  ...(["readBandwidth", "writeBandwidth", "readOperations", "writeOperations"] as const),
]

const text = (limit: number | undefined): string =>
  limit === undefined ? "unlimited" : Number.isNaN(limit) ? "another one" : String(limit)

export const sliceType: ResourceType<SliceSpec, SeenSlice> = {
  kind: "slice",
  owns: (id) => [unitKey(id)],
  observe: (id) =>
    Effect.gen(function* () {
      const seen = yield* Effect.flatMap(Host, ({ systemd }) => systemd.sliceLimits(id))
      if (limits.every((name) => seen.configured[name] === undefined)) return undefined
      const folder = runtimeDropInFolder(id)
      const overridden = yield* attempt(({ files }) =>
        limitNames.some((name) => files.stat(`${folder}/50-${name}.conf`) !== undefined),
      )
      return { ...seen, overridden }
    }),
  diff: (spec, seen) => [
    ...limits.flatMap((name): ReadonlyArray<FieldDiff> => {
      const want = text(spec[name])
      if (seen === undefined)
        return spec[name] === undefined ? [] : [{ field: name, want, have: null, kind: "missing" }]
      if (text(seen.configured[name]) !== want) {
        return [{ field: name, want, have: text(seen.configured[name]), kind: "changed" }]
      }
      return text(seen.running[name]) === want
        ? []
        : [{ field: name, want, have: text(seen.running[name]), kind: "runtime" }]
    }),
    ...(seen?.overridden === true
      ? [{ field: "until the next boot", want: "the same limits", have: "others", kind: "runtime" as const }]
      : []),
  ],
  apply: (id, spec, seen) =>
    Effect.flatMap(Host, ({ systemd }) => {
      const same = limits.every(
        (name) => seen !== undefined && seen.configured[name] === spec[name] && seen.running[name] === spec[name],
      )
      if (same && seen?.overridden !== true) return Effect.void
      return systemd.setSliceLimits(id, spec, seen && { ...seen.configured, ...seen.running })
    }),
  remove: (id, removal) =>
    Effect.gen(function* () {
      if (!goes(removal)) return []
      const { systemd } = yield* Host
      yield* systemd.removeSlice(id)
      return []
    }),
  watch: (id) => [...limitNames.map((name) => `${dropInFolder(id)}/50-${name}.conf`), runtimeDropInFolder(id)],
  measure: Effect.map(Host, ({ systemd }) => (id) => ({ ...systemd.sliceUsage(id) })),
}
