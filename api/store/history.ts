/** What a record was: every write is a revision, with who and from where. Nothing here is ever changed. */
import { PgClient } from "@effect/sql-pg/PgClient"
import * as Effect from "effect/Effect"
import { unifiedDiff } from "../../spec/compare.ts"
import { printPlain } from "../../spec/print.ts"
import { NotFound } from "../problems.ts"
import type { Revision, RevisionDiff } from "../shapes.ts"
import { changes } from "./fields.ts"
import { defaultLimit, keysOf, pageOf } from "./page.ts"
import { documentOf } from "./plan.ts"
import type { JsonObject } from "./rows.ts"

export interface RevisionRow {
  readonly seq: number
  readonly record_id: string
  readonly kind: string
  readonly name: string
  readonly generation: number
  readonly version: number
  readonly action: Revision["action"]
  readonly actor: string
  readonly source: string
  readonly metadata: JsonObject
  readonly spec: JsonObject
  readonly at: Date
}

const columns = `seq::float8 as seq, record_id::text as record_id, kind, name, generation::float8 as generation,
  version::float8 as version, action, actor, source, metadata, spec, at`

const show = (row: RevisionRow, before: RevisionRow | undefined): Revision => ({
  seq: row.seq,
  kind: row.kind,
  name: row.name,
  recordId: row.record_id,
  generation: row.generation,
  version: row.version,
  action: row.action,
  actor: row.actor,
  source: row.source,
  at: row.at.toISOString(),
  metadata: row.metadata,
  spec: row.spec,
  fields:
    before === undefined || before.record_id !== row.record_id
      ? []
      : changes({ metadata: before.metadata, spec: before.spec }, { metadata: row.metadata, spec: row.spec }),
})

/** Newest first. */
export const list = Effect.fn("history.list")(function* (
  kind: string,
  name: string,
  query: { readonly limit?: number; readonly after?: string },
) {
  const sql = yield* PgClient
  const limit = query.limit ?? defaultLimit
  const after = query.after === undefined ? undefined : yield* Effect.fromResult(keysOf(query.after, 1))
  // Two more than a page: one says whether there is another page, and the last shown is compared with the one before it.
  const rows = yield* sql<RevisionRow>`
    select ${sql.literal(columns)} from revisions
    where kind = ${kind} and name = ${name} and ${after === undefined ? sql`true` : sql`seq < ${Number(after[0])}::bigint`}
    order by seq desc limit ${limit + 1}`
  if (rows.length === 0 && after === undefined)
    return yield* new NotFound({ detail: `There has never been a ${kind}/${name}.` })
  const shown = new Map(rows.map((row, index) => [row.seq, show(row, rows[index + 1])]))
  return pageOf(
    rows,
    limit,
    (row) => shown.get(row.seq) ?? show(row, undefined),
    (row) => [String(row.seq)],
  )
})

export const read = Effect.fn("history.read")(function* (kind: string, name: string, seq: number) {
  const sql = yield* PgClient
  const [row] = yield* sql<RevisionRow>`
    select ${sql.literal(columns)} from revisions where seq = ${seq}::bigint and kind = ${kind} and name = ${name}`
  return row === undefined ? yield* new NotFound({ detail: `${kind}/${name} has no revision ${seq}.` }) : row
})

/** All of one record, newest first. */
export const revisionsOf = Effect.fn("history.revisionsOf")(function* (recordId: string) {
  const sql = yield* PgClient
  return yield* sql<RevisionRow>`
    select ${sql.literal(columns)} from revisions
    where (kind, name) in (select kind, name from revisions where record_id = ${recordId}::uuid limit 1)
      and record_id = ${recordId}::uuid
    order by seq desc limit 500`
})

/** The newest revision of each name: versions and generations go on from there, also when a name is used again. */
export const lastOf = Effect.fn("history.lastOf")(function* (
  keys: ReadonlyArray<{ readonly kind: string; readonly name: string }>,
) {
  const sql = yield* PgClient
  return keys.length === 0
    ? []
    : yield* sql<RevisionRow>`
        select distinct on (kind, name) ${sql.literal(columns)} from revisions
        join jsonb_to_recordset(${JSON.stringify(keys)}::jsonb) as k (kind text, name text) using (kind, name)
        order by kind, name, revisions.seq desc`
})

/** Between two revisions, whichever is the older. */
export const diff = Effect.fn("history.diff")(function* (kind: string, name: string, from: number, to?: number) {
  const sql = yield* PgClient
  const [newest] = yield* sql<{ readonly seq: number }>`
    select max(seq)::float8 as seq from revisions where kind = ${kind} and name = ${name} having max(seq) is not null`
  if (newest === undefined) return yield* new NotFound({ detail: `There has never been a ${kind}/${name}.` })
  const [a, b] = [yield* read(kind, name, from), yield* read(kind, name, to ?? newest.seq)]
  const found: RevisionDiff = {
    from: a.seq,
    to: b.seq,
    fields: changes(stateOf(a), stateOf(b)),
    diff: unifiedDiff(`${kind}/${name}`, textOf(a), textOf(b)),
  }
  return found
})

/** What a revision left: of a delete, nothing. */
const stateOf = ({ action, metadata, spec }: RevisionRow) => (action === "delete" ? {} : { metadata, spec })
const textOf = (row: RevisionRow) => (row.action === "delete" ? "" : printPlain(documentOf(row)))
