// Removing what no record wants any more: only what the inventory says this record owns, last claimed first, each with what
// its removal makes necessary before the next one goes.
//
// The one thing to know before changing it: what is wanted is read once more before anything is removed. Whoever undeletes a
// record in the last moment wins, the guards see every deletion that was committed with this one, and with Postgres away
// nothing is removed at all.

import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import type { HostKey, Removal } from "./contract/resource.ts"
import { ResourceFailure } from "./contract/resource.ts"
import type { Engine } from "./engine.ts"
import type { RecordKey } from "./keys.ts"
import { endedBy, endedByStore, retrying, stalled } from "./outcome.ts"
import type { Leaving, PrunePlan } from "./plan.ts"
import { nodePolicy } from "./policy.ts"
import type { Slot } from "./queue.ts"
import type { Stored } from "./records.ts"

export const prune = (engine: Engine, key: RecordKey, stored: Stored, plan: PrunePlan, slot: Slot) =>
  removeAll(engine, key, stored, plan.leaving, plan.released, slot)

/**
 * A record that cannot have what it wants keeps what it had, but for what another record waits for: else two that change
 * places would wait for each other.
 */
export const letGo = (engine: Engine, key: RecordKey, stored: Stored, { leaving }: PrunePlan, slot: Slot) => {
  const asked = leaving.filter(({ keys }) => keys.some((one) => engine.waitsForKey.isAwaited(one)))
  for (const one of leaving) if (!asked.includes(one)) for (const held of one.keys) engine.kept.add(key, held)
  return removeAll(engine, key, stored, asked, [], slot)
}

const removeAll = Effect.fnUntraced(function* (
  engine: Engine,
  key: RecordKey,
  stored: Stored,
  leaving: ReadonlyArray<Leaving>,
  released: ReadonlyArray<HostKey>,
  slot: Slot,
) {
  if (leaving.length === 0) return yield* release(engine, key, released)
  yield* readAgain(engine, key, stored)
  yield* guarded(engine, key, stored, leaving)

  const gone: Array<HostKey> = [...released]
  const removal = yield* removalOf(engine, key, stored)
  yield* Effect.forEach(
    leaving,
    (one) =>
      Effect.gen(function* () {
        if (one.onDelete !== "retain") yield* remove(engine, key, one, removal, slot)
        gone.push(...one.keys)
      }).pipe(Effect.mapError((failure) => endedBy([{ key: one.keys[0], failure }]))),
    { discard: true },
  ).pipe(Effect.ensuring(Effect.suspend(() => Effect.ignore(release(engine, key, gone)))))
  // What could not be released is still in the inventory, and is removed (absent is success) and released next time.
  if (gone.some((one) => engine.inventory.ownerOf(one) === key))
    return yield* retrying("StoreAway", "Not released yet.")
})

const remove = Effect.fnUntraced(function* (
  engine: Engine,
  key: RecordKey,
  one: Leaving,
  removal: Omit<Removal, "onDelete">,
  slot: Slot,
) {
  const type = engine.types.get(one.resourceKind)
  if (type === undefined) {
    return yield* new ResourceFailure({
      reason: "NewerSpec",
      message: `This agent knows no resource type "${one.resourceKind}" and cannot remove ${one.resourceId}.`,
      verdict: { kind: "stall" },
    })
  }
  // A person has agreed by now: what "confirm" protected goes like anything else.
  const onDelete = one.onDelete === "confirm" ? "remove" : one.onDelete
  const activations = yield* type.remove(one.resourceId, { ...removal, onDelete })
  if (activations.length === 0) return
  yield* engine.journal.owe(key, activations)
  yield* slot.release
  yield* engine.activator.submit(key, activations)
  yield* engine.journal.settle(key)
})

const release = Effect.fnUntraced(function* (engine: Engine, key: RecordKey, keys: ReadonlyArray<HostKey>) {
  if (keys.length === 0) return
  yield* engine.store.release(key, keys).pipe(Effect.mapError(endedByStore))
  engine.inventory.drop(key, keys)
  engine.standings.gone(keys)
  engine.surveys.forget(keys)
  engine.fights.settle(keys)
  for (const one of keys) for (const record of engine.waitsForKey.take(one)) engine.wake(record, "edit")
})

const guarded = Effect.fnUntraced(function* (
  engine: Engine,
  key: RecordKey,
  stored: Stored,
  leaving: ReadonlyArray<Leaving>,
) {
  if (stored.deletionConfirmed) return engine.guard.withdraw(key)
  const kept = leaving.filter((one) => one.onDelete === "confirm")
  if (kept.length > 0) {
    return yield* stalled(
      "ConfirmDeletion",
      `${kept.map((one) => one.keys[0]).join(", ")} would be removed.`,
      "Confirm the deletion, or take it back.",
    )
  }
  engine.guard.ask(key, leaving.flatMap((one) => one.keys).length, stored.deleted)
  const held = engine.guard.judge(key, engine.inventory.size, nodePolicy(engine.node, engine.records).prune)
  if (held !== undefined) return yield* stalled(held.reason, held.message)
})

/** Everything that is wanted now, so that the guards know of every other deletion too. */
const readAgain = Effect.fnUntraced(function* (engine: Engine, key: RecordKey, stored: Stored) {
  yield* engine.refresh.pipe(Effect.mapError(endedByStore))
  if (engine.records.get(key) !== stored) {
    return yield* retrying("Changed", "The record was changed before anything was removed.")
  }
})

const removalOf = Effect.fnUntraced(function* (engine: Engine, key: RecordKey, stored: Stored) {
  const now = DateTime.makeUnsafe(yield* Clock.currentTimeMillis)
  const days = nodePolicy(engine.node, engine.records).trashRetentionDays
  return { recordId: stored.id, record: key, retainUntil: DateTime.formatIso(DateTime.add(now, { days })) }
})
