// A database server as the files that it would have: a folder with its db.opt for each database, a JSON file for each user.
// Nobody can log in there; what can be seen with ls is what a real server would be told.

import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { ResourceFailure } from "../contract/resource.ts"
import { toFailure } from "./failure.ts"
import type { Files } from "./files.ts"
import { type HostPath, parentOf } from "./path.ts"
import { accountLocked, passwordPlugin, type Sql, type SqlDatabaseEntry } from "./sql.ts"
import { fileNameOf } from "./sql-live.ts"
import { placeOf } from "./sql-statements.ts"

const data: HostPath = "/var/lib/mysql"
const users: HostPath = `${data}/mysql`

const root = { owner: "root", group: "root" }

const Account = Schema.Struct({
  host: Schema.String,
  plugin: Schema.String,
  verifier: Schema.String,
  grants: Schema.Array(
    Schema.Struct({
      on: Schema.String,
      privileges: Schema.String,
      role: Schema.optionalKey(Schema.String),
      proxied: Schema.optionalKey(Schema.Struct({ user: Schema.String, host: Schema.String })),
    }),
  ),
  settings: Schema.Array(Schema.String),
})
const Accounts = Schema.fromJsonString(Schema.Array(Account))
const decodeAccounts = Schema.decodeUnknownSync(Accounts)
const encodeAccounts = Schema.encodeSync(Accounts)

const Dump = Schema.fromJsonString(Schema.Record(Schema.String, Schema.String))
const decodeDump = Schema.decodeUnknownSync(Dump)
const encodeDump = Schema.encodeSync(Dump)

export const directorySql = (files: Files): Sql => {
  const act = <A>(act: () => A) => Effect.try({ try: act, catch: toFailure })
  const folderOf = (name: string): HostPath => `${data}/${fileNameOf(name)}`
  const optionsOf = (name: string): HostPath => `${folderOf(name)}/db.opt`
  const userFile = (name: string): HostPath => `${users}/${fileNameOf(name)}.json`
  const text = (path: HostPath) => files.read(path).toString("utf8")

  const makeFolders = () => {
    for (const path of [data, users] as const) files.makeDirectory(path, { ...root, mode: 0o700 })
  }
  const databaseAt = (path: HostPath): SqlDatabaseEntry | undefined => {
    if (files.stat(path) === undefined) return undefined
    const lines = new Map(
      text(path)
        .split("\n")
        .map((line) => line.split("=") as [string, string]),
    )
    return {
      characterSet: lines.get("default-character-set") ?? "",
      collation: lines.get("default-collation") ?? "",
    }
  }
  const setOptions = (name: string, { characterSet, collation }: SqlDatabaseEntry) =>
    files.write(optionsOf(name), `default-character-set=${characterSet}\ndefault-collation=${collation}\n`, {
      ...root,
      mode: 0o600,
    })
  const accountsOf = (path: HostPath) => (files.stat(path) === undefined ? [] : decodeAccounts(text(path)))
  const setAccounts = (user: string, accounts: typeof Accounts.Type) => {
    makeFolders()
    if (accounts.length === 0) files.remove(userFile(user))
    else files.write(userFile(user), encodeAccounts(accounts), { ...root, mode: 0o600 })
  }
  const namesIn = (folder: HostPath) => files.list(folder).map(nameOf)

  return {
    installed: Effect.succeed({ version: "files", socket: "/run/mysqld/mysqld.sock" }),

    databases: act(
      () =>
        new Map(
          namesIn(data).flatMap((name) => {
            const entry = databaseAt(optionsOf(name))
            return entry === undefined ? [] : [[name, entry] as const]
          }),
        ),
    ),
    database: (name) => act(() => databaseAt(optionsOf(name))),
    createDatabase: (name, entry) =>
      act(() => {
        makeFolders()
        if (databaseAt(optionsOf(name)) !== undefined) throw refused(`there is a database ${name} already`)
        files.makeDirectory(folderOf(name), { ...root, mode: 0o700 })
        setOptions(name, entry)
      }),
    alterDatabase: (name, entry) => act(() => setOptions(name, entry)),
    dropDatabase: (name) =>
      act(() => {
        for (const file of files.list(folderOf(name))) files.remove(`${folderOf(name)}/${file}`)
        files.removeDirectory(folderOf(name))
      }),

    users: act(
      () =>
        new Map(
          namesIn(users).flatMap((name) => {
            const user = name.replace(/\.json$/, "")
            return user === name ? [] : [[user, accountsOf(userFile(user))] as const]
          }),
        ),
    ),
    user: (name) => act(() => accountsOf(userFile(name))),
    setAccount: (user, want) =>
      act(() => {
        const others = accountsOf(userFile(user)).filter(({ host }) => host !== want.host)
        const { host, locked, verifier, privileges } = want
        const grants = [{ on: placeOf(want), privileges }]
        const all = [
          ...others,
          { host, plugin: passwordPlugin, verifier, grants, settings: locked ? [accountLocked] : [] },
        ]
        setAccounts(
          user,
          all.sort((a, b) => (a.host < b.host ? -1 : 1)),
        )
      }),
    letIn: (user, yes) =>
      act(() => {
        const all = accountsOf(userFile(user))
        if (!all.some(({ settings }) => settings.includes(accountLocked) === yes)) return
        const others = (settings: ReadonlyArray<string>) => settings.filter((setting) => setting !== accountLocked)
        setAccounts(
          user,
          all.map((one) => ({ ...one, settings: [...others(one.settings), ...(yes ? [] : [accountLocked])].sort() })),
        )
      }),
    dropAccount: (user, host) =>
      act(() => {
        const all = accountsOf(userFile(user))
        const left = all.filter((account) => account.host !== host)
        if (left.length < all.length) setAccounts(user, left)
      }),
    endSessions: () => Effect.void,

    dump: (name, to) =>
      act(() => {
        const folder = folderOf(name)
        const contents = Object.fromEntries(files.list(folder).map((file) => [file, text(`${folder}/${file}`)]))
        files.makeDirectory(parentOf(to).parent, { ...root, mode: 0o700 })
        files.write(to, encodeDump(contents), { ...root, mode: 0o600 })
      }),
    restore: (name, from) =>
      act(() => {
        for (const [file, content] of Object.entries(decodeDump(text(from)))) {
          if (file !== "db.opt") files.write(`${folderOf(name)}/${file}`, content, { ...root, mode: 0o600 })
        }
      }),
    sizes: act(() => (name: string) => {
      const folder = folderOf(name)
      if (files.stat(folder) === undefined) return undefined
      return files.list(folder).reduce((sum, file) => sum + (files.stat(`${folder}/${file}`)?.size ?? 0), 0)
    }),
  }
}

/** The way back from `fileNameOf`. */
const nameOf = (file: string): string =>
  file.replace(/@([0-9a-f]{4})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))

const refused = (message: string): ResourceFailure =>
  new ResourceFailure({ reason: "MariadbRefused", message, verdict: { kind: "retry" } })
