/**
 * The stored records that a write has to do with: those that it names, and those that these touch. Never all of them: a
 * write costs the same whether there are ten records or ten thousand.
 *
 * The one thing to know before changing it: what a record touches is looked up by its ties (spec/ties.ts), which are kept
 * in its row by whoever wrote it through here. A row that came another way is untied: it takes part in every judgement
 * until a writer has tied it, so a missing index costs time and never lets a second domain in.
 */
import { PgClient } from "@effect/sql-pg/PgClient"
import * as Effect from "effect/Effect"
import { tiesOf } from "../../spec/ties.ts"
import { writersLock } from "./database.ts"
import { decoded } from "./decoded.ts"
import { keyOf } from "./plan.ts"
import { type RecordRow, recordColumns, type TouchedRow } from "./rows.ts"
import { inTurns } from "./turns.ts"

/** The rows of these keys, tombstones among them. */
export const rowsOf = Effect.fn("existing.rowsOf")(function* (keys: ReadonlySet<string>) {
  if (keys.size === 0) return new Map<string, RecordRow>()
  const sql = yield* PgClient
  const kinds = [...keys].map((key) => key.slice(0, key.indexOf("/")))
  const names = [...keys].map((key) => key.slice(key.indexOf("/") + 1))
  // By the bare columns: what else is asked of them, row-level security asks of every row that is somebody's.
  const rows = yield* sql<RecordRow>`
    select ${recordColumns(sql)} from unnest(${kinds}::text[], ${names}::text[]) as wanted (kind, name)
    join records r on r.kind = wanted.kind and r.name = wanted.name`
  return new Map(rows.map((row) => [keyOf(row), row]))
})

/** The keys of all that a source has. */
export const keysOfSource = Effect.fn("existing.keysOfSource")(function* (source: string) {
  const sql = yield* PgClient
  const rows = yield* sql<Pick<RecordRow, "kind" | "name">>`
    select kind, name from records where source = ${source} and deleted_at is null order by kind, name`
  return rows.map(keyOf)
})

/** The records with one of these ties, and the untied ones: also those that whoever asks does not see. */
export const touched = Effect.fn("existing.touched")(function* (ties: ReadonlySet<string>) {
  if (ties.size === 0) return []
  const sql = yield* PgClient
  // A look-up in the index for each tie (migration 0031): `ties && all`, or a plain join, may compare every row with thousands.
  return yield* sql<TouchedRow>`select * from touched(${[...ties]}::text[])`
})

/** How many records have each of these ties, but for those of the given keys. */
export const countTies = Effect.fn("existing.countTies")(function* (
  ties: ReadonlyArray<string>,
  except: ReadonlyArray<string>,
) {
  if (ties.length === 0) return new Map<string, number>()
  const sql = yield* PgClient
  const rows = yield* sql<{ readonly tie: string; readonly count: number }>`
    select tie, count(*)::float8 as count
    from tied(${[...ties]}::text[]) t join records r on r.id = t.id and r.deleted_at is null
    where r.kind || '/' || r.name <> all (${[...except]}::text[]) group by tie`
  return new Map(rows.map(({ tie, count }) => [tie, count]))
})

/** The one writer has begun. */
export interface Begun {
  /** Whether anything came another way. */
  readonly untied: boolean
  /** What was read since. */
  readonly existing: ReadonlyMap<string, RecordRow>
}

/** From here on the one writer. Gives whether anything came another way. */
export const beginWriting = Effect.gen(function* () {
  const sql = yield* PgClient
  const [row] = yield* sql<{ readonly untied: boolean }>`
    select ${writersLock(sql)}, exists (select from untied()) as untied`
  return row?.untied === true
})

/** Ties what came another way. Under the lock of the one writer, by who sees everything. */
export const tieUp = Effect.gen(function* () {
  const sql = yield* PgClient
  const untied = yield* sql<RecordRow>`
    select ${recordColumns(sql)} from records r where id in (select * from untied()) and deleted_at is null`
  const rows = (yield* inTurns(untied, ({ id, version, ...row }) =>
    decoded(row).map((envelope) => ({ id, version, ties: tiesOf(envelope) })),
  )).flat()
  if (rows.length === 0) return
  yield* sql`
    update records r set ties = t.ties, tied_version = t.version
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as t (id uuid, version bigint, ties text[])
    where r.id = t.id and r.version = t.version`
}).pipe(Effect.withSpan("existing.tieUp"))
