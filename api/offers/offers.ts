/**
 * What is sold: a Package, which the hosts know the limits of, with a title, features and prices, which they do not.
 *
 * The one thing to know before changing it: the limits are the record's and have its history; the rest is here. A package that
 * somebody wrote as YAML has no offer until one is made of it: it costs nothing and nobody sees it.
 */
import { PgClient } from "@effect/sql-pg/PgClient"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import type { Flaw } from "../../spec/grammar.ts"
import { nameFlaw } from "../identity/names.ts"
import { type Mistake, NotFound } from "../problems.ts"
import type { Offer } from "../shapes.ts"
import type { JsonObject } from "../store/rows.ts"
import { amountFlaw, currencyFlaw } from "./money.ts"

interface Row {
  readonly name: string
  readonly spec: JsonObject
  readonly version: number
  readonly title: string | null
  readonly features: ReadonlyArray<string> | null
  readonly currency: string | null
  readonly monthly_price: number | null
  readonly yearly_price: number | null
  readonly visible: boolean | null
  readonly accounts: number
}

const toOffer = (row: Row): Offer => ({
  id: row.name,
  title: row.title ?? row.name,
  description: typeof row.spec["description"] === "string" ? row.spec["description"] : null,
  limits: (row.spec["limits"] ?? {}) as JsonObject,
  features: row.features ?? [],
  currency: row.currency ?? "EUR",
  monthlyPrice: row.monthly_price,
  yearlyPrice: row.yearly_price,
  visible: row.visible ?? false,
  accounts: row.accounts,
  version: row.version,
})

const rowsOf = Effect.fnUntraced(function* (name?: string) {
  const sql = yield* PgClient
  return yield* sql<Row>`
    select r.name, r.spec, r.version::float8 as version, o.title, o.features,
      coalesce(o.currency, default_currency()) as currency,
      o.monthly_price::float8 as monthly_price, o.yearly_price::float8 as yearly_price, o.visible,
      (select count(*)::int from records a
        where a.kind = 'Account' and a.deleted_at is null and a.spec ->> 'package' = r.name) as accounts
    from records r left join offers o on o.package = r.name
    where r.kind = 'Package' and r.deleted_at is null
      and ${name === undefined ? sql`true` : sql`r.name = ${name}`}
    order by coalesce(o.position, 1000000), r.name`
})

export const list = Effect.map(rowsOf(), (rows) => rows.map(toOffer))

export const read = Effect.fn("offers.read")(function* (id: string) {
  const [row] = yield* rowsOf(id)
  return row === undefined ? yield* new NotFound({ detail: `There is no package ${id}.` }) : toOffer(row)
})

/** All but what the record has. */
export interface Terms {
  readonly title?: string
  readonly features?: ReadonlyArray<string>
  readonly currency?: string
  readonly monthlyPrice?: number | null
  readonly yearlyPrice?: number | null
  readonly visible?: boolean
}

const flawed = (field: string, found: Flaw | undefined): ReadonlyArray<Mistake> =>
  found === undefined ? [] : [{ field, ...found }]

export const mistakesOf = (terms: Terms): ReadonlyArray<Mistake> => [
  ...flawed("title", terms.title === undefined ? undefined : nameFlaw(terms.title)),
  ...(terms.features ?? []).flatMap((feature, index) => flawed(`features[${index}]`, nameFlaw(feature))),
  ...flawed("currency", terms.currency === undefined ? undefined : currencyFlaw(terms.currency)),
  ...(["monthlyPrice", "yearlyPrice"] as const).flatMap((field) => {
    const amount = terms[field]
    return flawed(field, amount === undefined || amount === null ? undefined : amountFlaw(amount))
  }),
]

/** What is left out stays, or is as for a package that nobody has made an offer of. */
export const keep = Effect.fn("offers.keep")(function* (id: string, terms: Terms) {
  const sql = yield* PgClient
  const before = yield* read(id)
  const after = { ...before, ...terms }
  const now = yield* DateTime.nowAsDate
  yield* sql`
    insert into offers (package, title, features, currency, monthly_price, yearly_price, visible, position, updated_at)
    values (${id}, ${after.title.trim()}, ${after.features.map((feature) => feature.trim())}, ${after.currency},
      ${after.monthlyPrice}, ${after.yearlyPrice}, ${after.visible},
      (select coalesce(max(position), 0) + 1 from offers), ${now})
    on conflict (package) do update set title = excluded.title, features = excluded.features,
      currency = excluded.currency, monthly_price = excluded.monthly_price, yearly_price = excluded.yearly_price,
      visible = excluded.visible, updated_at = excluded.updated_at`
  return yield* read(id)
})

export const forget = Effect.fn("offers.forget")(function* (id: string) {
  const sql = yield* PgClient
  yield* sql`delete from offers where package = ${id}`
})

/** Those that are not named come after those that are. */
export const order = Effect.fn("offers.order")(function* (ids: ReadonlyArray<string>) {
  const sql = yield* PgClient
  const known = new Map((yield* list).map((offer) => [offer.id, offer]))
  const unknown = ids.flatMap(
    (id, index): ReadonlyArray<Mistake> =>
      known.has(id)
        ? []
        : [{ field: `ids[${index}]`, message: `There is no package ${id}.`, mend: "GET /v1/packages lists them." }],
  )
  if (unknown.length > 0) return unknown
  const now = yield* DateTime.nowAsDate
  const rest = [...known.keys()].filter((id) => !ids.includes(id))
  for (const [position, id] of [...new Set([...ids, ...rest])].entries()) {
    const offer = known.get(id)
    if (offer === undefined) continue
    yield* sql`
      insert into offers (package, title, currency, position, updated_at)
      values (${id}, ${offer.title}, ${offer.currency}, ${position + 1}, ${now})
      on conflict (package) do update set position = excluded.position, updated_at = excluded.updated_at`
  }
  return []
})
