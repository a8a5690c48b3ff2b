// The full pass: every print compared, every survey read, whoever moved looked at for real. Over a converged host it is an
// lstat a path and leaves one row, the heartbeat: silence is evidence only where silence is recorded.

import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import type { Engine } from "./engine.ts"
import { emptyTrash } from "./host/trash.ts"
import { type RecordKey, recordKey } from "./keys.ts"
import { swept } from "./metrics.ts"

/** Paths compared in one turn of the event loop: about two milliseconds. */
const chunk = 500

/** Sends whoever moved to be looked at; gives how many that are. */
export const comparePrints = Effect.fnUntraced(function* (engine: Engine) {
  const moved = new Set<RecordKey>()
  const note = (path: string, owners: Iterable<RecordKey>) => {
    const shared = engine.fingerprints.isShared(path)
    for (const owner of owners) {
      moved.add(owner)
      if (shared) engine.suspects.add(owner)
    }
  }
  let at: number | undefined = 0
  while (at !== undefined) {
    at = engine.fingerprints.sweep(at, chunk, note)
    yield* Effect.yieldNow
  }
  for (const record of moved) engine.wake(record, "drift")
  return moved
})

export const readSurveys = Effect.fnUntraced(function* (engine: Engine) {
  const moved = yield* engine.surveys
    .take(engine.types, engine.inventory)
    .pipe(
      Effect.catch((failure) =>
        Effect.as(Effect.logWarning(`The host could not be surveyed: ${failure.message}`), new Set<RecordKey>()),
      ),
    )
  for (const record of moved) {
    engine.suspects.add(record)
    engine.wake(record, "drift")
  }
  return moved
})

/** `settled` comes back when nobody of those is queued or running any more. */
export const sweep = Effect.fnUntraced(function* (
  engine: Engine,
  settled: (keys: Iterable<RecordKey>) => Effect.Effect<void>,
) {
  const began = yield* Clock.currentTimeMillis
  engine.counts.drifted = 0
  askAgain(engine)
  const moved = new Set([...(yield* comparePrints(engine)), ...(yield* readSurveys(engine))])
  yield* settled(moved).pipe(Effect.timeoutOrElse({ duration: "1 minute", orElse: () => Effect.void }))
  yield* heartbeat(engine, began)
  yield* takeOutTrash(began)
  engine.fights.expire(began)
})

export const heartbeat = Effect.fnUntraced(function* (engine: Engine, began: number) {
  const standing = [...engine.standings.all()].reduce((sum, [, one]) => sum + (one.details.drift?.length ?? 0), 0)
  const durationMillis = (yield* Clock.currentTimeMillis) - began
  engine.outbox.heartbeat({
    atMillis: began,
    resources: engine.inventory.size,
    drifted: Math.max(engine.counts.drifted, standing),
    durationMillis,
  })
  yield* swept(began, durationMillis)
})

/** The ratio guard counts from one sweep to the next. */
const askAgain = (engine: Engine): void => {
  const held = engine.guard.begin(engine.inventory.size)
  for (const stored of engine.records.all()) {
    if (!stored.deleted || stored.deletionConfirmed) continue
    const key = recordKey(stored.kind, stored.name)
    engine.guard.ask(key, engine.inventory.of(key).length, true)
  }
  for (const record of held) engine.wake(record, "resync")
}

const takeOutTrash = (now: number) =>
  emptyTrash(DateTime.formatIso(DateTime.makeUnsafe(now))).pipe(
    Effect.flatMap((gone) =>
      Effect.forEach(gone, (one) => Effect.logInfo(`The retention of ${one.path} of ${one.record} has ended.`)),
    ),
    Effect.catch((failure) => Effect.logWarning(`The trash was not emptied: ${failure.message}`)),
  )
