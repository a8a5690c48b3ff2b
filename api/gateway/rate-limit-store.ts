/**
 * The state of Effect's rate limiter in Postgres, so that several processes count together.
 *
 * The one thing to know before changing it: a request is counted by one statement. Two that come together queue at the row.
 */
import { PgClient } from "@effect/sql-pg/PgClient"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { RateLimiterError, RateLimiterStore, RateLimitStoreError } from "effect/persistence/RateLimiter"
import type { SqlError } from "effect/sql/SqlError"
import { wordsOf } from "../store/database.ts"

interface Row {
  readonly remaining: number
  readonly at: number
}

const failed = (error: SqlError) =>
  new RateLimiterError({ reason: new RateLimitStoreError({ message: wordsOf(error), cause: error }) })

const notHere = Effect.die("only token buckets are kept in Postgres")

export const layer = Layer.effect(
  RateLimiterStore,
  Effect.gen(function* () {
    const sql = yield* PgClient
    return {
      tokenBucket: Effect.fnUntraced(function* ({ allowOverflow, key, limit, refillRate, tokens }) {
        const now = yield* Clock.currentTimeMillis
        const rate = Duration.toMillis(refillRate)
        // Clocks of two machines differ: time never runs backwards for a bucket.
        const whole = sql`floor(greatest(0, ${now}::float8 - r.at) / ${rate}::float8)`
        const refilled = sql`least(${limit}::float8, r.tokens + ${whole})`
        const left = sql`${refilled} - ${tokens}::float8`
        const [row] = yield* sql<Row>`
          insert into rate_limits as r (key, tokens, at, remaining)
          values (${key}, ${limit - tokens >= 0 || allowOverflow ? limit - tokens : limit}::float8, ${now}::float8,
            ${limit - tokens}::float8)
          on conflict (key) do update set
            tokens = case when ${left} >= 0 or ${allowOverflow} then ${left} else ${refilled} end,
            at = case when ${refilled} >= ${limit}::float8 then greatest(r.at, ${now}::float8)
              else r.at + ${whole} * ${rate}::float8 end,
            remaining = ${left}
          returning remaining, at`.pipe(Effect.mapError(failed))
        return [row?.remaining ?? 0, row === undefined ? 0 : Math.max(0, now - row.at)] as const
      }),
      fixedWindow: () => notHere,
      adaptiveConsume: () => notHere,
      adaptiveFeedback: () => notHere,
    }
  }),
)

/** Buckets that have long been full again. */
export const forgetFull = Effect.gen(function* () {
  const sql = yield* PgClient
  const now = yield* Clock.currentTimeMillis
  yield* sql`delete from rate_limits where at < ${now - 3_600_000}::float8`
})
