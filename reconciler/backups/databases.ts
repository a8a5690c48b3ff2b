// A database out of a backup. Its dump was written by a tenant, so it is not loaded as root: an ordinary user of the server, who
// may use that one database and a new one beside it and nothing else, loads it into the new one; then the tables of both change
// places in one statement.
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
import { account, grantedDatabase, identifier, literal } from "../host/sql-text.ts"
import { type BackupJob, backupUser, stateFolderOf } from "../resources/backup-place.ts"
import { withoutDefiners } from "./definers.ts"
import { databaseSandbox, execute, measured, type Restic } from "./restic.ts"
import { dumpFile, type Manifest } from "./snapshots.ts"
import { Refused } from "./spool.ts"
import { inUnit } from "./unit.ts"

type Member = Manifest["databases"][number]

export interface DatabaseSwap {
  readonly database: string
  /** Where what is wanted is. */
  readonly fresh: string
  /** Where what was there goes. */
  readonly former: string
  /** How many tables `fresh` had. */
  readonly tables: number
  /** Files on the host, for root alone: what is no table, of either side. */
  readonly objects: string
  readonly formerObjects: string
}

export interface Databases {
  /** Loads it beside the one that is there. */
  readonly load: (restic: Restic, member: Member, run: string) => Promise<DatabaseSwap>
  readonly swap: (swap: DatabaseSwap) => Promise<void>
  /** The way back of one that was done. */
  readonly back: (swap: DatabaseSwap, run: string) => Promise<DatabaseSwap>
  readonly drop: (database: string) => Promise<void>
  readonly tables: (database: string) => Promise<ReadonlyArray<string>>
  readonly close: () => Promise<void>
}

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

const short = (text: string): string => createHash("sha256").update(text).digest("hex").slice(0, 16)

/** Databases that were made on the way, one a line. */
export const loadingFile = (job: BackupJob): string => `${stateFolderOf(job.policy)}/loading`

/** Names that no record may have. */
const loaderOf = (database: string): string => `plumb_${short(database)}`

export const openDatabases = (job: BackupJob): Databases => {
  const socket = job.mariadb
  if (socket === null) throw new Refused("This host has no database server.")
  const connection: SqlConnection = sqlConnection(socket)
  const ask = async (statement: string, ...values: ReadonlyArray<string>) =>
    (await Effect.runPromise(connection.ask(statement, values))).map((row) => Object.values(row).map(String))
  const change = (statement: string) => Effect.runPromise(connection.change(statement))
  const state = stateFolderOf(job.policy)
  const variables = `${state}/loader.environment`

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

  /** What is no table, as statements. */
  const writeObjects = async (database: string, file: string) => {
    const views = (await objectsOf(database)).flatMap(([kind, name]) => (kind === "VIEW" ? [name] : []))
    const rest = await dump(["--no-create-info", "--routines", "--events", "--triggers", "--", database])
    const text = views.length === 0 ? rest : `${await dump(["--skip-triggers", "--", database, ...views])}${rest}`
    fs.writeFileSync(file, text, { mode: 0o600, flush: true })
  }

  /** Loads statements as the user of that one database. */
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

  return {
    tables,
    drop: (database) => change(`DROP DATABASE IF EXISTS ${identifier(database)}`),
    close: () => Effect.runPromise(connection.close),
    load: async (restic, member, run) => {
      const [found] = await ask(
        "SELECT DEFAULT_CHARACTER_SET_NAME, DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = ?",
        member.name,
      )
      if (found === undefined)
        throw new Refused(
          `There is no database ${member.name} on this host.`,
          "Write its record, or restore it beside.",
        )
      const [fresh, former] = [`plumb_new_${short(member.name + run)}`, `plumb_old_${short(member.name + run)}`]
      // Known to whoever tidies up, before they are there.
      fs.appendFileSync(loadingFile(job), `${fresh}\n${former}\n`, { mode: 0o600, flush: true })
      await change(`CREATE DATABASE ${identifier(fresh)} CHARACTER SET ${found[0]} COLLATE ${found[1]}`)
      await change(`CREATE DATABASE IF NOT EXISTS ${identifier(former)} CHARACTER SET ${found[0]} COLLATE ${found[1]}`)
      const measure = measured()
      await restic.run(["dump", "--no-lock", member.snapshot, `/${dumpFile(member.name)}`], {
        output: (stdout) => loadInto(member.name, fresh, measure.through(stdout)),
      })
      if (measure.result().sha256 !== member.sha256)
        throw new Refused(`The dump of ${member.name} is not the one that was made.`)
      const objects = `${state}/${fresh}.sql`
      const formerObjects = `${state}/${former}.sql`
      await writeObjects(fresh, objects)
      await writeObjects(member.name, formerObjects)
      return {
        database: member.name,
        fresh,
        former,
        tables: (await tables(fresh)).length,
        objects,
        formerObjects,
      }
    },
    back: async (done, run) => {
      const former = `plumb_old_${short(done.database + run)}`
      fs.appendFileSync(loadingFile(job), `${former}\n`, { mode: 0o600, flush: true })
      await change(`CREATE DATABASE IF NOT EXISTS ${identifier(former)}`)
      const formerObjects = `${state}/${former}.sql`
      await writeObjects(done.database, formerObjects)
      return {
        database: done.database,
        fresh: done.former,
        former,
        tables: (await tables(done.former)).length,
        objects: done.formerObjects,
        formerObjects,
      }
    },
    // Each step may be done already: it is begun again after a crash.
    swap: async ({ database, former, fresh, formerObjects, objects, tables: count }) => {
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
            await loadInto(database, database, Readable.from([fs.readFileSync(formerObjects)]))
            throw new Refused(
              `The tables of ${database} cannot change places: ${cause instanceof Error ? cause.message : cause}`,
            )
          })
      }
      await dropObjects(database)
      await loadInto(database, database, Readable.from([fs.readFileSync(objects)]))
      await change(`DROP DATABASE IF EXISTS ${identifier(fresh)}`)
    },
  }
}

const loaderSandbox = [
  `User=${backupUser}`,
  `Group=${backupUser}`,
  ...databaseSandbox,
  "InaccessiblePaths=-/var/lib/plumbline -/etc/plumbline",
]
