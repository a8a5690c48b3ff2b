/**
 * What went through the sites, by day: sums that the agents wrote, read only here. A record that was made anew under the same
 * name has none of the former one's.
 */
import { PgClient } from "@effect/sql-pg/PgClient"
import * as Effect from "effect/Effect"
import type { TrafficDay } from "../shapes.ts"
import { defaultLimit, keysOf, pageOf } from "./page.ts"

export interface TrafficFilter {
  readonly kind?: string
  readonly name?: string
  readonly days?: number
  readonly limit?: number
  readonly after?: string
}

export const list = Effect.fn("traffic.list")(function* (filter: TrafficFilter) {
  const sql = yield* PgClient
  const limit = filter.limit ?? defaultLimit
  const after = filter.after === undefined ? undefined : yield* Effect.fromResult(keysOf(filter.after, 3))
  const rows = yield* sql<TrafficDay>`
    select t.kind, t.name, t.day::text as day, sum(requests)::float8 as requests,
           sum(bytes_in)::float8 as "bytesIn", sum(bytes_out)::float8 as "bytesOut"
    from traffic t join records r on r.id = t.record_id
    where ${sql.and([
      ...(["kind", "name"] as const).flatMap((column) =>
        filter[column] === undefined ? [] : [sql`${sql(`t.${column}`)} = ${filter[column]}`],
      ),
      filter.days === undefined ? sql`true` : sql`t.day > (now() at time zone 'UTC')::date - ${filter.days}::int`,
      after === undefined ? sql`true` : sql`(t.day::text, t.kind, t.name) < (${after[0]}, ${after[1]}, ${after[2]})`,
    ])}
    group by t.kind, t.name, t.day order by t.day desc, t.kind desc, t.name desc limit ${limit + 1}`
  return pageOf(
    rows,
    limit,
    (row) => row,
    ({ day, kind, name }) => [day, kind, name],
  )
})
