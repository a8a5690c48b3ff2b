// How a pass ends early: with the outcome that its status will say. The way through a pass is told by what does not end it.

import * as Data from "effect/Data"
import type { Outcome } from "./conditions.ts"
import type { HostKey, ResourceFailure } from "./contract/resource.ts"
import type { StoreFailure } from "./store.ts"

export class Ended extends Data.TaggedError("Ended")<{
  readonly outcome: Outcome
  /** The keys that wake it. */
  readonly keys?: ReadonlyArray<HostKey>
  /** Look again with backoff. */
  readonly retry?: boolean
  /** It ended before anything was looked at, and nothing is changed: what was in sync is what others may build on. */
  readonly asBefore?: boolean
}> {}

const stalledBy = (reason: string, message: string, mend?: string) => ({
  outcome: { outcome: "stalled", reason, message: withMend(message, mend) } as const,
})

/** For want of a person, before anything was looked at. */
export const stalled = (reason: string, message: string, mend?: string): Ended =>
  new Ended({ ...stalledBy(reason, message, mend), asBefore: true })

export const waiting = (reason: string, message: string, keys: ReadonlyArray<HostKey> = []): Ended =>
  new Ended({ outcome: { outcome: "waiting", reason, message }, keys })

/** With backoff, or as soon as one of the keys is in sync. */
export const retrying = (reason: string, message: string, mend?: string, keys: ReadonlyArray<HostKey> = []): Ended =>
  new Ended({ outcome: { outcome: "retrying", reason, message: withMend(message, mend) }, retry: true, keys })

/** Something that failed at one resource, or at none in particular (an activation). */
export interface Failed {
  readonly key: HostKey | undefined
  readonly failure: ResourceFailure
}

/** Several failures, one outcome: what will be tried again is named first, then what waits, then what needs a person. */
export const endedBy = (failures: ReadonlyArray<Failed>): Ended => {
  const said = failures
    .map(({ key, failure }) => `${key === undefined ? "" : `${key}: `}${withMend(failure.message, failure.mend)}`)
    .join("\n")
  const verdict = (kind: "retry" | "wait" | "stall") =>
    failures.find((one) => one.failure.verdict.kind === kind)?.failure
  const retry = verdict("retry")
  if (retry !== undefined) return retrying(retry.reason, said, undefined, keysOf(failures))
  const wait = verdict("wait")
  if (wait !== undefined) return waiting(wait.reason, said, keysOf(failures))
  return new Ended(stalledBy(verdict("stall")?.reason ?? "Failed", said))
}

const keysOf = (failures: ReadonlyArray<Failed>): ReadonlyArray<HostKey> =>
  failures.flatMap(({ failure: { verdict } }) =>
    verdict.kind === "wait" ? [verdict.key] : verdict.kind === "retry" ? (verdict.sooner ?? []) : [],
  )

export const endedByStore = (failure: StoreFailure): Ended =>
  retrying(failure.away ? "StoreAway" : "StoreRefused", failure.message)

const withMend = (message: string, mend: string | undefined): string =>
  mend === undefined || mend === "" ? message : `${message} ${mend}`
