// A PostgreSQL as files: a folder for each database, a JSON file for each role. Nobody can log in there; what can be seen
// with ls is what a real server would be told.

import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { ResourceFailure } from "../contract/resource.ts"
import { toFailure } from "./failure.ts"
import type { Files } from "./files.ts"
import { type HostPath, parentOf } from "./path.ts"
import { ownersOf, type Postgres, readersOf, writersOf } from "./postgres.ts"
import { attributesOf } from "./postgres-statements.ts"

const data: HostPath = "/var/lib/postgresql"
const databases: HostPath = `${data}/databases`
const roles: HostPath = `${data}/roles`

const root = { owner: "root", group: "root" }
const file = { ...root, mode: 0o600 }

const Names = Schema.Array(Schema.String)
const Role = Schema.fromJsonString(
  Schema.Struct({
    attributes: Schema.String,
    memberOf: Names,
    verifier: Schema.NullOr(Schema.String),
    begins: Schema.Array(Schema.Struct({ as: Schema.String, database: Schema.NullOr(Schema.String) })),
  }),
)
const decodeRole = Schema.decodeUnknownSync(Role)
const encodeRole = Schema.encodeSync(Role)

const Dump = Schema.fromJsonString(Schema.Record(Schema.String, Schema.String))
const decodeDump = Schema.decodeUnknownSync(Dump)
const encodeDump = Schema.encodeSync(Dump)

const group = { attributes: "", memberOf: [], members: [] }

export const directoryPostgres = (files: Files): Postgres => {
  const act = <A>(act: () => A) => Effect.try({ try: act, catch: toFailure })
  const folderOf = (name: string): HostPath => `${databases}/${name}`
  const roleFile = (name: string): HostPath => `${roles}/${name}.json`
  const text = (path: HostPath) => files.read(path).toString("utf8")
  const ownerOf = (name: string): HostPath => `${folderOf(name)}/owner`
  const make = (path: HostPath) => files.makeDirectory(path, { ...root, mode: 0o700 })
  const readRole = (name: string) => decodeRole(text(`${roles}/${name}`))
  const all = <A>(folder: HostPath, read: (name: string) => A) =>
    new Map(files.list(folder).map((name) => [name.replace(/\.json$/, ""), read(name)]))

  return {
    installed: Effect.succeed({ version: "files", socket: "/run/postgresql/.s.PGSQL.5432", hba: null }),

    databases: act(() =>
      all(databases, (name) => (files.stat(ownerOf(name)) === undefined ? "" : text(ownerOf(name)))),
    ),
    database: (name) =>
      act(() => {
        if (files.stat(ownerOf(name)) === undefined) return undefined
        const groups = Object.fromEntries([readersOf, writersOf, ownersOf].map((of) => [of(name), group]))
        return {
          owner: text(ownerOf(name)),
          attributes: "",
          groups,
          differences: [],
          hbaIsRead: true,
          hasStrangers: false,
        }
      }),
    createDatabase: (name) =>
      act(() => {
        for (const path of [data, databases] as const) make(path)
        if (files.stat(ownerOf(name)) !== undefined) throw refused(`there is a database ${name} already`)
        make(folderOf(name))
        files.write(ownerOf(name), "postgres", file)
      }),
    mendDatabase: (name) => act(() => files.write(ownerOf(name), "postgres", file)),
    dropDatabase: (name) =>
      act(() => {
        for (const each of files.list(folderOf(name))) files.remove(`${folderOf(name)}/${each}`)
        files.removeDirectory(folderOf(name))
      }),

    roles: act(() => all(roles, (name) => text(`${roles}/${name}`))),
    role: (name) =>
      act(() => {
        if (files.stat(roleFile(name)) === undefined) return undefined
        return { ...decodeRole(text(roleFile(name))), members: [], strays: [] }
      }),
    setRole: (name, want) =>
      act(() => {
        for (const path of [data, roles] as const) make(path)
        const { begins, memberOf, verifier } = want
        files.write(roleFile(name), encodeRole({ attributes: attributesOf(want), memberOf, verifier, begins }), file)
      }),
    loggingIn: act(
      () =>
        new Set([...all(roles, readRole)].flatMap(([name, { attributes }]) => (attributes === "LOGIN" ? [name] : []))),
    ),
    letIn: (name, yes) =>
      act(() => {
        const path = roleFile(name)
        if (files.stat(path) === undefined) return
        const role = decodeRole(text(path))
        const attributes = attributesOf({ login: yes })
        if (role.attributes !== attributes) files.write(path, encodeRole({ ...role, attributes }), file)
      }),
    dropRole: (name) => act(() => files.remove(roleFile(name))),

    dump: (name, to) =>
      act(() => {
        const folder = folderOf(name)
        const contents = Object.fromEntries(files.list(folder).map((each) => [each, text(`${folder}/${each}`)]))
        make(parentOf(to).parent)
        files.write(to, encodeDump(contents), file)
      }),
    restore: (name, from) =>
      act(() => {
        for (const [each, content] of Object.entries(decodeDump(text(from))))
          if (each !== "owner") files.write(`${folderOf(name)}/${each}`, content, file)
      }),
    sizes: act(() => (name: string) => {
      const folder = folderOf(name)
      if (files.stat(folder) === undefined) return undefined
      return files.list(folder).reduce((sum, each) => sum + (files.stat(`${folder}/${each}`)?.size ?? 0), 0)
    }),
  }
}

const refused = (message: string): ResourceFailure =>
  new ResourceFailure({ reason: "PostgresqlRefused", message, verdict: { kind: "retry" } })
