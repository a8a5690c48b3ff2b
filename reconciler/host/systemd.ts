// What the reconciler asks of systemd. The live host runs systemctl; the directory host keeps the same files systemd would
// (links in *.wants, drop-ins in system.control) and runs a unit's program itself where this machine has it.

import type * as Effect from "effect/Effect"
import type { ResourceFailure } from "../contract/resource.ts"
import type { SliceUsage } from "./slice-usage.ts"

/** Where `systemctl enable` puts its link for WantedBy=multi-user.target. */
export const wantedBy = (unit: string) => `/etc/systemd/system/multi-user.target.wants/${unit}` as const

export interface UnitState {
  /** "loaded", "masked", "not-found", "error". */
  readonly load: string
  /** "active", "inactive", "failed", "activating", … */
  readonly active: string
  readonly enabled: boolean
  /** The unit's main process; undefined when it has none. */
  readonly pid: number | undefined
}

/** What a slice may use; undefined is no limit. */
export interface SliceLimits {
  readonly memoryMax: number | undefined
  /** Percent of one core. */
  readonly cpuQuota: number | undefined
  readonly tasksMax: number | undefined
  /** Of the disk that the homes are on: bytes a second, and operations a second. */
  readonly readBandwidth?: number | undefined
  readonly writeBandwidth?: number | undefined
  readonly readOperations?: number | undefined
  readonly writeOperations?: number | undefined
}

export interface Systemd {
  readonly state: (unit: string) => Effect.Effect<UnitState, ResourceFailure>
  /** One look at all units that are loaded: name to "load/active/sub". */
  readonly list: Effect.Effect<ReadonlyMap<string, string>, ResourceFailure>
  /** What `list` gave last, for whoever only wants to know whether it is worth asking. */
  readonly listed: () => ReadonlyMap<string, string>
  readonly enable: (unit: string) => Effect.Effect<void, ResourceFailure>
  readonly disable: (unit: string) => Effect.Effect<void, ResourceFailure>
  readonly unmask: (unit: string) => Effect.Effect<void, ResourceFailure>
  /** Starts, or restarts where it runs; a failure carries the unit's last words. */
  readonly start: (unit: string) => Effect.Effect<void, ResourceFailure>
  readonly restart: (unit: string) => Effect.Effect<void, ResourceFailure>
  /** Reloads; starts where it does not run. */
  readonly reload: (unit: string) => Effect.Effect<void, ResourceFailure>
  readonly stop: (unit: string) => Effect.Effect<void, ResourceFailure>
  /** What the unit said last, a few lines; empty when it said nothing. */
  readonly lastWords: (unit: string) => Effect.Effect<string>
  readonly daemonReload: Effect.Effect<void, ResourceFailure>
  /** What the next boot will set, and what holds now. */
  readonly sliceLimits: (
    slice: string,
  ) => Effect.Effect<{ readonly configured: SliceLimits; readonly running: SliceLimits }, ResourceFailure>
  /** `before`: what holds now; a limit of a disk that is no more wanted is taken away. */
  readonly setSliceLimits: (
    slice: string,
    limits: SliceLimits,
    before?: SliceLimits,
  ) => Effect.Effect<void, ResourceFailure>
  /** Whether any process runs in the slice. Asks the kernel; throws. */
  readonly occupied: (slice: string) => boolean
  /** What the slice uses, as the kernel counts it; a figure that nobody counts is left out. Throws nothing. */
  readonly sliceUsage: (slice: string) => SliceUsage
  /** Forgets the limits; whatever runs in the slice ends. */
  readonly removeSlice: (slice: string) => Effect.Effect<void, ResourceFailure>
}
