// The connection to MariaDB: as root over the unix socket, where the server asks the kernel who is there. One, made when it
// is first needed and again after it was lost; the server runs its statements one after the other.

import * as Effect from "effect/Effect"
import type { Connection, RowDataPacket } from "mysql2/promise"
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

/** What sql-text.ts counts on, and that a lock is not waited for longer than a pass may take. */
const session =
  "SET SESSION sql_mode = 'NO_BACKSLASH_ESCAPES,STRICT_ALL_TABLES', lock_wait_timeout = 30, wait_timeout = 28800"

export const sqlConnection = (socket: string): SqlConnection => {
  let current: Promise<Connection> | undefined

  const connect = async (): Promise<Connection> => {
    // Loaded when there is a database to look after, and not by every agent.
    const { createConnection } = await import("mysql2/promise")
    const connection = await createConnection({
      socketPath: socket,
      user: "root",
      charset: "utf8mb4",
      connectTimeout: 5000,
      // A JSON column is a text here, as it is to the server.
      jsonStrings: true,
    })
    // A lost connection is told here first; without a listener it would end the agent.
    connection.on("error", forget)
    connection.on("end", forget)
    await connection.query(session)
    return connection
  }
  const forget = () => {
    current = undefined
  }
  const connected = (): Promise<Connection> => {
    current ??= connect().catch((cause) => {
      forget()
      throw cause
    })
    return current
  }

  const attempt = <A>(use: (connection: Connection) => Promise<A>): Effect.Effect<A, ResourceFailure> =>
    Effect.tryPromise({
      try: async () => use(await connected()),
      catch: (cause) => {
        if (isLost(cause)) forget()
        return failureOf(cause, socket)
      },
    })

  return {
    ask: (statement, values = []) =>
      attempt(async (connection) => {
        const [rows] = await connection.execute<Array<RowDataPacket>>(statement, [...values])
        return rows
      }),
    change: (statement) =>
      sideEffectOf(withoutSecrets(statement), Effect.asVoid(attempt((connection) => connection.query(statement)))),
    close: Effect.promise(async () => {
      const open = current
      forget()
      const connection = await open?.catch(() => undefined)
      connection?.destroy()
    }),
  }
}

const codeOf = (cause: unknown): string =>
  typeof cause === "object" && cause !== null && "code" in cause ? String(cause.code) : ""

/** Nobody answers, or hung up in the middle: a server that is stopped, starting or full. */
const isLost = (cause: unknown): boolean =>
  /^(E[A-Z]+|PROTOCOL_\w+|ER_SERVER_SHUTDOWN|ER_CON_COUNT_ERROR|ER_CONNECTION_KILLED|ER_NORMAL_SHUTDOWN)$/.test(
    codeOf(cause),
  ) && !/^ER_(?!SERVER_SHUTDOWN|CON_COUNT|CONNECTION_KILLED|NORMAL_SHUTDOWN)/.test(codeOf(cause))

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
