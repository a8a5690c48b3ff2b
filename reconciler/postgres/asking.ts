// Asking Postgres, and knowing when it is away.
//
// The one thing to know before changing it: once a statement could not reach the server, all others fail at once without
// trying, until one that was asked anyway gets through again: a pass must never wait for a dead connection.

import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql/SqlError"
import { StoreFailure } from "../store.ts"

export interface Asking {
  /** Fails at once while Postgres is away. */
  readonly ask: <A>(statement: Effect.Effect<A, SqlError>) => Effect.Effect<A, StoreFailure>
  /** Asks even then, and an answer means that Postgres is back. */
  readonly askAnyway: <A>(statement: Effect.Effect<A, SqlError>) => Effect.Effect<A, StoreFailure>
  /** When it was last out of reach, in milliseconds; undefined when it never was, or is just now. */
  readonly lastAway: () => { readonly from: number; readonly until: number } | undefined
}

/** Statements that Postgres refused; every other error means that it could not be asked. */
const refusals: ReadonlySet<string> = new Set([
  "SqlSyntaxError",
  "UniqueViolation",
  "ConstraintError",
  "AuthorizationError",
])

const isRefusal = (error: SqlError): boolean =>
  [...refusals].some((name) => error.reason._tag === name || error.reason._tag.endsWith(`/${name}`))

export const make = (): Asking => {
  let awaySince: number | undefined
  let lastAway: { readonly from: number; readonly until: number } | undefined

  const asked = <A>(statement: Effect.Effect<A, SqlError>): Effect.Effect<A, StoreFailure> =>
    statement.pipe(
      Effect.timeoutOrElse({
        duration: "10 seconds",
        orElse: () => Effect.fail(new StoreFailure({ away: true, message: "Postgres did not answer in time" })),
      }),
      Effect.catch((error) => {
        if (error._tag === "StoreFailure") return gone(error)
        return isRefusal(error)
          ? Effect.fail(new StoreFailure({ away: false, message: error.message }))
          : gone(new StoreFailure({ away: true, message: error.message }))
      }),
    )

  const gone = (failure: StoreFailure) =>
    Effect.gen(function* () {
      if (awaySince === undefined) {
        awaySince = yield* Clock.currentTimeMillis
        yield* Effect.logWarning(
          `Postgres is out of reach (${failure.message}). Healing goes on to the last known spec; nothing is removed.`,
        )
      }
      return yield* failure
    })

  const back = Effect.gen(function* () {
    if (awaySince === undefined) return
    lastAway = { from: awaySince, until: yield* Clock.currentTimeMillis }
    awaySince = undefined
    yield* Effect.logInfo(`Postgres is back after ${Math.round((lastAway.until - lastAway.from) / 1000)} s.`)
  })

  return {
    ask: (statement) =>
      Effect.suspend(() =>
        awaySince === undefined
          ? asked(statement)
          : Effect.fail(new StoreFailure({ away: true, message: "Postgres is out of reach" })),
      ),
    askAnyway: (statement) => Effect.tap(asked(statement), back),
    lastAway: () => (awaySince === undefined ? lastAway : undefined),
  }
}
