/**
 * The connection pool of the API, and what "Postgres is away" looks like.
 *
 * The one thing to know before changing it: sessions run in UTC, because instants are written as text in a few places, and
 * the chain's hashes are over such text. They are of the role `plumb_api`, which has no right on records: those are seen in a
 * transaction that says who looks (`sight.ts`).
 */
import * as PgClient from "@effect/sql-pg/PgClient"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Predicate from "effect/Predicate"
import type * as Redacted from "effect/Redacted"
import { ConnectionError, isSqlError, SqlError } from "effect/sql/SqlError"
import { Carrier } from "./carrier.ts"
import { Glances } from "./glances.ts"

/** Its own schema first: the queue of letters makes its tables there. */
export const asApi = { role: "plumb_api", search_path: "plumb_api, public" }

export const layer = (url: Redacted.Redacted) => {
  const options = {
    url,
    applicationName: "plumbline-api",
    startupParameters: {
      ...asApi,
      timezone: "UTC",
      statement_timeout: "60s",
      // What somebody may see is part of every statement and takes longer to plan than to ask. No plan of ours is better for
      // one value than for another; but a plan may be from when the tables were empty, and has to be good when they are large.
      plan_cache_mode: "force_generic_plan",
      enable_seqscan: "off",
      idle_in_transaction_session_timeout: "60s",
    },
    connectTimeout: "3 seconds",
  } as const
  return Carrier.layer.pipe(
    Layer.provideMerge(PgClient.layer({ ...options, maxConnections: 10 })),
    // All that is written there is how many requests came.
    Layer.merge(
      Glances.layer({ ...options, startupParameters: { ...options.startupParameters, synchronous_commit: "off" } }),
    ),
  )
}

/** Whether the same request may well succeed once Postgres is back. */
export const isAway = (error: SqlError): boolean => {
  // Lost connections, time-outs, and collisions that went on for too long; a password that is being changed.
  if (error.isRetryable || error.reason._tag === "AuthenticationError") return true
  // 57P0x: shutting down, crashed, starting. 53xxx: out of connections, memory or disk. 58xxx: its own I/O failed.
  const code = sqlState(error)
  return code !== undefined && /^(57P|53|58)/.test(code)
}

export const sqlState = (error: SqlError): string | undefined => {
  const cause = error.reason.cause
  return Predicate.hasProperty(cause, "code") && Predicate.isString(cause.code) ? cause.code : undefined
}

/** For the log: what the server or the socket said. */
export const wordsOf = ({ reason }: SqlError): string =>
  reason.cause instanceof Error && reason.cause.message !== "" ? reason.cause.message : (reason.message ?? reason._tag)

const frozen = new SqlError({ reason: new ConnectionError({ cause: new Error("Postgres does not answer") }) })

/** A server that is frozen neither answers nor hangs up, and its own limit of time is told by nobody: it is away too. */
export const inTime: <A, E, R>(work: Effect.Effect<A, E, R>) => Effect.Effect<A, E | SqlError, R> =
  Effect.timeoutOrElse({ duration: "70 seconds", orElse: () => Effect.fail(frozen) })

/** With what another transaction does at the same time. */
export const collides = (error: unknown): boolean =>
  Predicate.hasProperty(error, "reason") &&
  (Predicate.isTagged(error.reason, "DeadlockError") || Predicate.isTagged(error.reason, "SerializationError"))

/**
 * One transaction, run again when it collided with another (the agent takes the same rows in another order). All that
 * it does must be in the database.
 */
export const transaction =
  (sql: PgClient.PgClient) =>
  <A, E, R>(work: Effect.Effect<A, E, R>) =>
    Effect.catchDefect(sql.withTransaction(work), (defect) =>
      // A rollback that cannot be said on a connection that is gone. What was to be undone is, with it.
      isSqlError(defect) ? Effect.fail(defect) : Effect.die(defect),
    ).pipe(Effect.retry({ times: 3, while: collides }))

/**
 * Records are written by one transaction at a time: rules across records (a domain has one site, a reference leads
 * somewhere) hold only if nobody adds a record between the check and the write.
 */
export const oneWriter = (sql: PgClient.PgClient) => sql`select ${writersLock(sql)}`

export const writersLock = (sql: PgClient.PgClient) => sql.literal("pg_advisory_xact_lock(7205759405)")
