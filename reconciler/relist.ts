// Keeping the records in memory those of the store. Hints say where to look; the list says what was missed: it is cheap, and
// it is what makes a lost hint cost time and nothing else.

import * as Effect from "effect/Effect"
import type { Engine } from "./engine.ts"
import { kindOf, nameOf, type RecordKey, recordKey } from "./keys.ts"
import { concerns, covers, impliedNode, isImplied, nodeRecordKey, type Pause } from "./policy.ts"
import type { Priority } from "./queue.ts"
import type { Stored } from "./records.ts"
import type { Opened } from "./secrets.ts"
import type { Hint, StoreFailure } from "./store.ts"

export interface Desire {
  /** Reads everything that is not as known; the first time that is all of it. */
  readonly relist: (why: Priority) => Effect.Effect<void, StoreFailure>
  readonly hear: (hints: ReadonlyArray<Hint>) => Effect.Effect<void>
}

const chunk = 500

export const make = (
  engine: Engine,
  books: {
    readonly setPauses: (pauses: ReadonlyArray<Pause>) => void
    /** The node's own record was read for the first time: before that, its facts are those of a node without one. */
    readonly nodeKnown: Effect.Effect<void>
    /** The node's own record changed: its facts and policy may be others now. */
    readonly nodeChanged: Effect.Effect<void>
    /** The store answered: what was held back for it can go. */
    readonly back: Effect.Effect<void>
  },
): Desire => {
  const node = nodeRecordKey(engine.node)

  const isNews = (stored: Stored): boolean => {
    const known = engine.records.get(recordKey(stored.kind, stored.name))
    return known?.id !== stored.id || known.version < stored.version
  }

  /** Takes in all of them before any is looked at: the guard has to know what is asked for together. */
  const accept = Effect.fnUntraced(function* (read: ReadonlyArray<Stored>, why: Priority) {
    // Opened first, all of them: between one record's being taken in and the next, nobody else has a turn.
    const opened = new Map<Stored, Opened>()
    for (const stored of read) {
      const secrets = yield* engine.records.open(stored, engine.open)
      if (secrets.size > 0) opened.set(stored, secrets)
    }
    const rows = read.filter(isNews)
    const before = new Map(rows.map((stored) => [stored, engine.records.get(recordKey(stored.kind, stored.name))]))
    const concernedBefore = new Map(
      rows.map((stored) => [stored, engine.records.concernedBy(recordKey(stored.kind, stored.name))]),
    )
    for (const stored of rows) take(stored, before.get(stored), opened.get(stored))
    if (rows.some((stored) => recordKey(stored.kind, stored.name) === node && before.get(stored) === undefined))
      yield* books.nodeKnown
    for (const stored of rows) {
      const key = recordKey(stored.kind, stored.name)
      if (why === "edit") yield* engine.activator.expect(key)
      engine.suspects.add(key)
      engine.wake(key, why)
      const others = new Set([
        ...engine.records.dependentsOf(key),
        ...engine.waitsForRecord.take(key),
        ...engine.records.concernedBy(key),
        ...(concernedBefore.get(stored) ?? []),
      ])
      for (const dependent of others) {
        engine.suspects.add(dependent)
        engine.wake(dependent, why)
      }
      if (key === node && before.get(stored) !== undefined) yield* books.nodeChanged
    }
  })

  const take = (stored: Stored, before: Stored | undefined, opened: Opened | undefined): void => {
    const key = recordKey(stored.kind, stored.name)
    engine.records.put(stored, opened)
    // Somebody wrote to it: whatever stopped us from healing, they have looked.
    if (before !== undefined) engine.fights.settle(engine.inventory.of(key).map((claim) => claim.key))
    if (stored.deleted && !stored.deletionConfirmed) engine.guard.ask(key, engine.inventory.of(key).length, true)
    else {
      engine.guard.withdraw(key)
      for (const held of before?.deleted === true ? engine.guard.held() : []) engine.wake(held, "edit")
    }
  }

  const drop = Effect.fnUntraced(function* (key: RecordKey) {
    const waiting = [...engine.records.dependentsOf(key), ...engine.records.referencesOf(key)]
    engine.forget(key)
    for (const record of [...waiting, ...engine.waitsForRecord.take(key)]) engine.wake(record, "edit")
    const orphans = engine.inventory.of(key).length
    if (orphans > 0) {
      yield* Effect.logError(
        `${key} is gone from the store without having been deleted. Its ${orphans} keys on this host are left as they are.`,
      )
      engine.suspects.add(node)
      engine.wake(node, "edit")
    }
    if (key === node) yield* accept([impliedNode(engine.node)], "edit")
  })

  const load = Effect.fnUntraced(function* (keys: ReadonlyArray<RecordKey>, why: Priority) {
    const fresh: Array<Stored> = []
    for (let from = 0; from < keys.length; from += chunk) {
      const asked = keys.slice(from, from + chunk)
      const rows = (yield* engine.store.load(asked)).filter((stored) => concerns(engine.node, stored))
      const missing = new Set(asked)
      for (const stored of rows) missing.delete(recordKey(stored.kind, stored.name))
      fresh.push(...rows.filter(isNews))
      for (const key of missing) {
        const known = engine.records.get(key)
        if (known !== undefined && !isImplied(known)) yield* drop(key)
      }
    }
    yield* accept(fresh, why)
  })

  let pauses: ReadonlyArray<Pause> = []
  const readPauses = Effect.gen(function* () {
    const next = yield* engine.store.pauses
    const same = (a: ReadonlyArray<Pause>, b: ReadonlyArray<Pause>) => JSON.stringify(a) === JSON.stringify(b)
    if (same(pauses, next)) return
    const ids = new Set(next.map((pause) => pause.id))
    const known = new Set(pauses.map((pause) => pause.id))
    const ended = pauses.filter((pause) => !ids.has(pause.id))
    const changed = [...ended, ...next.filter((pause) => !known.has(pause.id))]
    pauses = next
    books.setPauses(next)
    for (const stored of engine.records.all()) {
      const key = recordKey(stored.kind, stored.name)
      if (!changed.some((pause) => covers(pause, engine.node, stored))) continue
      if (ended.some((pause) => covers(pause, engine.node, stored))) {
        engine.fights.settle(engine.inventory.of(key).map((claim) => claim.key))
      }
      engine.suspects.add(key)
      engine.wake(key, "edit")
    }
  })

  const relist = Effect.fnUntraced(function* (why: Priority) {
    const listed = (yield* engine.store.list).filter((row) => concerns(engine.node, named(row.key)))
    yield* books.back
    // First of all: what is paused must not be looked at because of a record that was read a moment earlier.
    yield* readPauses
    const keys = new Set(listed.map((row) => row.key))
    const changed = listed.filter(({ key, id, version }) => {
      const known = engine.records.get(key)
      return known === undefined || known.id !== id || known.version !== version
    })
    yield* load(
      changed.map((row) => row.key),
      why,
    )
    for (const stored of [...engine.records.all()]) {
      const key = recordKey(stored.kind, stored.name)
      if (!keys.has(key) && !isImplied(stored)) yield* drop(key)
    }
    if (engine.records.get(node) === undefined) yield* accept([impliedNode(engine.node)], why)
  })

  const hear = (hints: ReadonlyArray<Hint>): Effect.Effect<void> =>
    Effect.gen(function* () {
      if (hints.some((one) => one.hint === "connected")) return yield* relist("edit")
      if (hints.some((one) => one.hint === "pauses")) yield* readPauses
      const keys = new Set(hints.flatMap((one) => (one.hint === "record" ? [one.key] : [])))
      yield* load(
        [...keys].filter((key) => concerns(engine.node, named(key))),
        "edit",
      )
    }).pipe(Effect.catch((failure) => Effect.logWarning(`Not read, and left to the next relist: ${failure.message}`)))

  return { relist, hear }
}

const named = (key: RecordKey) => ({ kind: kindOf(key), name: nameOf(key) })
