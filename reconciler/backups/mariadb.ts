// Databases on MariaDB. A user of the server that may use the one database and a new one beside it and nothing else loads the
// dump into the new one; then the tables of both change places in one statement.
//
// The one thing to know before changing it: only tables can be renamed from one database to another. Views, triggers, routines
// and events are written down first and made anew on the other side, by that same user, who is locked when it is done and whom
// they run as from then on.

import { createHash, randomBytes } from "node:crypto"
import * as fs from "node:fs"
import { Readable } from "node:stream"
import { pipeline } from "node:stream/promises"
import * as Effect from "effect/Effect"
import { type SqlConnection, sqlConnection } from "../host/sql-connection.ts"
import { dumpCommand } from "../host/sql-dump.ts"
import { account, grantedDatabase, identifier, literal } from "../host/sql-text.ts"
import { type BackupJob, backupUser, stateFolderOf } from "../resources/backup-place.ts"
import type { Server } from "./databases.ts"
import { withoutDefiners } from "./definers.ts"
import { databaseSandbox, execute } from "./restic.ts"
import { Refused } from "./spool.ts"
import { inUnit } from "./unit.ts"

const rights = [
  ...["SELECT", "INSERT", "UPDATE", "DELETE", "CREATE", "DROP", "REFERENCES", "INDEX", "ALTER", "LOCK TABLES"],
  ...[
    "CREATE TEMPORARY TABLES",
    "CREATE VIEW",
    "SHOW VIEW",
    "CREATE ROUTINE",
    "ALTER ROUTINE",
    "EXECUTE",
    "EVENT",
    "TRIGGER",
  ],
].join(", ")

/** A name that no record may have. */
const loaderOf = (database: string): string =>
  `plumb_${createHash("sha256").update(database).digest("hex").slice(0, 16)}`

const loaderSandbox = [
  `User=${backupUser}`,
  `Group=${backupUser}`,
  ...databaseSandbox,
  "InaccessiblePaths=-/var/lib/plumbline -/etc/plumbline",
]

