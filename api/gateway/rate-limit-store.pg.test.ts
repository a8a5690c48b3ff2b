import { PgClient } from "@effect/sql-pg/PgClient"
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { layerStoreMemory, RateLimiterStore } from "effect/persistence/RateLimiter"
import * as Redacted from "effect/Redacted"
import * as fc from "fast-check"
import { adjustable } from "../../fixtures/api/adjustable-clock.ts"
import { testDatabase } from "../../fixtures/postgres/test-database.ts"
import * as Database from "../store/database.ts"
import * as Store from "./rate-limit-store.ts"

const inPostgres = Effect.gen(function* () {
  const database = Database.layer(Redacted.make(yield* Effect.promise(testDatabase)))
  const built = yield* Layer.build(Layer.provideMerge(Store.layer, database))
  return { ours: Context.get(built, RateLimiterStore), sql: Context.get(built, PgClient) }
})

const step = fc.record({
  pause: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 100_000 })),
  together: fc.integer({ min: 1, max: 7 }),
})

describe("the buckets of the rate limiter in Postgres", () => {
  it.live("answer like Effect's own in memory, whatever is asked and however long nobody asks", () =>
    Effect.gen(function* () {
      const { clock, later } = yield* adjustable({ stopped: true })
      yield* Effect.gen(function* () {
        const { ours, sql } = yield* inPostgres
        const run = <A, E>(work: Effect.Effect<A, E>) =>
          Effect.runPromise(Effect.provideService(work, Clock.Clock, clock))
        const theirs = Context.get(yield* Layer.build(layerStoreMemory), RateLimiterStore)
        let bucket = 0
        yield* Effect.promise(() =>
          fc.assert(
            fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 15 }), async (steps) => {
              const key = `bucket ${bucket++}`
              for (const { pause, together } of steps) {
                later(pause)
                const asked = { key, tokens: 1, limit: 5, refillRate: Duration.seconds(12), allowOverflow: false }
                const wanted = await run(Effect.replicateEffect(theirs.tokenBucket(asked), together))
                const now = clock.currentTimeMillisUnsafe()
                const many = sql`values (${key}::text, ${together}::float8), ('another', 1)`
                const atOnce = Effect.map(
                  sql<Store.Counted & { readonly key: string }>`
                    ${Store.takingEach(sql, Store.takingOf({ ...asked, now }), sql`select * from (${many}) as many (key, tokens)`)}`,
                  (rows) =>
                    rows.flatMap((row) =>
                      row.key === key ? [[Math.max(-1, row.remaining), Math.max(0, now - row.at)]] : [],
                    ),
                )
                const mine = together === 1 ? await run(ours.tokenBucket(asked)) : (await run(atOnce))[0]
                assert.deepStrictEqual(mine, [...(wanted.at(-1) ?? [])])
              }
            }),
            { numRuns: 60 },
          ),
        )
      }).pipe(Effect.provideService(Clock.Clock, clock))
    }).pipe(Effect.scoped),
  )

  it.live("count every one of those that come together, and forget what has long been full", () =>
    Effect.gen(function* () {
      const { ours } = yield* inPostgres
      const asked = { key: "one", tokens: 1, limit: 10, refillRate: Duration.hours(1), allowOverflow: false }
      const all = yield* Effect.all(
        Array.from({ length: 50 }, () => ours.tokenBucket(asked)),
        { concurrency: "unbounded" },
      )
      assert.strictEqual(all.filter(([remaining]) => remaining >= 0).length, 10)
    }).pipe(Effect.scoped),
  )

  it.live("are written where they are, without a new place in any index", () =>
    Effect.gen(function* () {
      const { clock, later } = yield* adjustable({ stopped: true })
      const { ours, sql } = yield* inPostgres
      const asked = { key: "one", tokens: 1, limit: 5, refillRate: Duration.seconds(12), allowOverflow: false }
      yield* sql.withTransaction(
        Effect.gen(function* () {
          for (let n = 0; n < 4; n++) {
            yield* Effect.provideService(ours.tokenBucket(asked), Clock.Clock, clock)
            later(60_000)
          }
          const [counted] = yield* sql<{ all: number; inPlace: number }>`
            select n_tup_upd::int as all, n_tup_hot_upd::int as "inPlace" from pg_stat_xact_user_tables
            where relname = 'rate_limits'`
          assert.deepStrictEqual(counted, { all: 3, inPlace: 3 })
        }),
      )
    }).pipe(Effect.scoped),
  )
})
