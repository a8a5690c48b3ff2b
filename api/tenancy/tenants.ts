/**
 * Resellers and customers: whose accounts and users there are.
 *
 * The one thing to know before changing it: who may see and write which, Postgres says (migration 0021). What is refused here
 * is what its words would explain badly.
 */
import { PgClient } from "@effect/sql-pg/PgClient"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import type { Flaw } from "../../spec/grammar.ts"
import { recordNameFlaw } from "../../spec/names.ts"
import * as Audit from "../identity/audit.ts"
import { nameFlaw } from "../identity/names.ts"
import { Invalid, type Mistake, NotFound } from "../problems.ts"
import type { Tenant, TenantLimits } from "../shapes.ts"
import { oneWriter } from "../store/database.ts"
import { defaultLimit, keysOf, pageOf, pattern } from "../store/page.ts"
import { currentSight, lookingAs, operator } from "../store/sight.ts"

type Kind = Tenant["kind"]

interface Row {
  readonly id: string
  readonly kind: Kind
  readonly slug: string
  readonly name: string
  readonly reseller_id: string | null
  readonly customers: number
  readonly accounts: number
  readonly users: number
  readonly limits: TenantLimits
  readonly commission_basis_points: number
  readonly version: number
  readonly created_at: Date
}

const toTenant = (row: Row): Tenant => ({
  id: row.id,
  kind: row.kind,
  slug: row.slug,
  name: row.name,
  reseller: row.reseller_id,
  customers: row.customers,
  accounts: row.accounts,
  users: row.users,
  limits: row.limits,
  commissionBasisPoints: row.commission_basis_points,
  version: row.version,
  createdAt: row.created_at.toISOString(),
})

const columns = (sql: PgClient) =>
  sql.literal(`t.id::text as id, t.kind, t.slug, t.name, t.reseller_id::text as reseller_id, t.version::float8 as version,
    t.created_at, t.limits, t.commission_basis_points, (select count(*)::int from tenants c where c.reseller_id = t.id) as customers,
    (select count(*)::int from records r where r.kind = 'Account' and (r.tenant_id = t.id or r.reseller_id = t.id)) as accounts,
    (select count(*)::int from users u where u.tenant_id = t.id) as users`)

export interface Filter {
  readonly search?: string
  readonly reseller?: string
  readonly sort?: "name" | "-name" | "created" | "-created"
  readonly limit?: number
  readonly after?: string
}

export const list = Effect.fn("tenants.list")(function* (kind: Kind, filter: Filter) {
  const sql = yield* PgClient
  const limit = filter.limit ?? defaultLimit
  const descending = filter.sort?.startsWith("-") === true
  const key = sql.literal(filter.sort?.endsWith("created") === true ? "t.created_at::text" : "lower(t.name)")
  const direction = sql.literal(descending ? "desc" : "asc")
  const behind = sql.literal(descending ? "<" : ">")
  const after = filter.after === undefined ? undefined : yield* Effect.fromResult(keysOf(filter.after, 2))
  const rows = yield* sql<Row & { readonly sort_key: string }>`
    select ${columns(sql)}, ${key} as sort_key from tenants t
    where ${sql.and([
      sql`t.kind = ${kind}`,
      filter.search === undefined
        ? sql`true`
        : sql`(t.slug ilike ${pattern(filter.search)} or t.name ilike ${pattern(filter.search)})`,
      filter.reseller === undefined
        ? sql`true`
        : filter.reseller === "none"
          ? sql`t.reseller_id is null`
          : sql`t.reseller_id::text = ${filter.reseller}`,
      after === undefined ? sql`true` : sql`(${key}, t.id::text) ${behind} (${after[0]}, ${after[1]})`,
    ])}
    order by ${key} ${direction}, t.id::text ${direction} limit ${limit + 1}`
  return pageOf(rows, limit, toTenant, (row) => [row.sort_key, row.id])
})

const byText = Effect.fnUntraced(function* (kind: Kind, id: string) {
  const sql = yield* PgClient
  const [row] = yield* sql<Row>`select ${columns(sql)} from tenants t where t.id::text = ${id} and t.kind = ${kind}`
  return row
})

export const read = Effect.fn("tenants.read")(function* (kind: Kind, id: string) {
  const row = yield* byText(kind, id)
  return row === undefined ? yield* new NotFound({ detail: `There is no ${kind} ${id}.` }) : toTenant(row)
})

const flawed = (field: string, found: Flaw | undefined): ReadonlyArray<Mistake> =>
  found === undefined ? [] : [{ field, ...found }]

const nothing = (...problems: ReadonlyArray<Mistake>) => new Invalid({ detail: "Nothing was changed.", problems })

const noReseller = (id: string): Mistake => ({
  field: "reseller",
  message: `There is no reseller ${id}.`,
  mend: "GET /v1/resellers lists those that there are.",
})