/** Undefined where the host has none. */
export const mariadb = (job: BackupJob): Server | undefined => {
  const socket = job.mariadb
  if (socket === null) return undefined
  const connection: SqlConnection = sqlConnection(socket)
  const ask = async (statement: string, ...values: ReadonlyArray<string>) =>
    (await Effect.runPromise(connection.ask(statement, values))).map((row) => Object.values(row).map(String))
  const change = (statement: string) => Effect.runPromise(connection.change(statement))
  const state = stateFolderOf(job.policy)
  const variables = `${state}/loader.environment`
  /** For root alone: what of a database is no table. */
  const objectsFile = (database: string): string => `${state}/${database}.sql`

  const encodingOf = async (database: string) =>
    (
      await ask(
        "SELECT DEFAULT_CHARACTER_SET_NAME, DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = ?",
        database,
      )
    )[0]

  const create = async (database: string, like: string | null) => {
    const [characters, collation] = (like === null ? undefined : await encodingOf(like)) ?? []
    const encoding = characters === undefined ? "" : ` CHARACTER SET ${characters} COLLATE ${collation}`
    await change(`CREATE DATABASE IF NOT EXISTS ${identifier(database)}${encoding}`)
  }

  const tables = async (database: string) =>
    (
      await ask(
        "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? AND TABLE_TYPE IN ('BASE TABLE', 'SEQUENCE', 'SYSTEM VERSIONED')",
        database,
      )
    ).map(([name = ""]) => name)

  const objectsOf = async (database: string): Promise<ReadonlyArray<readonly [kind: string, name: string]>> => {
    const found = await Promise.all(
      [
        "SELECT 'TRIGGER', TRIGGER_NAME FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = ?",
        "SELECT 'VIEW', TABLE_NAME FROM information_schema.VIEWS WHERE TABLE_SCHEMA = ?",
        "SELECT ROUTINE_TYPE, ROUTINE_NAME FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = ?",
        "SELECT 'EVENT', EVENT_NAME FROM information_schema.EVENTS WHERE EVENT_SCHEMA = ?",
      ].map((query) => ask(query, database)),
    )
    return found.flat().map(([kind = "", name = ""]) => [kind, name] as const)
  }

  const dropObjects = async (database: string) => {
    for (const [kind, name] of await objectsOf(database)) {
      if (!["TRIGGER", "VIEW", "PROCEDURE", "FUNCTION", "PACKAGE", "PACKAGE BODY", "EVENT"].includes(kind)) continue
      await change(`DROP ${kind} IF EXISTS ${identifier(database)}.${identifier(name)}`)
    }
  }

  const dump = async (args: ReadonlyArray<string>): Promise<string> => {
    const said = await execute([
      ...["mariadb-dump", "--no-defaults", `--socket=${socket}`, "--user=root", "--default-character-set=utf8mb4"],
      ...["--skip-comments", "--no-data", ...args],
    ])
    if (said.code !== 0) throw new Refused(`mariadb-dump: ${said.err.trim().slice(-1000)}`)
    return said.out
  }

  /** As statements. */
  const writeObjects = async (database: string, file: string) => {
    const views = (await objectsOf(database)).flatMap(([kind, name]) => (kind === "VIEW" ? [name] : []))
    const rest = await dump(["--no-create-info", "--routines", "--events", "--triggers", "--", database])
    const text = views.length === 0 ? rest : `${await dump(["--skip-triggers", "--", database, ...views])}${rest}`
    fs.writeFileSync(file, text, { mode: 0o600, flush: true })
  }

  /** Loads statements as the user of that one database; `owner` is whose user it is. */
  const loadInto = async (owner: string, database: string, source: AsyncIterable<Buffer>) => {
    const user = loaderOf(owner)
    const password = randomBytes(24).toString("base64url")
    const at = account(user, "localhost")
    await change(`CREATE USER IF NOT EXISTS ${at}`)
    await change(`ALTER USER ${at} IDENTIFIED BY ${literal(password)} ACCOUNT UNLOCK`)
    for (const one of new Set([owner, database])) await change(`GRANT ${rights} ON ${grantedDatabase(one)}.* TO ${at}`)
    fs.writeFileSync(variables, `MYSQL_PWD=${password}\n`, { mode: 0o600 })
    try {
      const client = [
        ...["mariadb", "--no-defaults", `--socket=${socket}`, `--user=${user}`, "--default-character-set=utf8mb4"],
        // The client obeys no command of its own in what it reads.
        ...["--batch", "--binary-mode", `--database=${database}`],
      ]
      const said = await execute(
        inUnit(job, "load", [...loaderSandbox, `EnvironmentFile=${variables}`], client),
        (stdin) => pipeline(Readable.from(withoutDefiners(source)), stdin),
      )
      if (said.code !== 0) throw new Refused(`The dump does not load: ${said.err.trim().slice(-1000)}`)
    } finally {
      fs.rmSync(variables, { force: true })
      await change(`ALTER USER ${at} ACCOUNT LOCK`)
    }
  }

  const drop = async (database: string) => {
    await change(`DROP DATABASE IF EXISTS ${identifier(database)}`)
    await change(`DROP USER IF EXISTS ${account(loaderOf(database), "localhost")}`)
    fs.rmSync(objectsFile(database), { force: true })
  }

  return {
    dump: (database) => ({ argv: dumpCommand(socket, database), properties: databaseSandbox }),
    drop,
    close: () => Effect.runPromise(connection.close),
    load: async ({ former, fresh, into }, read) => {
      await create(fresh, into)
      await read((source) => loadInto(into ?? fresh, fresh, source))
      if (into !== null) {
        await create(former, into)
        await writeObjects(fresh, objectsFile(fresh))
        await writeObjects(into, objectsFile(former))
      }
      return (await tables(fresh)).length
    },
    back: async ({ database, former, fresh }) => {
      await create(former, database)
      await writeObjects(database, objectsFile(former))
      return (await tables(fresh)).length
    },
    swap: async ({ database, former, fresh, tables: count }) => {
      const left = await tables(fresh)
      if (left.length > 0 || count === 0) {
        await dropObjects(fresh)
        await dropObjects(database)
        const moves = [
          ...(await tables(database)).map((name) => [database, former, name] as const),
          ...left.map((name) => [fresh, database, name] as const),
        ].map(([from, to, name]) => {
          const table = identifier(name)
          return `${identifier(from)}.${table} TO ${identifier(to)}.${table}`
        })
        if (moves.length > 0)
          await change(`RENAME TABLE ${moves.join(", ")}`).catch(async (cause) => {
            // Somebody holds a table. What was dropped of the database comes back, and nothing has happened.
            await loadInto(database, database, Readable.from([fs.readFileSync(objectsFile(former))]))
            throw new Refused(
              `The tables of ${database} cannot change places: ${cause instanceof Error ? cause.message : cause}`,
            )
          })
      }
      await dropObjects(database)
      await loadInto(database, database, Readable.from([fs.readFileSync(objectsFile(fresh))]))
      // Its file of objects stays until the journal is gone: this may be begun again.
      await change(`DROP DATABASE IF EXISTS ${identifier(fresh)}`)
    },
  }
}
