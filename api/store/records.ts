/** Reading records: one, a page of them, or all that is desired. Writing them is `write.ts`. */
import { PgClient } from "@effect/sql-pg/PgClient"
import * as Effect from "effect/Effect"
import { NotFound } from "../problems.ts"
import { taken } from "./first-look.ts"
import { Glances } from "./glances.ts"
import { defaultLimit, keysOf, pageOf, pattern } from "./page.ts"
import { type RecordRow, type RecordWithStatus, recordColumns, toStoredRecord } from "./rows.ts"
import { currentSight, type Sight } from "./sight.ts"

export interface RecordFilter {
  readonly kind?: string
  readonly label?: ReadonlyArray<string>
  readonly prefix?: string
  readonly search?: string
  /** The account that it is on. */
  readonly account?: string
  /** Of accounts: whose they are, by the customer's slug. */
  readonly customer?: string
  readonly sort?: "name" | "-name" | "updated" | "-updated"
  readonly deleted?: boolean
  readonly limit?: number
  readonly after?: string
}

export const read = Effect.fn("records.read")(function* (kind: string, name: string) {
  const sql = yield* PgClient
  const [row] = yield* sql<RecordWithStatus>`
    select * from records_with_status r where kind = ${kind} and name = ${name}`
  return row === undefined ? yield* absent(kind, name) : toStoredRecord(row)
})

export const absent = (kind: string, name: string) => new NotFound({ detail: `There is no ${kind}/${name}.` })

/** As somebody sees it. */
export const readAs = Effect.fnUntraced(function* (sight: Sight, kind: string, name: string) {
  const first = yield* taken("record", sight)
  const row =
    first?.kind === kind && first.name === name ? first.row : yield* (yield* Glances).one({ sight, kind, name })
  return row === undefined ? yield* absent(kind, name) : toStoredRecord(row)
})

/** The same page as `list`, of what can be asked for at a glance; undefined where it cannot. */
export const listAs = (sight: Sight, { after, kind, limit = defaultLimit, sort, ...filter }: RecordFilter) =>
  kind === undefined ||
  (sort !== undefined && sort !== "name") ||
  Object.values(filter).some((value) => value !== undefined)
    ? undefined
    : pageAs(sight, kind, limit, after)

const pageAs = Effect.fnUntraced(function* (sight: Sight, kind: string, limit: number, after: string | undefined) {
  const { page } = yield* Glances
  const [afterKind = kind, behind = ""] = after === undefined ? [] : yield* Effect.fromResult(keysOf(after, 2))
  // A cursor that another list gave out: of kinds before this one all is left, of those behind it nothing.
  const from = afterKind < kind ? "" : behind
  const rows = afterKind > kind ? [] : yield* page({ sight, kind, behind: from, upTo: limit + 1 })
  return pageOf(rows, limit, toStoredRecord, (row) => [row.kind, row.name])
})

export const list = Effect.fn("records.list")(function* (filter: RecordFilter) {
  const sql = yield* PgClient
  const limit = filter.limit ?? defaultLimit
  const byTime = filter.sort === "updated" || filter.sort === "-updated"
  const descending = filter.sort?.startsWith("-") === true
  const direction = sql.literal(descending ? "desc" : "asc")
  const behind = sql.literal(descending ? "<" : ">")
  const after = filter.after === undefined ? undefined : yield* Effect.fromResult(keysOf(filter.after, byTime ? 3 : 2))
  const sight = yield* currentSight
  const rows = yield* sql<RecordWithStatus & { readonly updated_key: string }>`
    select * from records_with_status r
    where ${sql.and([
      // Nothing else of theirs is there; said here, it is looked up.
      sight.of === "tenant"
        ? sql`(tenant_id = ${sight.tenant} or reseller_id = ${sight.tenant} or kind = 'Package')`
        : sql`true`,
      filter.kind === undefined ? sql`true` : sql`kind = ${filter.kind}`,
      filter.prefix === undefined ? sql`true` : sql`starts_with(name, ${filter.prefix})`,
      filter.search === undefined
        ? sql`true`
        : sql`(name ilike ${pattern(filter.search)} or spec::text ilike ${pattern(filter.search)}
            or metadata::text ilike ${pattern(filter.search)})`,
      filter.customer === undefined ? sql`true` : sql`spec ->> 'customer' = ${filter.customer}`,
      filter.account === undefined ? sql`true` : sql`spec ->> 'account' = ${filter.account}`,
      filter.deleted === undefined ? sql`true` : sql`(deleted_at is not null) = ${filter.deleted}`,
      ...(filter.label ?? []).map((label) => {
        const [key = "", ...value] = label.split("=")
        return value.length === 0
          ? sql`metadata -> 'labels' ? ${key}`
          : sql`metadata -> 'labels' ->> ${key} = ${value.join("=")}`
      }),
      after === undefined
        ? sql`true`
        : byTime
          ? sql`(updated_at, kind, name) ${behind} (${after[0]}::timestamptz, ${after[1]}, ${after[2]})`
          : sql`(kind, name) ${behind} (${after[0]}, ${after[1]})`,
    ])}
    order by ${byTime ? sql`updated_at ${direction},` : sql``} kind ${direction}, name ${direction}
    limit ${limit + 1}`
  return pageOf(rows, limit, toStoredRecord, (row) => [...(byTime ? [row.updated_key] : []), row.kind, row.name])
})

/** What is wanted, in the order of an export. */
export const desired = Effect.fn("records.desired")(function* (filter: {
  readonly kind?: string
  readonly source?: string
}) {
  const sql = yield* PgClient
  return yield* sql<RecordRow>`
    select ${recordColumns(sql)} from records r
    where deleted_at is null
      and ${filter.kind === undefined ? sql`true` : sql`kind = ${filter.kind}`}
      and ${filter.source === undefined ? sql`true` : sql`source = ${filter.source}`}
    order by kind, name`
})
