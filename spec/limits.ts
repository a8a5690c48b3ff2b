/**
 * What an account may use and have: the limits that a package gives to its accounts and an account has of its own.
 *
 * The one thing to know before changing it: no field has a default here, so that "not said" can be told from "said". What
 * holds where neither says anything is `platformLimits`; a limit that is not there either is none.
 */
import * as Schema from "effect/Schema"
import { explained, intBetween } from "./grammar.ts"
import type { Use } from "./kind.ts"
import { bytesBetween } from "./names.ts"

const upTo = (most: number, of: string) => intBetween(0, most, of)

const bandwidth = bytesBetween("64K", "64G")
const operations = intBetween(10, 10_000_000, "operations a second")

export const Limits = Schema.Struct({
  memory: Schema.optionalKey(
    bytesBetween("64M", "1T").pipe(
      explained("The most memory that all processes of the account may use together. Said nowhere: 512M."),
    ),
  ),
  cpu: Schema.optionalKey(
    intBetween(1, 12800, "percent of one core").pipe(
      explained("The most CPU time, in percent of one core: 150 is one core and a half. Said nowhere: 100."),
    ),
  ),
  tasks: Schema.optionalKey(
    intBetween(16, 32768, "processes and threads").pipe(
      explained("The most processes and threads at one time. Said nowhere: 200."),
    ),
  ),
  readBandwidth: Schema.optionalKey(
    bandwidth.pipe(explained("The most bytes a second read from the disk of the homes.")),
  ),
  writeBandwidth: Schema.optionalKey(bandwidth.pipe(explained("The most bytes a second written to that disk."))),
  readOperations: Schema.optionalKey(operations.pipe(explained("The most reads a second from that disk."))),
  writeOperations: Schema.optionalKey(operations.pipe(explained("The most writes a second to that disk."))),
  disk: Schema.optionalKey(
    bytesBetween("16M", "512T").pipe(explained("The most bytes in the account's home. A write beyond them fails.")),
  ),
  files: Schema.optionalKey(
    intBetween(1000, 1_000_000_000, "files").pipe(explained("The most files and folders in the account's home.")),
  ),
  sites: Schema.optionalKey(upTo(100_000, "sites").pipe(explained("The most sites."))),
  phps: Schema.optionalKey(upTo(100, "versions of PHP").pipe(explained("The most versions of PHP side by side."))),
  databases: Schema.optionalKey(upTo(100_000, "databases").pipe(explained("The most databases."))),
  cronJobs: Schema.optionalKey(upTo(100_000, "cron jobs").pipe(explained("The most cron jobs."))),
  sshKeys: Schema.optionalKey(upTo(100_000, "SSH keys").pipe(explained("The most SSH keys."))),
})
export type Limits = typeof Limits.Type
export type LimitName = keyof Limits

const measured = (what: LimitName, unit: Use["unit"]) => ({ what, unit, counted: false })
const counted = (what: LimitName) => ({ what, unit: "count", counted: true }) as const

/** What each limit is of, in the order in which they are shown. */
export const limitUses: ReadonlyArray<Use & { readonly what: LimitName }> = [
  measured("disk", "bytes"),
  measured("files", "count"),
  measured("memory", "bytes"),
  measured("cpu", "percent"),
  measured("tasks", "count"),
  measured("readBandwidth", "bytes/s"),
  measured("writeBandwidth", "bytes/s"),
  measured("readOperations", "operations/s"),
  measured("writeOperations", "operations/s"),
  ...(["sites", "phps", "databases", "cronJobs", "sshKeys"] as const).map(counted),
]

/** What holds where nobody says anything. */
export const platformLimits = { memory: 512 * 1024 ** 2, cpu: 100, tasks: 200 } as const

export type EffectiveLimits = { readonly [K in Exclude<LimitName, keyof typeof platformLimits>]?: number } & {
  readonly [K in keyof typeof platformLimits]: number
}

/** An account's own limits stand before those of its package, field by field. */
export const effectiveLimits = (own: Limits, ofPackage: Limits | undefined): EffectiveLimits => ({
  ...platformLimits,
  ...ofPackage,
  ...own,
})
