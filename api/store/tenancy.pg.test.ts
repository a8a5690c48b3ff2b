// Whose rows Postgres shows and lets write to whom, asked of Postgres itself: past every handler. The facts stand in a file to read;
// and to show that each policy is needed, each is taken away or opened in turn, and the facts must then be others.

import { readFileSync } from "node:fs"
import * as PgClient from "@effect/sql-pg/PgClient"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { testDatabase } from "../../fixtures/postgres/test-database.ts"

const scene = readFileSync(new URL("./tenancy.scene.sql", import.meta.url), "utf8")

const prepared = Effect.gen(function* () {
  const sql = yield* PgClient.PgClient
  yield* sql.unsafe(`do $scene$ begin execute $statements$${scene}$statements$; end $scene$`)
})

const facts = Effect.gen(function* () {
  const sql = yield* PgClient.PgClient
  const rows = yield* sql<{ readonly fact: string }>`select fact from probe() as fact`
  return rows.map(({ fact }) => fact).join("\n")
})

const onFresh = <A, E>(work: Effect.Effect<A, E, PgClient.PgClient>) =>
  Effect.gen(function* () {
    const url = Redacted.make(yield* Effect.promise(testDatabase))
    return yield* Effect.andThen(prepared, work).pipe(
      Effect.provide(PgClient.layer({ url, maxConnections: 1, prepare: false })),
    )
  })

/** A change that would open or close something, undone after the question. */
const after = Effect.fnUntraced(function* (statement: string) {
  const sql = yield* PgClient.PgClient
  return yield* Effect.flip(
    sql.withTransaction(
      Effect.gen(function* () {
        yield* sql.unsafe(statement)
        return yield* Effect.fail({ facts: yield* facts })
      }),
    ),
  ).pipe(Effect.flatMap((undone) => ("facts" in undone ? Effect.succeed(undone.facts) : Effect.die(undone))))
})

interface Policy {
  readonly table: string
  readonly policy: string
  readonly qual: string | null
  readonly with_check: string | null
}

describe("who sees and writes which rows", () => {
  it.live("is what the file says", () =>
    onFresh(
      Effect.gen(function* () {
        const found = yield* facts
        yield* Effect.promise(() => expect(`${found}\n`).toMatchFileSnapshot("./tenancy.facts.txt"))
      }),
    ),
  )

  it.live(
    "is so by every policy, and every check in them",
    () =>
      onFresh(
        Effect.gen(function* () {
          const sql = yield* PgClient.PgClient
          const policies = yield* sql<Policy>`
          select tablename as table, policyname as policy, qual, with_check from pg_policies
          where schemaname = 'public' and policyname <> 'owner_all' order by 1, 2`
          const tables = [...new Set(policies.map(({ table }) => table))]
          expect(tables.length).toBeGreaterThan(15)
          const mutations = [
            ...tables.map((table) => `alter table ${table} disable row level security`),
            ...policies.flatMap(({ policy, qual, table, with_check }) => [
              `drop policy ${policy} on ${table}`,
              ...(qual === null || qual === "true" ? [] : [`alter policy ${policy} on ${table} using (true)`]),
              ...(with_check === null || with_check === "true"
                ? []
                : [`alter policy ${policy} on ${table} with check (true)`]),
            ]),
          ]
          const before = yield* facts
          const unnoticed = yield* Effect.filter(mutations, (statement) =>
            Effect.map(after(statement), (changed) => changed === before),
          )
          expect(unnoticed).toEqual([])
        }),
      ),
    240_000,
  )

  it.live("is kept for the owner of the tables too", () =>
    onFresh(
      Effect.gen(function* () {
        const sql = yield* PgClient.PgClient
        const rows = yield* sql<{ readonly table: string }>`
          select relname as table from pg_class c join pg_policies p on p.tablename = c.relname and p.schemaname = 'public'
          where relnamespace = 'public'::regnamespace and relkind = 'r' and not (relrowsecurity and relforcerowsecurity)`
        expect(rows).toEqual([])
        const privileged = yield* sql`
          select rolname from pg_roles
          where rolname like 'plumb\\_%' and (rolsuper or rolbypassrls or rolcanlogin or rolcreaterole or rolcreatedb)`
        expect(privileged).toEqual([])
      }),
    ),
  )
})
