/**
 * An account's limits as what keeps them on a host takes them: its slice, and the file system of the homes.
 *
 * The one thing to know before changing it: a limit that this host cannot keep is said, and all else is kept.
 */
import type { Facts } from "../reconciler/contract/facts.ts"
import type { Resource } from "../reconciler/contract/resource.ts"
import { pathKey } from "../reconciler/resources/place.ts"
import { quota } from "../reconciler/resources/quota.ts"
import type { SliceSpec } from "../reconciler/resources/slice.ts"
import type { EffectiveLimits } from "../spec/limits.ts"
import { whole } from "./encode/unsafe.ts"
import type { HostPath } from "./layout.ts"

const number = (what: string, value: number, low: number, high: number): number => Number(whole(what, value, low, high))

export const sliceLimits = (limits: EffectiveLimits): SliceSpec => ({
  memoryMax: number("a limit of memory", limits.memory, 2 ** 20, 2 ** 50),
  cpuQuota: number("a limit of CPU", limits.cpu, 1, 100_000),
  tasksMax: number("a limit of tasks", limits.tasks, 1, 4_194_304),
  ...Object.fromEntries(
    (["readBandwidth", "writeBandwidth", "readOperations", "writeOperations"] as const).flatMap((name) => {
      const limit = limits[name]
      return limit === undefined ? [] : [[name, number("a limit of I/O", limit, 1, 2 ** 50)]]
    }),
  ),
})

/** Nothing where no limit can be kept. */
export const homeQuota = (
  home: HostPath,
  uid: number,
  { disk, files }: EffectiveLimits,
  { homes }: Facts,
): ReadonlyArray<Resource> => {
  if (homes.quotas === null) return []
  const spec = {
    disk: disk === undefined ? null : number("a limit of disk", disk, 2 ** 20, 2 ** 50),
    files: files === undefined || homes.quotas === "btrfs" ? null : number("a limit of files", files, 1, 2 ** 40),
    project: homes.quotas === "project" ? uid : null,
  }
  const fields = ["metadata.name", "spec.uid", "spec.package", "spec.limits"]
  return [quota(home, spec, { fields, after: [pathKey(home)] })]
}

export const unenforced = ({ disk, files }: EffectiveLimits, { homes }: Facts): ReadonlyArray<string> => {
  const by = homes.quotas === "btrfs" ? "btrfs limits bytes alone" : `${homes.filesystem} has no project quotas here`
  return [
    ...(disk === undefined || homes.quotas !== null ? [] : ["disk"]),
    ...(files === undefined || homes.quotas === "project" ? [] : ["files"]),
  ].map((what) => `The limit of ${what} is not enforced on this host: ${by}.`)
}
