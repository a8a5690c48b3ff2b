import * as PgClient from "@effect/sql-pg/PgClient"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import * as Redacted from "effect/Redacted"
import { testDatabase } from "../fixtures/postgres/test-database.ts"
import { conditionsOf } from "./conditions.ts"
import type { Claim } from "./inventory.ts"
import { layer } from "./postgres.ts"
import type { RunRow } from "./runs.ts"
import { DesiredState, type Hint, type StatusRow } from "./store.ts"

const store = Layer.unwrap(
  Effect.map(Effect.promise(testDatabase), (database) => {
    const url = Redacted.make(database)
    return Layer.merge(layer({ node: "web1", url }), PgClient.layer({ url }))
  }),
)

const claim = (key: string, generation = 1): Claim => ({
  key: `path:/${key}`,
  resourceKind: "file",
  resourceId: `/${key}`,
  onDelete: "remove",
  fields: ["spec.text"],
  generation,
  recordId: "00000000-0000-4000-8000-000000000001",
})

const write = (name: string, spec: object = {}) =>
  Effect.flatMap(
    PgClient.PgClient,
    (sql) => sql<{ id: string }>`
      insert into records (kind, name, metadata, spec)
      values ('Note', ${name}, '{"annotations": {"plumbline.dev/adopt": "true"}}', ${sql.json(spec)}) returning id`,
  ).pipe(Effect.map((rows) => rows[0]?.id ?? ""))

const status = (name: string, recordId: string, generation: number): StatusRow => ({
  key: `Note/${name}`,
  recordId,
  generation,
  version: 1,
  conditions: conditionsOf({ outcome: "converged", resources: 1 }, undefined, "2026-01-01T00:00:00.000Z"),
  details: { digest: "d" },
})

