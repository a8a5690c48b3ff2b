// The story of one pass over one record, from top to bottom. Every step is a file of its own; this one says in which order
// they come, and why.
//
// The one thing to know before changing it: any step may be the last one. Each is written so that the next pass, perhaps of
// a new agent after a crash, can begin again at the top and reach the same end.

import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { applyInOrder, isInSync, verify } from "./apply.ts"
import { claim } from "./claim.ts"
import type { Outcome } from "./conditions.ts"
import type { Rests } from "./contract/controller.ts"
import { type Activation, activationKey, type HostKey } from "./contract/resource.ts"
import { digestsOf, ordered, render } from "./desire.ts"
import type { Engine } from "./engine.ts"
import type { Host } from "./host/host.ts"
import { isLeft, type Judged, judge, toChange } from "./judge.ts"
import type { RecordKey } from "./keys.ts"
import { observe } from "./observe.ts"
import { Ended, endedBy, type Failed } from "./outcome.ts"
import { activationsOf, merged, planPrune } from "./plan.ts"
import { nodePolicy, type Policy, policyOf } from "./policy.ts"
import { letGo, prune } from "./prune.ts"
import type { Slot, Verdict } from "./queue.ts"
import type { Stored } from "./records.ts"
import { removeRecord } from "./remove.ts"
import { detailsOf, endPass, secure, syncedKeys, tellDrift, wakeWaiting } from "./report.ts"
import { type PassEnd, wholeDigest } from "./standing.ts"
import type { Looked, Wanted } from "./types.ts"

const pass = Effect.fnUntraced(function* (engine: Engine, key: RecordKey, stored: Stored, slot: Slot) {
  // Paused? Then nothing is even looked at.
  const now = yield* Clock.currentTimeMillis
  const policy = policyOf(engine.node, nodePolicy(engine.node, engine.records), engine.pauses(), stored, now)
  if (policy.mode === "pause") {
    return yield* new Ended({ outcome: { outcome: "paused", message: policy.because ?? "" } })
  }

  // A record that somebody deleted wants nothing any more.
  if (stored.deleted) return yield* removeRecord(engine, key, stored, policy, slot)

  // Render, and check the graph.
  const since = engine.surveys.taken
  const { resources, rests, notices = [] } = yield* render(engine, stored)
  const order = yield* ordered(engine, key, stored, resources)
  const digests = digestsOf(order)

  // Claim the keys in the inventory, before anything of them is touched; what is not wanted any more, others may ask for.
  engine.unwanted.clear(key)
  const parting = planPrune(key, order, engine.inventory)
  for (const one of parting.leaving) for (const held of one.keys) engine.unwanted.add(key, held)
  const foreign = yield* claim(engine, key, stored, policy, order).pipe(
    Effect.tapError(() =>
      policy.mode === "enforce" ? Effect.ignore(letGo(engine, key, stored, parting, slot)) : Effect.void,
    ),
  )

  // Observe, and diff.
  const { looked, prints } = yield* observe(engine, order).pipe(endedByFailure)
  const judged = judge(engine, policy, looked, digests, foreign, now)
  const changes = toChange(judged)

  // Observe mode ends here: nothing to change. Otherwise apply in order, with what is owed journaled first.
  const proofs = yield* secure(engine, key, judged)
  const owedBefore = engine.journal.of(key)
  yield* owe(engine, key, stored, order, changes).pipe(endedByFailure)
  const applied = yield* applyInOrder(engine, stored.id, order, changes)

  // Activate, merged with what others ask for meanwhile; the slot is free for the next record.
  yield* slot.release
  const activations = policy.mode === "observe" ? [] : due(owedBefore, changes, applied.done)
  const activated = yield* activate(engine, key, activations, applied.failed)

  // Look once more at what was changed, and remember how everything looked.
  const { failed: differing, seen } = yield* verify(engine, applied.done, prints)
  const lasts = looked.flatMap((one) => {
    const last = seen.get(one.key) ?? one.seen
    return last === undefined ? [] : [{ type: one.type, spec: one.resource.spec, last }]
  })
  const said = {
    notes: lasts.flatMap(({ last, spec, type }) => type.tells?.(spec, last) ?? []),
    warning: lasts.flatMap(({ last, spec, type }) => type.warns?.(spec, last) ?? [])[0],
  }
  // What an activation was to bring about differs still when that failed: that is no failure of its own.
  const failed = [...applied.failed, ...activated, ...(activated.length > 0 ? [] : differing)]
  const unsynced = unsyncedOf(judged, applied.done, differing)
  for (const [one, digest] of digests) if (!unsynced.has(one)) engine.standings.inSync(one, digest)
  engine.fingerprints.settle(key, prints)
  engine.surveys.confirm(
    order.filter((one) => !changes.some((change) => change.key === one.key)),
    since,
  )
  engine.watched(key)

  // Drift rows, and what the status for this generation says.
  yield* tellDrift(engine, key, judged, proofs, unsynced)
  const details = detailsOf(judged, unsynced, unsynced.size === 0 ? wholeDigest(digests) : undefined, notices)
  const end = { details, unsynced, order }
  if (failed.length > 0) return { ...end, ...waitOrRetry(engine, key, endedBy(failed)) }

  // Prune what older generations claimed, now that what replaces it is live.
  if (policy.mode === "enforce") {
    const held = yield* Effect.flip(prune(engine, key, stored, parting, slot)).pipe(
      Effect.orElseSucceed(() => undefined),
    )
    if (held !== undefined) return { ...end, ...waitOrRetry(engine, key, held) }
  }
  return { ...end, outcome: settledOutcome(policy, judged, order.length, rests, said), retry: false }
})

