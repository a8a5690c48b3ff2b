/** What became of the records, and whether anybody is looking after them. */
import { PgClient } from "@effect/sql-pg/PgClient"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { NodeSeen, Status, StatusEntry } from "../shapes.ts"
import * as Pauses from "./pauses.ts"
import { type JsonObject, type RecordWithStatus, statusColumn, toStatusEntry } from "./rows.ts"
import * as Usage from "./usage.ts"

/**
 * An agent gives a sign of life at its start, whenever its facts change and after each full sweep, every five minutes and a
 * bit: two that are missing are more than chance.
 */
const longestSilence = 11 * 60_000

interface NodeRow {
  readonly name: string
  readonly facts: JsonObject
  readonly last_seen_at: Date
  readonly swept_at: Date | null
  readonly resources: number | null
  readonly drifted: number | null
  readonly duration_ms: number | null
}

type EntryRow = Pick<RecordWithStatus, "kind" | "name" | "version" | "generation" | "deleted_at" | "status">

const entryColumns = "r.kind, r.name, r.version::float8 as version, r.generation::float8 as generation, r.deleted_at"

/** The entries of some records; one that is gone is missing. */
export const entries = Effect.fn("status.entries")(function* (
  keys: ReadonlyArray<{ readonly kind: string; readonly name: string }>,
) {
  const sql = yield* PgClient
  const rows = yield* sql<EntryRow>`
    select ${sql.literal(entryColumns)}, ${statusColumn(sql)} from records r
    join jsonb_to_recordset(${JSON.stringify(keys)}::jsonb) as k (kind text, name text) using (kind, name)`
  return rows.map(toStatusEntry)
})

const allNodes = Effect.gen(function* () {
  const sql = yield* PgClient
  const now = yield* Clock.currentTimeMillis
  const rows = yield* sql<NodeRow>`
    select n.name, n.facts, greatest(n.last_seen_at, s.at) as last_seen_at, s.at as swept_at, s.resources, s.drifted, s.duration_ms
    from nodes n
    left join lateral (select * from sweeps where node = n.name order by at desc limit 1) s on true
    order by n.name`
  return rows.map(
    (row): NodeSeen => ({
      name: row.name,
      agent: now - row.last_seen_at.getTime() > longestSilence ? "away" : "present",
      lastSeenAt: row.last_seen_at.toISOString(),
      facts: row.facts,
      lastSweep:
        row.swept_at === null
          ? null
          : {
              at: row.swept_at.toISOString(),
              resources: row.resources ?? 0,
              drifted: row.drifted ?? 0,
              durationMs: row.duration_ms ?? 0,
            },
    }),
  )
})

export const overview = Effect.fn("status.overview")(function* (filter: {
  readonly kind?: string
  readonly name?: string
}) {
  const sql = yield* PgClient
  const now = yield* Clock.currentTimeMillis
  const rows = yield* sql<EntryRow>`
    select ${sql.literal(entryColumns)}, ${statusColumn(sql)} from records r
    where ${filter.kind === undefined ? sql`true` : sql`kind = ${filter.kind}`}
      and ${filter.name === undefined ? sql`true` : sql`name = ${filter.name}`}
    order by kind, name`
  const notices = new Map(
    (yield* Usage.list(filter)).map((entry) => [`${entry.kind}/${entry.name}`, Usage.noticesOf(entry)]),
  )
  const records = rows.map((row): StatusEntry => {
    const said = notices.get(`${row.kind}/${row.name}`) ?? []
    return { ...toStatusEntry(row), ...(said.length === 0 ? {} : { notices: said }) }
  })
  const summary = { total: records.length, ready: 0, reconciling: 0, stalled: 0, waiting: 0, deleting: 0 }
  for (const { state } of records) summary[state] += 1
  const status: Status = {
    at: new Date(now).toISOString(),
    records,
    summary,
    nodes: yield* allNodes,
    pauses: yield* Pauses.list,
  }
  return status
})
