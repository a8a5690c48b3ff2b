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
import type { Fragment } from "effect/sql/Statement"
import { wordsOf } from "../store/database.ts"

/** What is left in a bucket, and since when it was as full as that. */
export interface Counted {
  readonly remaining: number
  readonly at: number
}

const failed = (error: SqlError) =>
  new RateLimiterError({ reason: new RateLimitStoreError({ message: wordsOf(error), cause: error }) })

const notHere = Effect.die("only token buckets are kept in Postgres")

type Asked = Parameters<RateLimiterStore["Service"]["tokenBucket"]>[0]

/** Takes from a bucket, where a condition holds. Gives a `Counted`. */
const taking = (
  sql: PgClient,
  now: number,
  { allowOverflow, key, limit, refillRate, tokens }: Asked,
  where: Fragment,
): Fragment => {
  const rate = Duration.toMillis(refillRate)
  // Clocks of two machines differ: time never runs backwards for a bucket.
  const whole = sql`floor(greatest(0, ${now}::float8 - r.at) / ${rate}::float8)`
  const refilled = sql`least(${limit}::float8, r.tokens + ${whole})`
  const left = sql`${refilled} - ${tokens}::float8`
  return sql`
    insert into rate_limits as r (key, tokens, at, remaining)
    select ${key}, ${limit - tokens >= 0 || allowOverflow ? limit - tokens : limit}::float8, ${now}::float8,
      ${limit - tokens}::float8 where ${where}
    on conflict (key) do update set
      tokens = case when ${left} >= 0 or ${allowOverflow} then ${left} else ${refilled} end,
      at = case when ${refilled} >= ${limit}::float8 then greatest(r.at, ${now}::float8)
        else r.at + ${whole} * ${rate}::float8 end,
      remaining = ${left}
    returning remaining, at`
}

const found = (now: number, row: Counted | undefined) =>
  [row?.remaining ?? 0, row === undefined ? 0 : Math.max(0, now - row.at)] as const

const only = (tokenBucket: RateLimiterStore["Service"]["tokenBucket"]): RateLimiterStore["Service"] => ({
  tokenBucket,
  fixedWindow: () => notHere,
  adaptiveConsume: () => notHere,
  adaptiveFeedback: () => notHere,
})

export const layer = Layer.effect(
  RateLimiterStore,
  Effect.map(PgClient, (sql) =>
    only(
      Effect.fnUntraced(function* (asked) {
        const now = yield* Clock.currentTimeMillis
        const [row] = yield* sql<Counted>`${taking(sql, now, asked, sql`true`)}`.pipe(Effect.mapError(failed))
        return found(now, row)
      }),
    ),
  ),
)

/** Makes and runs a statement which takes from the bucket, where a condition holds, and gives what then is left there. */
export type Along = (taking: (where: Fragment) => Fragment) => Effect.Effect<Counted | undefined, SqlError>

/** For one request: the bucket is taken from by a statement that does something else too. */
export const alongWith = (sql: PgClient, by: Along): RateLimiterStore["Service"] =>
  only(
    Effect.fnUntraced(function* (asked) {
      const now = yield* Clock.currentTimeMillis
      return found(
        now,
        yield* Effect.mapError(
          by((where) => taking(sql, now, asked, where)),
          failed,
        ),
      )
    }),
  )

/** Buckets that have long been full again. */
export const forgetFull = Effect.gen(function* () {
  const sql = yield* PgClient
  const now = yield* Clock.currentTimeMillis
  yield* sql`delete from rate_limits where at < ${now - 3_600_000}::float8`
})