/** One pass over one key, with the status that its outcome makes. */
export const reconcile =
  (engine: Engine) =>
  (key: RecordKey, slot: Slot): Effect.Effect<Verdict, never, Host> =>
    Effect.gen(function* () {
      // Load the record at its newest generation.
      const stored = engine.records.get(key)
      if (stored === undefined || isUntouched(engine, key, slot)) return "done" as const
      engine.suspects.delete(key)
      engine.waitsForKey.clear(key)
      engine.waitsForRecord.clear(key)
      engine.kept.clear(key)

      const end = yield* pass(engine, key, stored, slot).pipe(
        Effect.catchTag("Ended", (ended) => Effect.succeed(cutShort(engine, key, ended))),
      )
      // The status, derived from the outcome; then whoever waited for one of these keys can go on.
      const isNews = engine.standings.isNews(key, stored.version)
      if (end.outcome.outcome !== "removed") yield* endPass(engine, key, stored, end)
      wakeWaiting(engine, isNews ? engine.inventory.of(key).map((claim) => claim.key) : syncedKeys(end))
      if (!end.retry) return "done" as const
      // All may look as it should, with an activation still owed: the next pass is to be a whole one.
      engine.suspects.add(key)
      return "retry" as const
    }).pipe(Effect.ensuring(engine.activator.settled(key)))

/** Something happened to a file of a record that was in sync, and now it is as it was: our own writing, mostly. */
const isUntouched = (engine: Engine, key: RecordKey, slot: Slot): boolean =>
  slot.priority === "drift" &&
  !engine.suspects.has(key) &&
  engine.standings.isConverged(key) &&
  !engine.fingerprints.moved(key)

/** Journals what the changes make necessary. What owes nothing may be what the journal stands on, and then goes first. */
const owe = (
  engine: Engine,
  key: RecordKey,
  stored: Stored,
  order: ReadonlyArray<Wanted>,
  changes: ReadonlyArray<Looked>,
) => {
  const journal = engine.journal.owe(key, activationsOf(changes))
  const owingNothing = changes.filter(({ resource }) => resource.activates.length === 0)
  return Effect.catch(journal, () => Effect.andThen(applyInOrder(engine, stored.id, order, owingNothing), journal))
}

