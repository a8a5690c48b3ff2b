// A deleted record: everything it owns goes, last claimed first, then its row. Whoever still refers to it goes before it.

import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { Engine } from "./engine.ts"
import type { RecordKey } from "./keys.ts"
import { Ended, endedByStore, retrying, stalled, waiting } from "./outcome.ts"
import { planPrune } from "./plan.ts"
import type { Policy } from "./policy.ts"
import { prune } from "./prune.ts"
import type { Slot } from "./queue.ts"
import type { Stored } from "./records.ts"

export const removeRecord = Effect.fnUntraced(function* (
  engine: Engine,
  key: RecordKey,
  stored: Stored,
  policy: Policy,
  slot: Slot,
) {
  if (Result.isFailure(engine.records.decode(stored))) {
    return yield* stalled("NewerSpec", "This agent does not understand the record and removes nothing.", "Update it.")
  }
  const owned = engine.inventory.of(key).length
  if (policy.mode === "observe") {
    const message = `Deleted; ${owned} keys would be removed, and are left: ${policy.because ?? ""}.`
    return yield* new Ended({ outcome: { outcome: "drifted", message } })
  }
  const dependents = engine.records.dependentsOf(key)
  if (dependents.length > 0) {
    for (const dependent of dependents) engine.waitsForRecord.add(key, dependent)
    return yield* waiting("StillReferred", `Deleted, but still needed by ${dependents.join(", ")}.`)
  }
  yield* prune(engine, key, stored, planPrune(key, [], engine.inventory), slot)
  // An activation that is owed from before must not be lost with the record.
  const owed = engine.journal.of(key)
  if (owed.length > 0) {
    yield* slot.release
    yield* Effect.ignore(engine.activator.submit(key, owed))
    yield* Effect.ignore(engine.journal.settle(key))
  }
  const finished = yield* engine.store.finish(stored).pipe(Effect.mapError(endedByStore))
  if (!finished) return yield* retrying("Changed", "The record was written to while it was being removed.")
  engine.forget(key)
  // What was seen through was asked for by itself: the next deletion is not held back for it.
  engine.guard.withdraw(key)
  for (const waiting of engine.waitsForRecord.take(key)) engine.wake(waiting, "edit")
  yield* Effect.logInfo(`${key} removed`)
  return { details: {}, unsynced: "all" as const, outcome: { outcome: "removed" as const }, order: [], retry: false }
})