describe("the store on Postgres", () => {
  it.live("lists cheaply and loads many records in one statement", () =>
    Effect.gen(function* () {
      const desired = yield* DesiredState
      yield* write("a", { text: "A" })
      yield* write("b", { text: "B" })
      assert.deepStrictEqual(
        (yield* desired.list).map((one) => [one.key, one.version]),
        [
          ["Note/a", 1],
          ["Note/b", 1],
        ],
      )
      const loaded = yield* desired.load(["Note/a", "Note/b", "Note/none"])
      assert.deepStrictEqual(
        loaded.map((one) => [one.name, JSON.parse(one.spec), one.annotations["plumbline.dev/adopt"], one.deleted]),
        [
          ["a", { text: "A" }, "true", false],
          ["b", { text: "B" }, "true", false],
        ],
      )
    }).pipe(Effect.provide(store)),
  )

  it.live("a key is claimed once, whoever else wants it is told who has it, and the order is kept", () =>
    Effect.gen(function* () {
      const desired = yield* DesiredState
      assert.deepStrictEqual(yield* desired.claim("Note/a", [claim("z"), claim("m"), claim("b")]), [])
      const held = yield* desired.claim("Note/b", [claim("m"), claim("c")])
      assert.deepStrictEqual(
        held.map((one) => [one.key, one.record]),
        [["path:/m", "Note/a"]],
      )
      const [first, second] = yield* Effect.all(
        [desired.claim("Note/c", [claim("same")]), desired.claim("Note/d", [claim("same")])],
        { concurrency: "unbounded" },
      )
      assert.strictEqual((first?.length ?? 0) + (second?.length ?? 0), 1, "one of two that ask together gets it")
      const mine = (yield* desired.inventory).filter((one) => one.record === "Note/a")
      assert.deepStrictEqual(
        mine.map((one) => one.resourceId),
        ["/z", "/m", "/b"],
      )
      yield* desired.release("Note/b", ["path:/m"])
      yield* desired.release("Note/a", ["path:/z"])
      const left = (yield* desired.inventory).map((one) => one.key).sort()
      assert.deepStrictEqual(left, ["path:/b", "path:/c", "path:/m", "path:/same"])
    }).pipe(Effect.provide(store)),
  )

  it.live("a status is written for the newest generation only, and an unchanged one not at all", () =>
    Effect.gen(function* () {
      const desired = yield* DesiredState
      const sql = yield* PgClient.PgClient
      const id = yield* write("a")
      const xmin = sql<{ xmin: string }>`select xmin::text from status`
      yield* desired.writeStatuses([status("a", id, 2), status("unknown", id, 1)])
      assert.deepStrictEqual(yield* desired.statuses, [])
      yield* desired.writeStatuses([status("a", id, 1)])
      const before = yield* xmin
      yield* desired.writeStatuses([status("a", id, 1)])
      assert.deepStrictEqual(yield* xmin, before)
      const [row] = yield* desired.statuses
      assert.deepStrictEqual([row?.generation, row?.details.digest, row?.conditions[0]?.status], [1, "d", "True"])
    }).pipe(Effect.provide(store)),
  )

  it.live("drift, heartbeat and node are written, and the drift is in the chain", () =>
    Effect.gen(function* () {
      const desired = yield* DesiredState
      const sql = yield* PgClient.PgClient
      yield* desired.writeDrift([
        {
          record: "Note/a",
          resourceKey: "path:/a",
          driftKind: "changed",
          stream: "corrective",
          outcome: "healed",
          diff: "-a\n+b\n",
          fields: [{ field: "content", want: "a", have: "b", kind: "changed" }],
          author: { owner: "root" },
          keptCopy: undefined,
          seenAtMillis: 1_700_000_000_000,
        },
      ])
      yield* desired.writeHeartbeat({ atMillis: 1_700_000_000_000, resources: 8, drifted: 1, durationMillis: 3.4 })
      const [counts] = yield* sql<{ chain: number; sweeps: number }>`
        select (select count(*)::int from chain where table_name = 'drift_events') as chain,
               (select count(*)::int from sweeps) as sweeps`
      assert.deepStrictEqual(counts, { chain: 1, sweeps: 1 })
    }).pipe(Effect.provide(store)),
  )

  it.live("a tombstone is finished once, and not when somebody wrote to it meanwhile", () =>
    Effect.gen(function* () {
      const desired = yield* DesiredState
      const sql = yield* PgClient.PgClient
      const id = yield* write("a")
      yield* desired.writeStatuses([status("a", id, 1)])
      yield* sql`update records set deleted_at = now(), version = 2`
      const [stored] = yield* desired.load(["Note/a"])
      assert.isTrue(stored?.deleted)
      if (stored === undefined) return
      yield* sql`update records set deleted_at = null, version = 3`
      assert.isFalse(yield* desired.finish(stored))
      yield* sql`update records set deleted_at = now(), version = 4`
      assert.isTrue(yield* desired.finish({ ...stored, version: 4 }))
      assert.deepStrictEqual(yield* desired.statuses, [])
    }).pipe(Effect.provide(store)),
  )

  it.live("figures are written where they are others, stand beside a record only, and go with it", () =>
    Effect.gen(function* () {
      const desired = yield* DesiredState
      const sql = yield* PgClient.PgClient
      const figures = sql<{ name: string; value: string; xmin: string }>`
        select name, value::text as value, xmin::text as xmin from measurements`
      yield* write("a")
      const row = { record: "Note/a" as const, measure: "bytes", value: 9_007_199_254_740_991 }
      yield* desired.writeMeasurements([row, { ...row, record: "Note/none" }])
      const before = yield* figures
      assert.deepStrictEqual(
        before.map(({ name, value }) => [name, value]),
        [["a", "9007199254740991"]],
      )
      yield* desired.writeMeasurements([row])
      assert.deepStrictEqual(yield* figures, before)
      yield* desired.writeMeasurements([{ ...row, value: 7 }])
      assert.strictEqual((yield* figures)[0]?.value, "7")
      yield* sql`update records set deleted_at = now(), version = 2`
      const [stored] = yield* desired.load(["Note/a"])
      if (stored !== undefined) yield* desired.finish(stored)
      assert.deepStrictEqual(yield* figures, [])
    }).pipe(Effect.provide(store)),
  )

  it.live("listening says so first, hears records and pauses, and resubscribes when its connection is cut", () =>
    Effect.gen(function* () {
      const desired = yield* DesiredState
      const sql = yield* PgClient.PgClient
      const heard = yield* Queue.unbounded<Hint>()
      yield* Effect.forkScoped(desired.listen((hints) => Effect.asVoid(Queue.offerAll(heard, hints))))
      assert.deepStrictEqual(yield* Queue.take(heard), { hint: "connected" })
      yield* write("a")
      assert.deepStrictEqual(yield* Queue.take(heard), { hint: "record", key: "Note/a" })
      yield* sql`insert into pauses (mode, actor, reason) values ('pause', 'ops', 'a move')`
      assert.deepStrictEqual(yield* Queue.take(heard), { hint: "pauses" })
      yield* sql`select pg_terminate_backend(pid) from pg_stat_activity where query ilike 'listen%'`
      assert.deepStrictEqual(yield* Queue.take(heard), { hint: "connected" })
    }).pipe(Effect.scoped, Effect.provide(store)),
  )

  it.live(
    "adds what was read of a log to the sums of its records, once, and in one step with how far it was read",
    () =>
      Effect.gen(function* () {
        const desired = yield* DesiredState
        const sql = yield* PgClient.PgClient
        yield* write("a")
        const row = {
          record: "Note/a" as const,
          day: "2026-05-04",
          requests: 2,
          bytesIn: 10,
          bytesOut: 9_007_199_254_740,
        }
        const sums = sql<{ name: string; day: string; requests: number; out: number }>`
        select name, day::text as day, requests::int as requests, bytes_out::float8 as out from traffic order by day`
        const step = { log: "one", from: 0, to: 100, rows: [row, { ...row, record: "Note/none" as const }] }
        yield* desired.writeTraffic(step)
        // An answer that was lost on the way: the same again.
        yield* desired.writeTraffic(step)
        yield* desired.writeTraffic({ ...step, from: 50, to: 150 })
        assert.deepStrictEqual(yield* sums, [{ name: "a", day: "2026-05-04", requests: 2, out: row.bytesOut }])
        yield* desired.writeTraffic({ log: "one", from: 100, to: 130, rows: [row, { ...row, day: "2026-05-05" }] })
        yield* desired.writeTraffic({ log: "two", from: 0, to: 30, rows: [] })
        assert.deepStrictEqual(
          (yield* sums).map(({ day, requests }) => [day, requests]),
          [
            ["2026-05-04", 4],
            ["2026-05-05", 2],
          ],
        )
        assert.deepStrictEqual((yield* desired.trafficLogs).toSorted(), [
          ["one", 130],
          ["two", 30],
        ])
        // Somebody may have to be billed for what a record had.
        yield* sql`delete from records`
        assert.strictEqual((yield* sums).length, 2)
      }).pipe(Effect.provide(store)),
  )

  it.live("writes each run once, keeps the newest fifty of a record, and none of a record that is gone", () =>
    Effect.gen(function* () {
      const desired = yield* DesiredState
      const sql = yield* PgClient.PgClient
      const [first, second] = [yield* write("busy"), yield* write("calm")]
      const run = (name: string, recordId: string, number: number): RunRow => ({
        id: `00000000-0000-4000-9000-${String(number).padStart(12, "0")}`,
        record: `Note/${name}`,
        recordId,
        requestedAtMillis: null,
        startedAtMillis: 1_800_000_000_000 + number,
        endedAtMillis: null,
        outcome: "interrupted",
        exitStatus: null,
        output: "so far",
        outputDropped: 0,
      })
      yield* desired.writeRuns([run("calm", second, 900), run("calm", first, 901), run("gone", first, 902)])
      for (let number = 1; number <= 60; number++) yield* desired.writeRuns([run("busy", first, number)])
      yield* desired.writeRuns([run("busy", first, 60)])
      const rows = yield* sql<{ name: string; count: number; oldest: Date }>`
        select name, count(*)::int as count, min(started_at) as oldest from runs group by name order by name`
      assert.deepStrictEqual(
        rows.map(({ name, count, oldest }) => [name, count, oldest.getTime() - 1_800_000_000_000]),
        [
          ["busy", 50, 11],
          ["calm", 1, 900],
        ],
      )
      yield* sql`delete from records where name = 'busy'`
      assert.strictEqual((yield* sql`select from runs where name = 'busy'`).length, 0)
    }).pipe(Effect.provide(store)),
  )
})
