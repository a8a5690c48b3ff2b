/** Whether this process can do its work: its database is there and has the tables that it knows, and agents are heard of. */
import { PgClient } from "@effect/sql-pg/PgClient"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { Unavailable } from "../problems.ts"
import type { Readiness } from "../shapes.ts"
import { shipped } from "./migrate.ts"

/** An agent leaves a heartbeat every half a minute. */
const silentAfter = 120_000

const newest = Math.max(...shipped().map(({ number }) => number))

interface Heard {
  readonly name: string
  readonly heard: Date
}

export const readiness = Effect.gen(function* () {
  const sql = yield* PgClient
  const now = yield* Clock.currentTimeMillis
  const [row] = yield* sql<{ readonly number: number }>`select max(number) as number from migrations`
  if (row?.number !== newest)
    return yield* new Unavailable({
      detail: `The database has the tables of migration ${row?.number ?? 0}, and this process knows those of ${newest}.`,
    })
  const heard = yield* sql<Heard>`
    select n.name, greatest(n.last_seen_at, (select max(at) from sweeps s where s.node = n.name)) as heard
    from nodes n order by n.name`
  const agents = heard.map((one) => ({
    node: one.name,
    lastSeenAt: one.heard.toISOString(),
    alive: now - one.heard.getTime() < silentAfter,
  }))
  return {
    status: agents.every(({ alive }) => alive) ? "ready" : "degraded",
    database: "up",
    migration: newest,
    agents,
  } satisfies Readiness
})
