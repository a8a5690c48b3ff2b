// Limits on what a home may hold, kept by the file system of the homes. How depends on that file system: btrfs has a group
// of figures for each subvolume, ext4 and XFS have projects.

import type * as Effect from "effect/Effect"
import type { ResourceFailure } from "../contract/resource.ts"
import type { HostPath } from "./path.ts"

export const homes: HostPath = "/home"

/** undefined is no limit. */
export interface QuotaLimits {
  /** Bytes. */
  readonly disk: number | undefined
  /** Files and folders. */
  readonly files: number | undefined
}

export interface SeenQuota extends QuotaLimits {
  /** The number that the file system counts the home by, where it wants one. */
  readonly project: number | undefined
  /** How many parts of the home the limit does not reach. */
  readonly uncounted?: number
}

export interface Usage {
  readonly disk?: number
  readonly files?: number
}

export interface Quotas {
  /** How limits are kept there; null where they are not. */
  readonly kind: "btrfs" | "project" | null
  /** The name of the file system, as mount(8) has it. */
  readonly filesystem: string
  /** Makes a folder that the file system counts by itself. */
  readonly makeVolume: (path: HostPath) => Effect.Effect<void, ResourceFailure>
  /** Takes a folder away that was made so, with all that is in it; false where it is none. Only for what nobody else can enter. */
  readonly removeVolume: (path: HostPath) => Effect.Effect<boolean, ResourceFailure>
  /** undefined: nothing of it is counted by a number of its own or limited, or there is no such home. */
  readonly read: (path: HostPath) => Effect.Effect<SeenQuota | undefined, ResourceFailure>
  readonly set: (path: HostPath, quota: SeenQuota) => Effect.Effect<void, ResourceFailure>
  /** One look at all: a text that changes whenever the quota of this home may have. */
  readonly survey: Effect.Effect<(path: HostPath) => string, ResourceFailure>
  /** One look at what the homes hold. */
  readonly usage: Effect.Effect<(path: HostPath) => Usage, ResourceFailure>
}
