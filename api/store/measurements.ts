/** Figures that the agents measured: rows of theirs, read only here, by record. */
import { PgClient } from "@effect/sql-pg/PgClient"
import * as Effect from "effect/Effect"
import type { Measurement } from "../shapes.ts"
import { defaultLimit, keysOf, pageOf } from "./page.ts"

export interface MeasurementFilter {
  readonly node?: string
  readonly kind?: string
  readonly name?: string
  readonly measure?: string
  readonly limit?: number
  readonly after?: string
}

interface MeasurementRow extends Omit<Measurement, "measuredAt"> {
  readonly measured_at: Date
}

export const list = Effect.fn("measurements.list")(function* (filter: MeasurementFilter) {
  const sql = yield* PgClient
  const limit = filter.limit ?? defaultLimit
  const after = filter.after === undefined ? undefined : yield* Effect.fromResult(keysOf(filter.after, 4))
  const rows = yield* sql<MeasurementRow>`
    select node, kind, name, measure, value::float8 as value, measured_at from measurements
    where ${sql.and([
      ...(["node", "kind", "name", "measure"] as const).flatMap((column) =>
        filter[column] === undefined ? [] : [sql`${sql(column)} = ${filter[column]}`],
      ),
      after === undefined
        ? sql`true`
        : sql`(kind, name, node, measure) > (${after[0]}, ${after[1]}, ${after[2]}, ${after[3]})`,
    ])}
    order by kind, name, node, measure limit ${limit + 1}`
  return pageOf(rows, limit, show, ({ kind, measure, name, node }) => [kind, name, node, measure])
})

const show = ({ measured_at, ...row }: MeasurementRow): Measurement => ({
  ...row,
  measuredAt: measured_at.toISOString(),
})
