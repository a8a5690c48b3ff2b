/**
 * How many requests a minute somebody may send: an address that nobody knows, a user, and whoever tries to log in.
 *
 * The one thing to know before changing it: when the database cannot count, nobody is refused for it. What then needs the
 * database is refused anyway, and says why.
 */
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpEffect from "effect/http/HttpEffect"
import type { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import * as RateLimiter from "effect/persistence/RateLimiter"
import { isSqlError, type SqlError } from "effect/sql/SqlError"
import { RateLimited } from "../problems.ts"
import * as Store from "./rate-limit-store.ts"

/** Requests a minute. */
export interface Rates {
  /** Of an IPv4 address, or an IPv6 /64, from which nobody has logged in. */
  readonly address: number
  /** Of the same, for what is asked before one is known: a password, a code, a token. */
  readonly login: number
  readonly user: number
}

export const defaultRates: Rates = { address: 100, login: 20, user: 1000 }

const window = Duration.minutes(1)

/** The headers of draft-ietf-httpapi-ratelimit-headers-10. */
const said = (name: string, limit: number, remaining: number, reset: Duration.Duration, wait?: number) =>
  HttpEffect.appendPreResponseHandler((_request, response) =>
    Effect.succeed(
      HttpServerResponse.setHeaders(response, {
        "ratelimit-policy": `"${name}";q=${limit};w=60`,
        ratelimit: `"${name}";r=${Math.max(0, Math.floor(remaining))};t=${Math.ceil(Duration.toSeconds(reset))}`,
        ...(wait === undefined ? {} : { "retry-after": String(wait) }),
      }),
    ),
  )

export class Limits extends Context.Service<
  Limits,
  {
    /** Counts one request of whoever the key names. */
    readonly take: (rate: keyof Rates, key: string) => Effect.Effect<void, RateLimited, HttpServerRequest>
    /** The same within a statement of the caller's. */
    readonly takeAlong: (
      rate: keyof Rates,
      key: string,
      by: Store.Along,
    ) => Effect.Effect<void, RateLimited | SqlError, HttpServerRequest>
  }
>()("plumbline/api/gateway/Limits") {
  static readonly layer = (rates: Rates = defaultRates) =>
    Layer.effect(
      Limits,
      Effect.gen(function* () {
        const limiter = yield* RateLimiter.RateLimiter
        const along = yield* Effect.provideService(RateLimiter.make, RateLimiter.RateLimiterStore, Store.along)
        const consume = <E>(
          by: RateLimiter.RateLimiter,
          name: keyof Rates,
          key: string,
          onStoreError: (reason: RateLimiter.RateLimitStoreError) => Effect.Effect<void, E>,
        ) => {
          const limit = rates[name]
          return by.consume({ algorithm: "token-bucket", window, limit, key: `${name} ${key}` }).pipe(
            Effect.matchEffect({
              onSuccess: ({ remaining, resetAfter }) => said(name, limit, remaining, resetAfter),
              onFailure: ({ reason }): Effect.Effect<void, E | RateLimited, HttpServerRequest> => {
                if (reason._tag === "RateLimitStoreError") return onStoreError(reason)
                const wait = Math.max(1, Math.ceil(Duration.toSeconds(reason.retryAfter)))
                return Effect.andThen(
                  said(name, limit, 0, reason.retryAfter, wait),
                  Effect.fail(
                    new RateLimited({
                      detail: `More than ${limit} requests in a minute came from here. Try again in ${wait} s.`,
                      retryAfter: wait,
                    }),
                  ),
                )
              },
            }),
          )
        }
        return {
          take: (name, key) =>
            consume(limiter, name, key, ({ message }) => Effect.logWarning(`Requests are not counted: ${message}`)),
          takeAlong: (name, key, by) =>
            Effect.provideService(
              consume(along, name, key, ({ cause, message }) =>
                isSqlError(cause) ? Effect.fail(cause) : Effect.die(message),
              ),
              Store.CurrentAlong,
              by,
            ),
        }
      }),
    ).pipe(Layer.provide(RateLimiter.layer), Layer.provide(Store.layer))
}
