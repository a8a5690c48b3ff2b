/** The PHP of a website: one of its account's, which may run several of its sites. */
import { PgClient } from "@effect/sql-pg/PgClient"
import * as Effect from "effect/Effect"
import type { WebsitePhp } from "../shapes.ts"
import * as Records from "../store/records.ts"
import { lookingAs, operator } from "../store/sight.ts"
import { toThing } from "./things.ts"

const newestFirst = (a: string, b: string) => b.localeCompare(a, "en", { numeric: true })

/** The versions that the hosts have, which their agents observed. */
const available = Effect.gen(function* () {
  const sql = yield* PgClient
  const rows = yield* lookingAs(operator)(
    sql<{ readonly version: string }>`
      select distinct php ->> 'version' as version from nodes
      cross join lateral jsonb_array_elements(case jsonb_typeof(facts -> 'php') when 'array' then facts -> 'php' else '[]' end) as php
      where php ->> 'version' is not null`,
  )
  return rows.map(({ version }) => version).toSorted(newestFirst)
})

export const ofSite = Effect.fn("php.ofSite")(function* (id: string) {
  const site = yield* Records.read("Site", id)
  const name = site.spec["php"]
  const php = typeof name === "string" ? yield* Effect.option(Records.read("Php", name)) : undefined
  const sql = yield* PgClient
  const others = yield* sql<{ readonly name: string }>`
    select name from records
    where kind = 'Site' and deleted_at is null and name <> ${id} and spec ->> 'php' = ${typeof name === "string" ? name : null}
    order by name`
  const found: WebsitePhp = {
    php: php?._tag === "Some" ? toThing(php.value) : null,
    sharedWith: others.map((other) => other.name),
    available: yield* available,
  }
  return found
})

/** The account's PHP of a version; undefined where it has none. */
export const ofAccount = Effect.fn("php.ofAccount")(function* (account: string, version: string) {
  const { items } = yield* Records.list({ kind: "Php", account, deleted: false, limit: 1000 })
  return items.find(({ spec }) => spec["version"] === version)
})
