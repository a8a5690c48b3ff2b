// What the agent has to say, on its way to the store: statuses, drift, heartbeats. A pass never waits for it. While one
// statement is under way the next one fills; while the store is away all of it is kept, the newest status of each record
// and every drift.

import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import * as Semaphore from "effect/Semaphore"
import type { RecordKey } from "./keys.ts"
import type { DesiredStateShape, DriftRow, Heartbeat, StatusRow, StoreFailure } from "./store.ts"

const most = 500
/** More drift than this is dropped while the store is away, oldest first: it must not eat the host's memory. */
const mostKept = 20_000

export interface Outbox {
  readonly status: (row: StatusRow) => void
  readonly drift: (row: DriftRow) => void
  readonly heartbeat: (beat: Heartbeat) => void
  /** The store can be reached again. */
  readonly retry: () => void
  /** Writes what there is, as far as the store takes it. */
  readonly flush: Effect.Effect<void>
  readonly run: Effect.Effect<never>
}

export const make = (store: DesiredStateShape): Outbox => {
  const statuses = new Map<RecordKey, StatusRow>()
  const drifts: Array<DriftRow> = []
  const beats: Array<Heartbeat> = []
  const something = Latch.makeUnsafe(false)
  const wake = () => something.openUnsafe()

  /** True when the store took it, or refused it for good; false when it is away. */
  const given = (what: string, statement: Effect.Effect<void, StoreFailure>): Effect.Effect<boolean> =>
    Effect.as(statement, true).pipe(
      Effect.catch((failure) =>
        failure.away
          ? Effect.succeed(false)
          : Effect.as(Effect.logError(`${what} could not be written: ${failure.message}`), true),
      ),
    )

  const oneAtATime = Semaphore.makeUnsafe(1)
  const flush = Effect.gen(function* () {
    while (drifts.length > 0) {
      const rows = drifts.slice(0, most)
      if (!(yield* given("Drift", store.writeDrift(rows)))) return
      drifts.splice(0, rows.length)
    }
    while (statuses.size > 0) {
      const rows = [...statuses.values()].slice(0, most)
      if (!(yield* given("Statuses", store.writeStatuses(rows)))) return
      for (const row of rows) if (statuses.get(row.key) === row) statuses.delete(row.key)
    }
    while (beats[0] !== undefined) {
      if (!(yield* given("A heartbeat", store.writeHeartbeat(beats[0])))) return
      beats.shift()
    }
  }).pipe(oneAtATime.withPermit)

  return {
    status: (row) => {
      statuses.set(row.key, row)
      wake()
    },
    drift: (row) => {
      if (drifts.length >= mostKept) drifts.shift()
      drifts.push(row)
      wake()
    },
    heartbeat: (beat) => {
      if (beats.length >= 1000) beats.shift()
      beats.push(beat)
      wake()
    },
    retry: wake,
    flush,
    run: Effect.forever(
      Effect.gen(function* () {
        yield* something.await
        something.closeUnsafe()
        yield* flush
      }),
    ),
  }
}
