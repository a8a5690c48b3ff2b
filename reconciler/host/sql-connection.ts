// Connections to MariaDB: as root over the unix socket, where the server asks the kernel who is there. A few, made when they
// are first needed: a statement that waits for a tenant's lock holds up nobody else's database.

import * as Effect from "effect/Effect"
import type { Pool, PoolConnection, RowDataPacket } from "mysql2/promise"
import { ResourceFailure } from "../contract/resource.ts"
import { sideEffectOf } from "./side-effect.ts"
import type { Row } from "./sql-accounts.ts"
import { withoutSecrets } from "./sql-text.ts"

export interface SqlConnection {
  /** Reads; `values` are bound. */
  readonly ask: (
    statement: string,
    values?: ReadonlyArray<string>,
  ) => Effect.Effect<ReadonlyArray<Row>, ResourceFailure>
  /** Changes something; every value in it came through an encoder. */
  readonly change: (statement: string) => Effect.Effect<void, ResourceFailure>
  readonly close: Effect.Effect<void>
}

/** What sql-text.ts counts on, and that nobody's lock is waited for without end. */
const session =
  "SET SESSION sql_mode = 'NO_BACKSLASH_ESCAPES,STRICT_ALL_TABLES', lock_wait_timeout = 30, wait_timeout = 28800"

export const sqlConnection = (socket: string): SqlConnection => {
  let pool: Promise<Pool> | undefined

  const connect = async (): Promise<Pool> => {
    // Loaded when there is a database to look after, and not by every agent.
    const { createPool } = await import("mysql2/promise")
    return createPool({
      socketPath: socket,
      user: "root",
      charset: "utf8mb4",
      connectTimeout: 5000,
      connectionLimit: 4,
      maxIdle: 1,
      idleTimeout: 60_000,
      // A JSON column is a text here, as it is to the server.
      jsonStrings: true,
    })
  }

  const prepared = new WeakSet<object>()
  const use = async <A>(work: (connection: PoolConnection) => Promise<A>): Promise<A> => {
    pool ??= connect()
    const connection = await (await pool).getConnection()
    try {
      if (!prepared.has(connection.connection)) {
        await connection.query(session)
        prepared.add(connection.connection)
      }
      return await work(connection)
    } catch (cause) {
      if (isLost(cause)) connection.destroy()
      throw cause
    } finally {
      connection.release()
    }
  }
  const attempt = <A>(work: (connection: PoolConnection) => Promise<A>): Effect.Effect<A, ResourceFailure> =>
    Effect.tryPromise({ try: () => use(work), catch: (cause) => failureOf(cause, socket) })

  return {
    ask: (statement, values = []) =>
      attempt(async (connection) => {
        const [rows] = await connection.execute<Array<RowDataPacket>>(statement, [...values])
        return rows
      }),
    change: (statement) =>
      sideEffectOf(withoutSecrets(statement), Effect.asVoid(attempt((connection) => connection.query(statement)))),
    close: Effect.promise(async () => {
      const open = await pool
      await open?.end().catch(() => undefined)
    }),
  }
}

const codeOf = (cause: unknown): string =>
  typeof cause === "object" && cause !== null && "code" in cause ? String(cause.code) : ""

/** Nobody answers, or hung up in the middle: a server that is stopped, starting or full. Its other refusals begin with ER_. */
const isLost = (cause: unknown): boolean =>
  /^(?!ER_)[EP]|^ER_(SERVER_SHUTDOWN|NORMAL_SHUTDOWN|CON_COUNT_ERROR|CONNECTION_KILLED)$/.test(codeOf(cause))

const failureOf = (cause: unknown, socket: string): ResourceFailure => {
  const words = withoutSecrets(cause instanceof Error ? cause.message : String(cause))
  if (isLost(cause)) {
    return new ResourceFailure({
      reason: "MariadbAway",
      message: `MariaDB does not answer on ${socket}: ${words}`,
      mend: "See 'systemctl status mariadb' on the host; it is tried again by itself.",
      verdict: { kind: "retry" },
    })
  }
  return new ResourceFailure({
    reason: "MariadbRefused",
    message: `MariaDB: ${words}`,
    ...(codeOf(cause) === "ER_ACCESS_DENIED_ERROR"
      ? { mend: "Let root in over the socket: ALTER USER root@localhost IDENTIFIED VIA unix_socket." }
      : {}),
    verdict: { kind: "retry" },
  })
}
