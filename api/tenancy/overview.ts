/** What a reseller sees first: how many there are beside how many there may be, and what needs a look. */

import { PgClient } from "@effect/sql-pg/PgClient"
import * as Effect from "effect/Effect"
import { activity, counted, trafficSum } from "../customer/overview.ts"
import type { ResellerDashboard, TenantLimits } from "../shapes.ts"
import { currentSight } from "../store/sight.ts"
import * as Status from "../store/status.ts"

interface Counts {
  readonly customers: number
  readonly accounts: number
  readonly suspended: number
}

export const overview = Effect.gen(function* () {
  const sql = yield* PgClient
  const sight = yield* currentSight
  const [counts] = yield* sql<Counts>`
    select (select count(*)::int from tenants where kind = 'customer') as customers,
      (select count(*)::int from records where kind = 'Account' and deleted_at is null) as accounts,
      (select count(*)::int from records where kind = 'Account' and deleted_at is null
        and spec @> '{"suspended": true}') as suspended`
  const [terms] =
    sight.of === "tenant"
      ? yield* sql<{ readonly limits: TenantLimits }>`select limits from tenants where id = ${sight.tenant}`
      : []
  const { records } = yield* Status.overview({})
  const found: ResellerDashboard = {
    customers: { used: counts?.customers ?? 0, limit: terms?.limits.customers ?? null },
    accounts: { used: counts?.accounts ?? 0, limit: terms?.limits.accounts ?? null },
    limits: terms?.limits ?? {},
    suspended: counts?.suspended ?? 0,
    websites: counted(records, "Site"),
    databases: counted(records, "Database"),
    traffic: yield* trafficSum,
    notices: records.flatMap(({ kind, name, notices = [] }) =>
      kind === "Account" && notices.length > 0 ? [{ account: name, notices }] : [],
    ),
    activity: yield* activity,
  }
  return found
})
