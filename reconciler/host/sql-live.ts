// MariaDB of this machine. Debian's unit runs it; databases and accounts are looked at and changed over its socket.

import * as fs from "node:fs"
import * as Effect from "effect/Effect"
import { look } from "./command.ts"
import { toFailure } from "./failure.ts"
import type { Files } from "./files.ts"
import { parentOf } from "./path.ts"
import { accountLocked, type Sql, type SqlDatabaseEntry, type SqlServer } from "./sql.ts"
import { type AccountTables, accountQueries, accountsOf, type Row } from "./sql-accounts.ts"
import { type SqlConnection, sqlConnection } from "./sql-connection.ts"
import { dumpDatabase, restoreDatabase } from "./sql-dump.ts"
import * as statement from "./sql-statements.ts"
import { temporaryName } from "./temporary.ts"

const program = "/usr/sbin/mariadbd"
/** Where Debian's package has it. */
const socket = "/run/mysqld/mysqld.sock"

export const liveSql = Effect.fnUntraced(function* (files: Files) {
  const connection = sqlConnection(socket)
  yield* Effect.addFinalizer(() => connection.close)
  let datadir: string | undefined

  const dataFolder = Effect.suspend(() =>
    datadir !== undefined
      ? Effect.succeed(datadir)
      : Effect.map(connection.ask("SELECT @@datadir AS folder"), ([row]) => {
          datadir = textOf(row, "folder").replace(/\/$/, "")
          return datadir
        }),
  )
  const accounts = (user?: string) => Effect.map(accountTables(connection, user), accountsOf)

  return {
    installed: installed(),

    databases: Effect.map(
      connection.ask(databaseQuery),
      (rows) => new Map(rows.map((row) => [textOf(row, "name"), entryOf(row)])),
    ),
    database: (name) =>
      Effect.map(connection.ask(`${databaseQuery} WHERE SCHEMA_NAME = ?`, [name]), (rows) =>
        // A look-up in this table folds case where the file system does.
        rows
          .filter((row) => textOf(row, "name") === name)
          .map(entryOf)
          .at(0),
      ),
    createDatabase: (name, entry) => connection.change(statement.createDatabase(name, entry)),
    alterDatabase: (name, entry) => connection.change(statement.alterDatabase(name, entry)),
    dropDatabase: (name) => connection.change(statement.dropDatabase(name)),

    users: accounts(),
    user: (name) => Effect.map(accounts(name), (found) => found.get(name) ?? []),
    setAccount: (user, want, seen) =>
      Effect.gen(function* () {
        const { statements, endsSessions } = statement.accountChange(user, want, seen)
        for (const each of statements) yield* connection.change(each)
        if (endsSessions) yield* connection.change(statement.endSessions(user))
      }),
    letIn: (user, yes) =>
      Effect.gen(function* () {
        const others = ((yield* accounts(user)).get(user) ?? []).filter(
          ({ settings }) => settings.includes(accountLocked) === yes,
        )
        for (const { host } of others) yield* connection.change(statement.lockAccount(user, host, !yes))
        if (others.length > 0 && !yes) yield* connection.change(statement.endSessions(user))
      }),
    dropAccount: (user, host) => connection.change(statement.dropAccount(user, host)),
    endSessions: (user) => connection.change(statement.endSessions(user)),

    dump: (name, to) => {
      const { parent, name: file } = parentOf(to)
      return dumpDatabase(socket, name, files.real(to), files.real(`${parent}/${temporaryName(file)}`))
    },
    restore: (name, from) => restoreDatabase(socket, name, files.real(from)),
    sizes: Effect.map(dataFolder, (folder) => (name: string) => sizeOf(`${folder}/${fileNameOf(name)}`)),
  } satisfies Sql
})

const databaseQuery =
  "SELECT SCHEMA_NAME AS name, DEFAULT_CHARACTER_SET_NAME AS characterSet, DEFAULT_COLLATION_NAME AS collation " +
  "FROM information_schema.SCHEMATA"

const accountTables = (connection: SqlConnection, user: string | undefined) =>
  Effect.map(
    Effect.forEach(Object.entries(accountQueries), ([table, query]) =>
      Effect.map(
        user === undefined ? connection.ask(query) : connection.ask(`${query} WHERE User = ?`, [user]),
        (rows) => [table, rows] as const,
      ),
    ),
    (tables) => Object.fromEntries(tables) as AccountTables,
  )

const textOf = (row: Row | undefined, column: string): string => {
  const value = row?.[column]
  return typeof value === "string" ? value : ""
}

const entryOf = (row: Row): SqlDatabaseEntry => ({
  characterSet: textOf(row, "characterSet"),
  collation: textOf(row, "collation"),
})

/** The program says its version; it is asked again when it is another file. */
const installed = (): Sql["installed"] => {
  let known: { readonly print: string; readonly server: SqlServer } | undefined
  return Effect.gen(function* () {
    const stat = yield* Effect.try({
      try: () => fs.statSync(program, { throwIfNoEntry: false }),
      catch: toFailure,
    })
    if (stat === undefined) return null
    const print = `${stat.ino}:${stat.mtimeMs}:${stat.size}`
    if (known?.print === print) return known.server
    const { stdout } = yield* look([program, "--no-defaults", "--version"], 10)
    const version = /Ver (\d+\.\d+\.\d+)/.exec(stdout)?.[1] ?? "unknown"
    known = { print, server: { version, socket } }
    return known.server
  })
}

/** A database is a folder; what is no letter, digit or underscore stands in its name as @ and four digits. */
export const fileNameOf = (name: string): string =>
  name.replace(/[^A-Za-z0-9_]/g, (character) => `@${character.charCodeAt(0).toString(16).padStart(4, "0")}`)

/** Of the files in a folder of the server's own; no link is followed. */
export const sizeOf = (folder: string): number | undefined => {
  try {
    return fs
      .readdirSync(folder)
      .map((name) => fs.lstatSync(`${folder}/${name}`, { throwIfNoEntry: false }))
      .reduce((sum, stat) => sum + (stat?.isFile() === true ? stat.size : 0), 0)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined
    throw toFailure(cause)
  }
}
