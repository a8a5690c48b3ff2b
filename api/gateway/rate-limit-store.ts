/**
 * The state of Effect's rate limiter in Postgres, so that several processes count together.
 *
 * The one thing to know before changing it: a request is counted by one statement. Two that come together queue at the row.
 */
import { PgClient } from "@effect/sql-pg/PgClient"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
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

/** What one request takes from a bucket. */
export interface Take extends Pick<Asked, "key" | "limit" | "refillRate"> {
  /** Milliseconds since 1970. */
  readonly now: number
}

/** The same of one kind: values, or their places in a statement. */
export interface Taking {
  readonly limit: number | Fragment
  readonly now: number | Fragment
  /** Milliseconds a token. */
  readonly rate: number | Fragment
}

export const takingOf = ({ limit, now, refillRate }: Omit<Take, "key">) => ({
  ...{ limit, now },
  rate: Duration.toMillis(refillRate),
})

/**
 * Takes from buckets of one kind what each of `many` (its `key`, and how many `tokens`) takes, one token after the other. Gives
 * for each its `key` and a `Counted` of the last of them; below -1 stand those that were refused before it.
 */
export const takingEach = (sql: PgClient, { limit, now, rate }: Taking, many: Fragment): Fragment => {
  // Clocks of two machines differ: time never runs backwards for a bucket.
  const whole = sql`floor(greatest(0, ${now}::float8 - r.at) / ${rate}::float8)`
  const refilled = sql`least(${limit}::float8, r.tokens + ${whole})`
  // `excluded.remaining` is what a full bucket would have left.
  const left = sql`${refilled} - (${limit}::float8 - excluded.remaining)`
  return sql`
    insert into rate_limits as r (key, tokens, at, remaining)
    select key, greatest(0, ${limit}::float8 - tokens), ${now}::float8, ${limit}::float8 - tokens
    -- In one order, so that two statements do not wait for each other.
    from (${many}) taken order by key
    on conflict (key) do update set
      tokens = greatest(0, ${left}),
      at = case when ${refilled} >= ${limit}::float8 then greatest(r.at, ${now}::float8)
        else r.at + ${whole} * ${rate}::float8 end,
      remaining = ${left}
    returning key, remaining, at`
}

const found = (now: number, row: Counted | undefined) =>
  [row?.remaining ?? 0, row === undefined ? 0 : Math.max(0, now - row.at)] as const

/** All that Plumbline takes is one at a time, and none in advance. */
const takeOf = ({ allowOverflow, key, limit, refillRate, tokens }: Asked): Effect.Effect<Take> =>
  allowOverflow || tokens !== 1
    ? notHere
    : Effect.map(Clock.currentTimeMillis, (now) => ({ key, limit, refillRate, now }))

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
        const take = yield* takeOf(asked)
        const [row] = yield* sql<Counted>`
          ${takingEach(sql, takingOf(take), sql`select ${take.key}::text as key, 1::float8 as tokens`)}`.pipe(
          Effect.mapError(failed),
        )
        return found(take.now, row)
      }),
    ),
  ),
)

/** Takes from the bucket and gives what then is left there; undefined where there was no reason to. */
export type Along = (take: Take) => Effect.Effect<Counted | undefined, SqlError>

/** By what the present request takes. */
export const CurrentAlong = Context.Reference<Along>("plumbline/api/gateway/CurrentAlong", {
  defaultValue: () => () => Effect.die("nothing takes along"),
})

/** The bucket is taken from by a statement that does something else too. */
export const along = only(
  Effect.fnUntraced(function* (asked) {
    const [by, take] = [yield* CurrentAlong, yield* takeOf(asked)]
    return found(take.now, yield* Effect.mapError(by(take), failed))
  }),
)

/** Buckets that have long been full again. */
export const forgetFull = Effect.gen(function* () {
  const sql = yield* PgClient
  const now = yield* Clock.currentTimeMillis
  yield* sql`delete from rate_limits where at < ${now - 3_600_000}::float8`
})