/** What was just changed makes necessary, and what is owed from before, but for what is still to be changed itself. */
const due = (
  owed: ReadonlyArray<Activation>,
  changes: ReadonlyArray<Wanted>,
  done: ReadonlyArray<Wanted>,
): ReadonlyArray<Activation> => {
  const early = new Set(activationsOf(changes.filter((one) => !done.includes(one))).map(activationKey))
  return merged([...owed.filter((one) => !early.has(activationKey(one))), ...activationsOf(done)])
}

const activate = Effect.fnUntraced(function* (
  engine: Engine,
  key: RecordKey,
  activations: ReturnType<typeof merged>,
  failed: ReadonlyArray<Failed>,
) {
  if (activations.length === 0) return []
  const failure = yield* Effect.flip(engine.activator.submit(key, activations)).pipe(
    Effect.orElseSucceed(() => undefined),
  )
  if (failure !== undefined) return [{ key: undefined, failure }]
  // What failed to apply may have got half-way: what it owes stays written down.
  if (failed.length === 0) {
    const unsettled = yield* Effect.flip(engine.journal.settle(key)).pipe(Effect.orElseSucceed(() => undefined))
    if (unsettled !== undefined) return [{ key: undefined, failure: unsettled }]
  }
  return []
})

/** What differed, less what was changed and is known to have taken. */
const unsyncedOf = (
  judged: ReadonlyArray<Judged>,
  done: ReadonlyArray<{ readonly key: HostKey }>,
  differing: ReadonlyArray<Failed>,
): ReadonlySet<HostKey> => {
  const unsynced = new Set(judged.map((one) => one.looked.key))
  for (const one of done) unsynced.delete(one.key)
  for (const { key } of differing) if (key !== undefined) unsynced.add(key)
  return unsynced
}

const settledOutcome = (
  policy: Policy,
  judged: ReadonlyArray<Judged>,
  resources: number,
  rests: Rests | undefined,
  { notes, warning }: { readonly notes: ReadonlyArray<string>; readonly warning: string | undefined },
): Outcome => {
  const fought = judged.filter((one) => one.decision === "fought")
  if (fought.length > 0) {
    return {
      outcome: "stalled",
      reason: "Fought",
      message:
        `Somebody else keeps changing ${fought.map((one) => one.looked.key).join(", ")}: healed three times within ten ` +
        "minutes, and different again. Stop the other writer, then pause and resume the record, or change it.",
    }
  }
  const left = judged.filter(isLeft)
  if (left.length === 0)
    return {
      outcome: "converged",
      resources,
      ...(rests === undefined ? {} : { rests }),
      ...(notes.length === 0 ? {} : { notes }),
      ...(warning === undefined ? {} : { warning }),
    }
  const because = policy.because ?? "self-healing is off"
  return { outcome: "drifted", message: `${left.length} of ${resources} resources differ and are left so: ${because}.` }
}

interface End extends PassEnd {
  readonly retry: boolean
  readonly order: ReadonlyArray<Wanted>
}

/** A pass that did not get as far as looking: what was known before stays known. */
const cutShort = (engine: Engine, key: RecordKey, ended: Ended): End => ({
  details: engine.standings.get(key)?.details ?? {},
  ...(ended.asBefore === true
    ? { unsynced: engine.standings.unsyncedOf(key), order: [] }
    : { unsynced: "all", order: [] }),
  ...waitOrRetry(engine, key, ended),
})

const waitOrRetry = (engine: Engine, key: RecordKey, ended: Ended): Pick<End, "outcome" | "retry"> => {
  // What is the record's own comes into sync in its own passes: that would be no backoff at all.
  const own = new Set(ended.retry === true ? engine.inventory.of(key).map((claim) => claim.key) : [])
  for (const one of ended.keys ?? []) if (!own.has(one)) engine.waitsForKey.add(key, one)
  // What came into sync while this pass was under way has woken whoever waited by then: it is looked at again soon.
  const missed = (ended.keys ?? []).some((one) => isInSync(engine, one))
  return { outcome: ended.outcome, retry: ended.retry ?? missed }
}

const endedByFailure = <A, R>(self: Effect.Effect<A, Failed["failure"], R>): Effect.Effect<A, Ended, R> =>
  Effect.mapError(self, (failure) => endedBy([{ key: undefined, failure }]))
