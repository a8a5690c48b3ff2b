/** Whose records are, for what is told of them besides the database: it says there who may see a row (migration 0021). */
import { PgClient } from "@effect/sql-pg/PgClient"
import * as Effect from "effect/Effect"
import type { Sight } from "./sight.ts"

export interface Owner {
  readonly kind: string
  readonly name: string
  readonly tenant: string | null
  readonly reseller: string | null
}

/** The policy `tenant_reads` of records, for one record. A package that changes is told to nobody but those who may see all. */
export const sees = (sight: Sight, { kind, name, reseller, tenant }: Owner): boolean =>
  sight.of !== "tenant" ||
  ((tenant === sight.tenant || reseller === sight.tenant) &&
    (sight.records === undefined || sight.records.includes(`${kind}/${name}`)))

/** Of one that is gone, whose it was last; of none that there never was. */
export const ownersOf = Effect.fn("owners.of")(function* (
  keys: ReadonlyArray<{ readonly kind: string; readonly name: string }>,
) {
  if (keys.length === 0) return new Map<string, Owner>()
  const sql = yield* PgClient
  const rows = yield* sql<Owner>`
    -- By a bare column: what else is asked, row-level security asks of every row.
    with last as materialized (
      select k.kind, k.name, coalesce(
        (select id from records r where r.kind = k.kind and r.name = k.name),
        (select record_id from revisions v where v.kind = k.kind and v.name = k.name order by seq desc limit 1)
      ) as id
      from jsonb_to_recordset(${JSON.stringify(keys)}::jsonb) as k (kind text, name text)
    )
    select last.kind, last.name, o.tenant_id::text as tenant, o.reseller_id::text as reseller
    from last cross join lateral (select tenant_id, reseller_id from record_owners o where o.record_id = last.id offset 0) as o`
  return new Map(rows.map((row) => [`${row.kind}/${row.name}`, row]))
})
