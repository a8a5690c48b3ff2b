/**
 * All records, as a write needs them: rules across records are judged over the whole set.
 *
 * The one thing to know before changing it: only what changed since the last look is read with its spec. A row is the same
 * as long as id, version and time are (the time, because a database may have been put back to an earlier day).
 */
import { PgClient } from "@effect/sql-pg/PgClient"
import * as Effect from "effect/Effect"
import { keyOf } from "./plan.ts"
import { type RecordRow, recordColumns } from "./rows.ts"

interface Head {
  readonly id: string
  readonly stamp: string
}

let memory: ReadonlyMap<string, { readonly stamp: string; readonly row: RecordRow }> = new Map()

export const loadExisting = Effect.gen(function* () {
  const sql = yield* PgClient
  const heads = yield* sql<Head>`select id::text as id, version || ' ' || updated_at as stamp from records`
  const known = memory
  const missing = heads.filter(({ id, stamp }) => known.get(id)?.stamp !== stamp).map(({ id }) => id)
  const read =
    missing.length === 0
      ? []
      : yield* sql<RecordRow & { readonly stamp: string }>`
          select ${recordColumns(sql)}, version || ' ' || updated_at as stamp from records r
          where ${missing.length === heads.length ? sql`true` : sql`id = any(${missing}::uuid[])`}`
  const fresh = new Map(read.map(({ stamp, ...row }) => [row.id, { stamp, row }]))
  const all = new Map(
    heads.flatMap(({ id }) => {
      const found = fresh.get(id) ?? known.get(id)
      return found === undefined ? [] : [[id, found] as const]
    }),
  )
  memory = all
  return new Map([...all.values()].map(({ row }) => [keyOf(row), row]))
}).pipe(Effect.withSpan("existing.load"))
