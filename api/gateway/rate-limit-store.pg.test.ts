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
  return Context.get(yield* Layer.build(Layer.provide(Store.layer, database)), RateLimiterStore)
})

const step = fc.record({
  pause: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 100_000 })),
  tokens: fc.integer({ min: 1, max: 7 }),
  allowOverflow: fc.boolean(),
})

describe("the buckets of the rate limiter in Postgres", () => {
  it.live("answer like Effect's own in memory, whatever is asked and however long nobody asks", () =>
    Effect.gen(function* () {
      const { clock, later } = yield* adjustable({ stopped: true })
      yield* Effect.gen(function* () {
        const ours = yield* inPostgres
        const theirs = Context.get(yield* Layer.build(layerStoreMemory), RateLimiterStore)
        let bucket = 0
        yield* Effect.promise(() =>
          fc.assert(
            fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 15 }), async (steps) => {
              const key = `bucket ${bucket++}`
              for (const { allowOverflow, pause, tokens } of steps) {
                later(pause)
                const asked = { key, tokens, limit: 5, refillRate: Duration.seconds(12), allowOverflow }
                const both = Effect.all([ours.tokenBucket(asked), theirs.tokenBucket(asked)])
                const [mine, wanted] = await Effect.runPromise(Effect.provideService(both, Clock.Clock, clock))
                assert.deepStrictEqual(mine, wanted)
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
      const ours = yield* inPostgres
      const asked = { key: "one", tokens: 1, limit: 10, refillRate: Duration.hours(1), allowOverflow: false }
      const all = yield* Effect.all(
        Array.from({ length: 50 }, () => ours.tokenBucket(asked)),
        { concurrency: "unbounded" },
      )
      assert.strictEqual(all.filter(([remaining]) => remaining >= 0).length, 10)
    }).pipe(Effect.scoped),
  )
})