/** Of a customer that a reseller makes, the reseller. */
const resellerOf = Effect.fnUntraced(function* (asked: string | null | undefined) {
  const sight = yield* currentSight
  const wanted = sight.of === "tenant" ? (asked === undefined ? sight.tenant : asked) : (asked ?? null)
  if (wanted === null) return sight.of === "tenant" ? yield* nothing(noReseller("none")) : null
  return (yield* byText("reseller", wanted))?.id ?? (yield* nothing(noReseller(wanted)))
})

/** Of a reseller. */
interface Terms {
  readonly limits?: TenantLimits
  readonly commissionBasisPoints?: number
}

export interface Wish extends Terms {
  readonly slug: string
  readonly name: string
  readonly reseller?: string
}

/** One more of what a reseller may have only so many of. Under the lock of the one writer. */
const roomAt = Effect.fnUntraced(function* (id: string) {
  const { customers, limits } = yield* Effect.orDie(read("reseller", id))
  if (limits.customers !== undefined && customers >= limits.customers)
    return yield* nothing({
      field: "reseller",
      message: `There are ${customers} customers, and there may be ${limits.customers}.`,
      mend: "Remove one, or ask whoever runs the installation for more.",
    })
})

export const make = Effect.fn("tenants.make")(function* (kind: Kind, wish: Wish) {
  const sql = yield* PgClient
  const sight = yield* currentSight
  const problems = [...flawed("slug", recordNameFlaw(wish.slug)), ...flawed("name", nameFlaw(wish.name))]
  if (problems.length > 0) return yield* nothing(...problems)
  yield* oneWriter(sql)
  const reseller = kind === "customer" ? yield* resellerOf(wish.reseller) : null
  if (reseller !== null) yield* roomAt(reseller)
  const now = yield* DateTime.nowAsDate
  // An account may name a customer that is yet to be made; whose it becomes is the operator's to say.
  const waited =
    sight.of === "tenant" &&
    (yield* lookingAs(operator)(sql`select from records where customer = ${wish.slug} limit 1`)).length > 0
  const [made] = waited
    ? []
    : yield* sql<{ readonly id: string }>`
        insert into tenants (kind, slug, name, reseller_id, limits, commission_basis_points, created_at, updated_at)
        values (${kind}, ${wish.slug}, ${wish.name.trim()}, ${reseller}, ${JSON.stringify(wish.limits ?? {})}::jsonb,
          ${wish.commissionBasisPoints ?? 0}, ${now}, ${now})
        on conflict (slug) do nothing returning id::text as id`
  if (made === undefined)
    return yield* nothing({ field: "slug", message: `The name ${wish.slug} is taken.`, mend: "Choose another." })
  const tenant = yield* Effect.orDie(read(kind, made.id))
  yield* Audit.noteDone({ action: "tenant.made", target: `Tenant/${tenant.id}`, after: tenant })
  return tenant
})

export interface Change extends Terms {
  readonly name?: string
  readonly reseller?: string | null
}

export const change = Effect.fn("tenants.change")(function* (kind: Kind, id: string, wish: Change) {
  const sql = yield* PgClient
  const before = yield* read(kind, id)
  const problems = wish.name === undefined ? [] : flawed("name", nameFlaw(wish.name))
  if (problems.length > 0) return yield* nothing(...problems)
  yield* oneWriter(sql)
  const reseller = wish.reseller === undefined ? before.reseller : yield* resellerOf(wish.reseller)
  if (reseller !== null && reseller !== before.reseller) yield* roomAt(reseller)
  const now = yield* DateTime.nowAsDate
  yield* sql`
    update tenants set name = ${wish.name?.trim() ?? before.name}, reseller_id = ${reseller},
      limits = ${JSON.stringify(wish.limits ?? before.limits)}::jsonb,
      commission_basis_points = ${wish.commissionBasisPoints ?? before.commissionBasisPoints}, updated_at = ${now},
      version = version + 1
    where id = ${before.id}`
  const after = yield* read(kind, id)
  yield* Audit.noteDone({ action: "tenant.changed", target: `Tenant/${id}`, before, after })
  return after
})

export const remove = Effect.fn("tenants.remove")(function* (kind: Kind, id: string) {
  const sql = yield* PgClient
  const before = yield* read(kind, id)
  const has = [
    [before.customers, "customers"],
    [before.accounts, "accounts"],
    [before.users, "users"],
  ] as const
  const left = has.flatMap(([count, what]) => (count === 0 ? [] : [`${count} ${what}`]))
  if (left.length > 0)
    return yield* nothing({
      field: "id",
      message: `${before.name} still has ${left.join(" and ")}.`,
      mend: "Remove those first.",
    })
  yield* sql`delete from tenants where id = ${before.id}`
  yield* Audit.noteDone({ action: "tenant.removed", target: `Tenant/${id}`, before })
})
