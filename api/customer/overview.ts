/** What somebody sees first: how much there is of what, how it is, and what happened lately. */
import { PgClient } from "@effect/sql-pg/PgClient"
import * as Effect from "effect/Effect"
import type { CustomerDashboard, StatusEntry } from "../shapes.ts"
import * as Records from "../store/records.ts"
import * as Status from "../store/status.ts"
import * as Usage from "../store/usage.ts"
import { kept } from "./backups.ts"

export const counted = (entries: ReadonlyArray<StatusEntry>, kind: string) => {
  const count = { total: 0, ready: 0, reconciling: 0, stalled: 0, waiting: 0, deleting: 0 }
  for (const entry of entries)
    if (entry.kind === kind) {
      count.total += 1
      count[entry.state] += 1
    }
  return count
}

interface Activity {
  readonly seq: number
  readonly kind: string
  readonly name: string
  readonly action: CustomerDashboard["activity"][number]["action"]
  readonly actor: string
  readonly at: Date
}

const trafficDays = 30
const shown = 20

/** Of the last thirty days, with today. */
export const trafficSum = Effect.gen(function* () {
  const sql = yield* PgClient
  const [sum] = yield* sql<CustomerDashboard["traffic"]>`
    select coalesce(sum(requests), 0)::float8 as requests, coalesce(sum(bytes_in), 0)::float8 as "bytesIn",
      coalesce(sum(bytes_out), 0)::float8 as "bytesOut"
    from traffic t join records r on r.id = t.record_id
    where r.kind = 'Site' and day > (now() at time zone 'UTC')::date - ${trafficDays}::int`
  return sum ?? { requests: 0, bytesIn: 0, bytesOut: 0 }
})

/** The newest writes. */
export const activity = Effect.gen(function* () {
  const sql = yield* PgClient
  const rows = yield* sql<Activity>`
    select seq::float8 as seq, kind, name, action, actor, at from revisions order by revisions.seq desc limit ${shown}`
  return rows.map(({ at, ...row }) => ({ ...row, at: at.toISOString() }))
})

export const overview = Effect.gen(function* () {
  const { records } = yield* Status.overview({})
  const accounts = yield* Records.list({ kind: "Account", limit: 1000 })
  const [latest] = yield* kept({})
  const noticesOf = new Map(records.map((entry) => [`${entry.kind}/${entry.name}`, entry.notices ?? []]))
  const found: CustomerDashboard = {
    accounts: accounts.items.map(({ metadata, spec, state }) => ({
      name: metadata.name,
      suspended: spec["suspended"] === true,
      package: typeof spec["package"] === "string" ? spec["package"] : null,
      state,
      notices: noticesOf.get(`Account/${metadata.name}`) ?? [],
    })),
    websites: counted(records, "Site"),
    databases: counted(records, "Database"),
    cronJobs: counted(records, "CronJob"),
    certificates: counted(records, "Certificate"),
    usage: yield* Usage.list({}),
    traffic: yield* trafficSum,
    latestBackup: latest ?? null,
    activity: yield* activity,
  }
  return found
})
