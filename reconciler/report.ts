// What a pass has to say when it ends: the status, derived once from the outcome, and a row for every drift that is news.

import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import type { HostKey } from "./contract/resource.ts"
import type { Finding } from "./drift.ts"
import type { Engine } from "./engine.ts"
import type { Judged } from "./judge.ts"
import type { RecordKey } from "./keys.ts"
import { driftTold } from "./metrics.ts"
import { isImplied, nodeRecordKey } from "./policy.ts"
import type { Stored } from "./records.ts"
import type { PassEnd } from "./standing.ts"
import type { Author, DriftRow, StatusDetails } from "./store.ts"
import type { Wanted } from "./types.ts"

/** What is known of a change that is about to be overwritten. */
export interface Proof {
  readonly author: Author
  readonly keptCopy: string | undefined
}

/** Collected before anything is healed: afterwards it is gone. */
export const secure = Effect.fnUntraced(function* (engine: Engine, key: RecordKey, judged: ReadonlyArray<Judged>) {
  const proofs = new Map<HostKey, Proof>()
  for (const { looked, finding, decision } of judged) {
    if (decision === "change" || isKnown(engine, key, finding)) continue
    const paths = looked.type.watch(looked.resource.id, looked.resource.spec)
    const path = paths.find((one) => engine.fingerprints.pathMoved(one)) ?? paths[0]
    const author = yield* engine.evidence.author(path)
    const text = decision !== "report" && changedByHand(looked.diffs) ? keepable(looked) : undefined
    const keptCopy = text === undefined ? undefined : yield* engine.evidence.keep(key, looked.key, text)
    proofs.set(looked.key, { author, keptCopy })
  }
  return proofs
})

const keepable = (looked: Judged["looked"]): string | undefined =>
  looked.seen === undefined ? undefined : looked.type.keep?.(looked.seen)

/** An edit of a text, not of its owner or mode alone. */
const changedByHand = (diffs: Judged["looked"]["diffs"]): boolean =>
  diffs.some((diff) => diff.kind === "changed" && !["mode", "owner", "group"].includes(diff.field))

/** Reported before, and still the same. */
const isKnown = (engine: Engine, key: RecordKey, finding: Finding): boolean =>
  engine.standings
    .get(key)
    ?.details.drift?.some((known) => known.key === finding.key && known.finding === finding.id) ?? false

/** One row for each drift that is news; a difference that the record's own change explains is none. */
export const tellDrift = Effect.fnUntraced(function* (
  engine: Engine,
  key: RecordKey,
  judged: ReadonlyArray<Judged>,
  proofs: ReadonlyMap<HostKey, Proof>,
  unsynced: ReadonlySet<HostKey>,
) {
  const now = yield* Clock.currentTimeMillis
  for (const { finding, decision } of judged) {
    if (decision === "change") continue
    if (!finding.intended) engine.counts.drifted++
    const outcome = outcomeOf(decision, unsynced.has(finding.key))
    if (outcome === "healed") engine.fights.healed(finding.key, now)
    if ((outcome === "reported" || outcome === "fought") && isKnown(engine, key, finding)) continue
    const proof = proofs.get(finding.key)
    yield* driftTold(finding.kind, outcome)
    engine.outbox.drift({
      record: key,
      resourceKey: finding.key,
      driftKind: finding.kind,
      stream: decision === "adopt" ? "accepted" : finding.intended ? "intended" : "corrective",
      outcome,
      diff: finding.diff,
      fields: finding.fields,
      author: proof?.author ?? {},
      keptCopy: proof?.keptCopy,
      seenAtMillis: now,
    })
  }
})

const outcomeOf = (decision: Judged["decision"], unsynced: boolean): DriftRow["outcome"] => {
  if (decision === "fought") return "fought"
  if (decision === "report" || unsynced) return "reported"
  return decision === "adopt" ? "adopted" : "healed"
}

/** The status of a pass that got as far as looking at everything. */
export const detailsOf = (
  judged: ReadonlyArray<Judged>,
  unsynced: ReadonlySet<HostKey>,
  digest: string | undefined,
  notices: ReadonlyArray<string>,
): StatusDetails => {
  const standing = judged.filter((one) => one.decision !== "change" && unsynced.has(one.finding.key))
  const fought = judged.filter((one) => one.decision === "fought").map((one) => one.finding.key)
  return {
    ...(digest === undefined ? {} : { digest }),
    ...(standing.length === 0
      ? {}
      : {
          drift: standing.map(({ finding }) => ({
            key: finding.key,
            fields: finding.fields.map((field) => field.field),
            finding: finding.id,
          })),
        }),
    ...(fought.length === 0 ? {} : { fought }),
    ...(notices.length === 0 ? {} : { notices }),
  }
}

export const endPass = Effect.fnUntraced(function* (engine: Engine, key: RecordKey, stored: Stored, end: PassEnd) {
  const now = DateTime.formatIso(DateTime.makeUnsafe(yield* Clock.currentTimeMillis))
  const before = engine.standings.get(key)
  const isNode = key === nodeRecordKey(engine.node)
  const details = isNode ? { ...end.details, ...engine.notes() } : end.details
  const outcome = maskedOutcome(engine, key, end.outcome)
  const row = engine.standings.end(stored, key, { ...end, outcome, details }, now)
  if (row === undefined) return
  // What nobody wrote has no row to stand beside.
  if (!isImplied(stored)) engine.outbox.status(row)
  if (outcome.outcome === "stalled" || outcome.outcome === "retrying") {
    yield* Effect.logWarning(`${key} ${outcome.outcome}: ${outcome.reason}: ${outcome.message}`)
  } else if (outcome.outcome === "converged" && before?.generation !== stored.generation) {
    yield* Effect.logInfo(`${key} converged at generation ${stored.generation}`)
  }
})

const maskedOutcome = (engine: Engine, key: RecordKey, outcome: PassEnd["outcome"]): PassEnd["outcome"] =>
  "message" in outcome ? { ...outcome, message: engine.records.masked(key, outcome.message) } : outcome

/** What others can build on from now on. */
export const syncedKeys = ({
  order,
  unsynced,
}: Pick<PassEnd, "unsynced"> & { readonly order: ReadonlyArray<Wanted> }) =>
  order.flatMap(({ key, keys }) => (unsynced === "all" || unsynced.has(key) ? [] : keys))

/** Whoever waits for one of these keys looks again. */
export const wakeWaiting = (engine: Engine, keys: ReadonlyArray<HostKey>): void => {
  for (const key of keys) for (const record of engine.waitsForKey.take(key)) engine.wake(record, "edit")
}
