import * as PgClient from "@effect/sql-pg/PgClient"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { account, serve } from "../../fixtures/api/api-under-test.ts"
import { onDatabase } from "../../fixtures/postgres/on-database.ts"
import { emptyDatabase, testDatabase } from "../../fixtures/postgres/test-database.ts"
import { type Migration, MigrationRefused, migrate, pending, shipped } from "./migrate.ts"

const file = (number: number, text: string, checksum = text): Migration => ({
  number,
  file: `${String(number).padStart(4, "0")}_test.sql`,
  text,
  checksum,
})
const reason = (outcome: ReturnType<typeof pending>) =>
  outcome instanceof MigrationRefused ? outcome.reason : outcome.map(({ number }) => number)

describe("migrate", () => {
  it.effect("runs every file once, however many processes start at the same time", () =>
    Effect.gen(function* () {
      const url = yield* Effect.promise(emptyDatabase)
      const ran = yield* Effect.all([migrate(url), migrate(url), migrate(url)], { concurrency: "unbounded" })
      assert.deepStrictEqual(
        ran.flat().sort(),
        shipped().map((each) => each.file),
      )
      assert.deepStrictEqual(yield* migrate(url), [])
    }),
  )

  it.effect("leaves nothing of a file that fails half way", () =>
    Effect.gen(function* () {
      const url = yield* Effect.promise(emptyDatabase)
      const broken = file(1, "create table half (a int); select 1 / 0;")
      const error = yield* Effect.flip(migrate(url, [broken]))
      assert.strictEqual(error._tag, "SqlError")
      const whole = yield* migrate(url, [file(1, "create table half (a int);")])
      assert.deepStrictEqual(whole, ["0001_test.sql"])
    }),
  )

  it("refuses an edited file, a newer database, and a file that comes late", () => {
    const [one, two, three] = [file(1, "a"), file(2, "b"), file(3, "c")]
    assert.deepStrictEqual(reason(pending([one, two], [one])), [2])
    assert.strictEqual(reason(pending([file(1, "changed")], [one])), "edited")
    assert.strictEqual(reason(pending([one], [one, two])), "newer-database")
    assert.strictEqual(reason(pending([one, two, three], [one, three])), "out-of-order")
  })

  it.effect("truncating the history is refused like changing it", () =>
    Effect.gen(function* () {
      const url = yield* Effect.promise(emptyDatabase)
      yield* migrate(url)
      yield* Effect.gen(function* () {
        const sql = yield* PgClient.PgClient
        for (const table of ["revisions", "drift_events", "chain"]) {
          const error = yield* Effect.flip(sql`truncate ${sql(table)}`)
          assert.include(String(error.reason.cause), "append-only")
        }
      }).pipe(Effect.provide(PgClient.layer({ url: Redacted.make(url) })))
    }),
  )

  it.effect(
    "leaves no document for Postgres to find out about: to sort thousands of them takes long, and no plan needs it",
    () =>
      Effect.gen(function* () {
        const asked = yield* onDatabase(
          yield* Effect.promise(testDatabase),
          (sql) => sql<{ readonly place: string }>`
          select c.relname || '.' || a.attname as place from pg_attribute a join pg_class c on c.oid = a.attrelid
          where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and a.atttypid = 'jsonb'::regtype
            and not a.attisdropped and a.attstattarget is distinct from 0`,
        )
        // A new one: `alter table … alter column … set statistics 0`, as migration 0037 does for those before it.
        assert.deepStrictEqual(asked, [])
      }),
  )

  it.effect("and the API work for an owner of the tables who is no superuser", () =>
    Effect.gen(function* () {
      const url = new URL(yield* Effect.promise(emptyDatabase))
      const owner = `owner_${url.pathname.slice(1)}`
      yield* Effect.gen(function* () {
        const sql = yield* PgClient.PgClient
        yield* sql.unsafe(`create role ${owner} login createrole password 'secret'`)
        yield* sql.unsafe(`alter database ${url.pathname.slice(1)} owner to ${owner}`)
        // Where another installation on the server made them, they are to be granted.
        for (const role of ["plumb_api", "plumb_tenant", "plumb_auditor", "plumb_agent"]) {
          yield* Effect.ignore(sql.unsafe(`create role ${role} nologin`))
          yield* sql.unsafe(`grant ${role} to ${owner} with admin option`)
        }
      }).pipe(Effect.provide(PgClient.layer({ url: Redacted.make(url.href) })))
      const owned = new URL(url)
      owned.username = owner
      owned.password = "secret"
      yield* migrate(owned.href)
      const api = yield* serve(owned.href)
      assert.strictEqual((yield* api.ask("PUT", "/v1/records/Account/acme", account("acme"))).status, 200)
      const { status, body } = yield* api.ask("GET", "/v1/records")
      assert.deepStrictEqual([status, body.items.length], [200, 1])
      assert.isTrue((yield* api.ask("GET", "/v1/verify")).body.ok)
      const past = yield* Effect.gen(function* () {
        const sql = yield* PgClient.PgClient
        return yield* Effect.flip(sql`select from records`)
      }).pipe(
        Effect.provide(PgClient.layer({ url: Redacted.make(owned.href), startupParameters: { role: "plumb_api" } })),
      )
      assert.include(String(past.reason.cause), "permission denied")
    }).pipe(Effect.scoped),
  )
})
