/** The whole installation at a glance: who and what there is, what it brings in, how the nodes are, and what happened lately. */
import { PgClient } from "@effect/sql-pg/PgClient"
import * as Effect from "effect/Effect"
import { activity, counted, trafficSum } from "../customer/overview.ts"
import type { OperatorDashboard } from "../shapes.ts"
import * as Status from "../store/status.ts"
import { revenueOf, type Sold } from "./revenue.ts"

type Sums = Pick<OperatorDashboard, "customers" | "resellers" | "users" | "accounts" | "suspended" | "drift">

export const overview = Effect.gen(function* () {
  const sql = yield* PgClient
  const [sums] = yield* sql<Sums>`
    select (select count(*)::int from tenants where kind = 'customer') as customers,
      (select count(*)::int from tenants where kind = 'reseller') as resellers,
      (select count(*)::int from users) as users,
      (select count(*)::int from records where kind = 'Account' and deleted_at is null) as accounts,
      (select count(*)::int from records where kind = 'Account' and deleted_at is null
        and spec @> '{"suspended": true}') as suspended,
      (select count(*)::int from drift_events where seen_at > now() - interval '1 day') as drift`
  // Who is suspended pays nothing.
  const sold = yield* sql<Sold>`
    select o.currency, o.monthly_price::float8 as "monthlyPrice", o.yearly_price::float8 as "yearlyPrice",
      (select count(*)::int from records r where r.kind = 'Account' and r.deleted_at is null
        and r.spec ->> 'package' = o.package and not r.spec @> '{"suspended": true}') as accounts
    from offers o`
  const loads = new Map(
    (yield* sql<{ readonly name: string; readonly load: OperatorDashboard["nodes"][number]["load"] }>`
      select name, load from nodes`).map(({ load, name }) => [name, load]),
  )
  const { nodes, records } = yield* Status.overview({})
  const found: OperatorDashboard = {
    customers: sums?.customers ?? 0,
    resellers: sums?.resellers ?? 0,
    users: sums?.users ?? 0,
    accounts: sums?.accounts ?? 0,
    suspended: sums?.suspended ?? 0,
    websites: counted(records, "Site"),
    databases: counted(records, "Database"),
    revenue: revenueOf(sold),
    nodes: nodes.map(({ agent, lastSeenAt, lastSweep, name }) => ({
      name,
      agent,
      lastSeenAt,
      lastSweep,
      load: loads.get(name) ?? null,
    })),
    drift: sums?.drift ?? 0,
    traffic: yield* trafficSum,
    activity: yield* activity,
  }
  return found
})
