/** What differed on a host and no record explains: rows that the agent appends. Read only here, newest first. */
import { PgClient } from "@effect/sql-pg/PgClient"
import * as Effect from "effect/Effect"
import type { Json } from "effect/Schema"
import { NotFound } from "../problems.ts"
import type { DriftDetail, DriftEvent } from "../shapes.ts"
import { defaultLimit, keysOf, pageOf } from "./page.ts"

export interface DriftFilter {
  readonly node?: string
  readonly kind?: string
  readonly name?: string
  readonly outcome?: string
  readonly stream?: string
  readonly limit?: number
  readonly after?: string
}

interface DriftRow {
  readonly seq: number
  readonly node: string
  readonly kind: string | null
  readonly name: string | null
  readonly resource_key: string
  readonly drift_kind: DriftEvent["driftKind"]
  readonly stream: DriftEvent["stream"]
  readonly outcome: DriftEvent["outcome"]
  readonly seen_at: Date
}

interface DriftDetailRow extends DriftRow {
  readonly diff: string
  readonly fields: Json
  readonly author: Json
  readonly kept_copy: string | null
}

const columns = "seq::float8 as seq, node, kind, name, resource_key, drift_kind, stream, outcome, seen_at"

const show = (row: DriftRow): DriftEvent => ({
  seq: row.seq,
  node: row.node,
  kind: row.kind,
  name: row.name,
  resource: row.resource_key,
  driftKind: row.drift_kind,
  stream: row.stream,
  outcome: row.outcome,
  seenAt: row.seen_at.toISOString(),
})

export const list = Effect.fn("drift.list")(function* (filter: DriftFilter) {
  const sql = yield* PgClient
  const limit = filter.limit ?? defaultLimit
  const after = filter.after === undefined ? [] : yield* Effect.fromResult(keysOf(filter.after, 1))
  const rows = yield* sql<DriftRow>`
    select ${sql.literal(columns)} from drift_events
    where ${sql.and([
      ...(["node", "kind", "name", "outcome", "stream"] as const).flatMap((column) =>
        filter[column] === undefined ? [] : [sql`${sql(column)} = ${filter[column]}`],
      ),
      ...after.map((seq) => sql`seq < ${Number(seq)}::bigint`),
      sql`true`,
    ])}
    order by seq desc limit ${limit + 1}`
  return pageOf(rows, limit, show, (row) => [String(row.seq)])
})

export const read = Effect.fn("drift.read")(function* (seq: number) {
  const sql = yield* PgClient
  const [row] = yield* sql<DriftDetailRow>`
    select ${sql.literal(columns)}, diff, fields, author, kept_copy from drift_events where seq = ${seq}::bigint`
  if (row === undefined) return yield* new NotFound({ detail: `There is no drift event ${seq}.` })
  const detail: DriftDetail = {
    ...show(row),
    diff: row.diff,
    fields: row.fields,
    author: row.author,
    keptCopy: row.kept_copy,
  }
  return detail
})

/** Those that came after one that was seen; oldest first. */
export const since = Effect.fn("drift.since")(function* (seq: number) {
  const sql = yield* PgClient
  const rows = yield* sql<DriftRow>`
    select ${sql.literal(columns)} from drift_events where seq > ${seq}::bigint order by seq limit 1000`
  return rows.map(show)
})

export const newest = Effect.gen(function* () {
  const sql = yield* PgClient
  const [row] = yield* sql<{ readonly seq: number }>`select coalesce(max(seq), 0)::float8 as seq from drift_events`
  return row?.seq ?? 0
})
