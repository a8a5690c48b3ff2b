// How many rows a request looks at, which Postgres counts: those that it is about, however many others have.

import { PgClient } from "@effect/sql-pg/PgClient"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { onDatabase } from "../../fixtures/postgres/on-database.ts"
import { testDatabase } from "../../fixtures/postgres/test-database.ts"
import * as Database from "./database.ts"
import { rowsOf, touched } from "./existing.ts"
import { ownersOf } from "./owners.ts"
import * as Records from "./records.ts"
import { operator, type Sight, withSight } from "./sight.ts"

const tenants = 100
const sitesEach = 30

/** Site n is of tenant n mod 100, and every tenant's names lie among everybody's. */
const fill = (url: string) =>
  onDatabase(url, (sql) =>
    Effect.gen(function* () {
      yield* sql`
        insert into tenants (kind, slug, name, created_at, updated_at)
        select 'customer', 'c' || n, 'c', now(), now() from generate_series(0, ${tenants - 1}::int) n`
      yield* sql`
        insert into records (kind, name, spec)
        select 'Account', 'c' || n, jsonb_build_object('uid', 10000 + n, 'customer', 'c' || n)
        from generate_series(0, ${tenants - 1}::int) n`
      yield* sql`
        insert into records (kind, name, spec, ties, tied_version)
        select 'Site', 's' || lpad(n::text, 5, '0'), jsonb_build_object('account', 'c' || (n % ${tenants}::int)),
          array['is Site/s' || n, 'names Account/c' || (n % ${tenants}::int)], 1
        from generate_series(0, ${tenants * sitesEach - 1}::int) n`
      yield* sql`update records set ties = '{}', tied_version = version where kind = 'Account'`
      // As autovacuum does; a plan that was made before has to be good still.
      yield* sql`vacuum analyze`
      return yield* sql<{ id: string }>`select id::text as id from tenants where slug = 'c7'`
    }),
  )

const looked = Effect.gen(function* () {
  const sql = yield* PgClient
  const [row] = yield* sql<{ rows: number }>`
    select sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0))::float8 as rows
    from pg_stat_xact_user_tables where relname in ('records', 'record_owners', 'status', 'revisions')`
  return row?.rows ?? 0
})

const rowsLookedAt = <A, E, R>(sight: Sight, work: Effect.Effect<A, E, R>) =>
  withSight(sight)(
    Effect.gen(function* () {
      const before = yield* looked
      const found = yield* work
      return { found, rows: (yield* looked) - before }
    }),
  )

describe("what a tenant asks for", () => {
  it.live("is found by what it is, and not among what everybody has", () =>
    Effect.gen(function* () {
      const url = yield* Effect.promise(testDatabase)
      const [found] = yield* fill(url)
      const tenant = found?.id ?? ""
      yield* Effect.gen(function* () {
        const sql = yield* PgClient
        const customer: Sight = { of: "tenant", as: "customer", tenant }
        const page = sql`select name from records_paged(array['plumb_tenant'], array[''], array[${tenant}::text],
          array['{*}'], array['Site'], array['s00500'], array[5])`
        const asked = {
          rowsOf: rowsLookedAt(
            customer,
            Effect.map(rowsOf(new Set(["Site/s00107"])), (rows) => [...rows.keys()]),
          ),
          touched: rowsLookedAt(
            customer,
            Effect.map(touched(new Set(["names Account/c7", "is Site/s108"])), (rows) =>
              rows.flatMap(({ name, seen }) => (seen ? [] : [name])),
            ),
          ),
          read: rowsLookedAt(
            customer,
            Effect.map(Records.read("Site", "s00107"), ({ metadata }) => metadata.name),
          ),
          page: rowsLookedAt(
            customer,
            Effect.map(page, (rows) => rows.map(({ name }) => name)),
          ),
          list: rowsLookedAt(
            customer,
            Effect.map(Records.list({ search: "s0", limit: 100 }), ({ items }) => items.length),
          ),
          owners: rowsLookedAt(
            operator,
            Effect.map(ownersOf([{ kind: "Site", name: "s00107" }]), (owners) => [...owners.keys()]),
          ),
        }
        const { list, owners, page: paged, read, rowsOf: rows, touched: near } = yield* Effect.all(asked)
        assert.deepStrictEqual(rows.found, ["Site/s00107"])
        // Of the thirty-one that it gives, all but this one are the tenant's.
        assert.deepStrictEqual(near.found, ["s00108"])
        assert.strictEqual(read.found, "s00107")
        assert.deepStrictEqual(paged.found, ["s00507", "s00607", "s00707", "s00807", "s00907"])
        assert.strictEqual(list.found, sitesEach)
        assert.deepStrictEqual(owners.found, ["Site/s00107"])
        const most = { rows: 10, near: 200, read: 10, paged: 30, list: 200, owners: 10 }
        const looks = { rows, near, read, paged, list, owners }
        for (const [name, { rows: count }] of Object.entries(looks))
          assert.isAtMost(count, most[name as keyof typeof most], name)
      }).pipe(Effect.provide(Database.layer(Redacted.make(url))))
    }),
  )

  it.live("is changed where it stands, without a new place in any index", () =>
    Effect.gen(function* () {
      const url = yield* Effect.promise(testDatabase)
      yield* fill(url)
      yield* Effect.gen(function* () {
        const sql = yield* PgClient
        yield* withSight(operator)(
          Effect.gen(function* () {
            yield* sql`update records set spec = spec || '{"maxUpload": "9M"}', version = version + 1,
              generation = generation + 1, tied_version = version + 1, updated_at = now() where name = 's00107'`
            const [counted] = yield* sql<{ all: number; inPlace: number }>`
              select n_tup_upd::int as all, n_tup_hot_upd::int as "inPlace" from pg_stat_xact_user_tables
              where relname = 'records'`
            assert.deepStrictEqual(counted, { all: 1, inPlace: 1 })
          }),
        )
      }).pipe(Effect.provide(Database.layer(Redacted.make(url))))
    }),
  )
})
