import { PgClient } from "@effect/sql-pg/PgClient"
import { assert, describe, layer } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { aNode } from "../../fixtures/api/a-node.ts"
import { ApiUnderTest } from "../../fixtures/api/api-under-test.ts"
import { makeHouses } from "../../fixtures/api/houses.ts"
import * as Database from "../store/database.ts"
import type { FirstLook } from "../store/first-look.ts"
import { Glances } from "../store/glances.ts"
import { entrance } from "./entrance.ts"

const blog = { at: "record", kind: "Site", name: "own-blog" } as const
const shop = { ...blog, name: "own-shop" } as const
const foreign = { ...blog, name: "foreign-blog" } as const
const ties = { at: "touched", ties: ["is Site/own-blog", "is Site/foreign-blog"] } as const

describe("who comes in, and what they look at first", () => {
  layer(ApiUnderTest.layer(), { timeout: "120 seconds", excludeTestServices: true })((it) => {
    it.effect("is looked for as whom they were, and given only where they are that still", () =>
      Effect.gen(function* () {
        const api = yield* ApiUnderTest
        yield* aNode(api.url)
        const { people } = yield* makeHouses(api)

        // From one request to the next, as anybody meets it.
        const reads = (name: string) => api.ask("GET", `/v1/records/Site/${name}`, undefined, people.technical.headers)
        const sees = (records: ReadonlyArray<string>) =>
          api.ask("PATCH", `/v1/users/${people.technical.id}`, { records }, people.customer.headers)
        assert.strictEqual((yield* reads("own-blog")).status, 200)
        assert.strictEqual((yield* reads("own-blog")).body.metadata.name, "own-blog")
        assert.strictEqual((yield* sees(["Site/own-shop"])).status, 200)
        const gone = yield* reads("own-blog")
        assert.deepStrictEqual([gone.status, gone.body.detail], [404, "There is no Site/own-blog."])
        assert.strictEqual((yield* reads("own-blog")).status, 404)
        assert.strictEqual((yield* reads("own-shop")).status, 200)
        assert.strictEqual((yield* reads("%00")).status, 400)
        assert.strictEqual((yield* sees(["Site/own-blog"])).status, 200)

        yield* Effect.gen(function* () {
          const sql = yield* PgClient
          const enter = entrance((yield* Glances).sql)
          const sessionOf = (user: string) =>
            Effect.map(
              sql<{ id: string }>`select id::text as id from sessions where user_id = ${user} limit 1`,
              ([row]) => row?.id ?? "",
            )
          const coming = (user: string, session: string, limit = 1000) => ({
            ...{ session, user },
            take: { key: `a test of ${user}`, limit, refillRate: Duration.minutes(1), now: api.now() },
          })
          const carl = yield* sessionOf(people.customer.id)
          const tess = yield* sessionOf(people.technical.id)
          const asCarl = (look?: FirstLook) => enter(coming(people.customer.id, carl), look)
          const asTess = (look?: FirstLook) => enter(coming(people.technical.id, tess), look)
          const seenBy = (who: typeof asCarl, look: FirstLook) => Effect.map(who(look), (entered) => entered?.seen)

          // Nobody knows yet as whom.
          assert.isUndefined(yield* seenBy(asCarl, blog))
          const seen = yield* seenBy(asCarl, blog)
          assert.deepInclude(seen, { ...blog })
          assert.deepInclude(seen?.at === "record" ? seen.row : {}, { kind: "Site", name: "own-blog", version: 1 })
          assert.deepInclude(yield* seenBy(asCarl, foreign), { row: undefined })
          const touched = yield* seenBy(asCarl, ties)
          assert.deepStrictEqual(touched?.at === "touched" ? touched.rows.map((row) => [row.name, row.seen]) : [], [
            ["foreign-blog", false],
            ["own-blog", true],
          ])

          // All who come together, each as themselves.
          yield* asTess()
          const together = yield* Effect.all(
            [asCarl(shop), asTess(shop), asTess(blog), asCarl(blog), asCarl(), asTess(ties)],
            { concurrency: "unbounded" },
          )
          assert.deepStrictEqual(
            together.map((one) => [one?.holder.user, one?.seen?.at === "record" ? one.seen.row?.name : one?.seen]),
            [
              [people.customer.id, "own-shop"],
              [people.technical.id, undefined],
              [people.technical.id, "own-blog"],
              [people.customer.id, "own-blog"],
              [people.customer.id, undefined],
              // What is beside a record is judged as all that is the tenant's, of which they see a part.
              [people.technical.id, undefined],
            ],
          )

          // Another since: what was seen as the one before is nobody's.
          yield* sql`update users set records = '{Site/own-shop}' where id = ${people.technical.id}`
          const changed = yield* asTess(blog)
          assert.isUndefined(changed?.seen)
          assert.deepInclude(changed?.sight, { records: ["Site/own-shop"] })
          assert.deepInclude(yield* seenBy(asTess, blog), { row: undefined })
          yield* sql`update users set role = 'auditor', tenant_id = null where id = ${people.customer.id}`
          assert.isUndefined(yield* seenBy(asCarl, blog))
          assert.deepInclude(yield* seenBy(asCarl, foreign), { sight: { of: "auditor" } })

          // Whoever comes too often is let in by the caller or not, and looks at nothing; whose session is over is nobody.
          const often = (look: FirstLook) => enter(coming(people.technical.id, tess, 0), look)
          assert.deepInclude((yield* often(shop))?.seen, { row: undefined })
          assert.isBelow((yield* often(shop))?.holder.remaining ?? 0, 0)
          yield* sql`update sessions set ended_at = now() where id = ${tess}`
          assert.isUndefined(yield* asTess(shop))
          assert.isUndefined(yield* enter(coming(people.customer.id, tess), shop))
        }).pipe(Effect.provide(Database.layer(Redacted.make(api.url))))
      }),
    )
  })
})
