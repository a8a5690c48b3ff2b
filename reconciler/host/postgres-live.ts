// PostgreSQL of this machine. Debian's unit runs it; databases and roles are looked at and changed over its socket.

import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { ResourceFailure } from "../contract/resource.ts"
import { toFailure } from "./failure.ts"
import type { Files } from "./files.ts"
import { parentOf } from "./path.ts"
import {
  everyUser,
  fillerOf,
  ownersOf,
  type PgDatabaseEntry,
  type PgRole,
  type Postgres,
  readersOf,
  writersOf,
} from "./postgres.ts"
import { dumpDatabase, restoreDatabase } from "./postgres-dump.ts"
import { answer, change, changeApart, cluster, installedCluster, server } from "./postgres-program.ts"
import * as query from "./postgres-queries.ts"
import { Differences, mendRights } from "./postgres-rights.ts"
import * as statement from "./postgres-statements.ts"
import { identifier } from "./postgres-text.ts"
import { temporaryName } from "./temporary.ts"

const Names = Schema.Array(Schema.String)
const Group = { attributes: Schema.String, memberOf: Names, members: Names }
const Texts = Schema.Record(Schema.String, Schema.Unknown)
const Sizes = Schema.Record(Schema.String, Schema.Number)
const Entry = Schema.Struct({
  owner: Schema.String,
  attributes: Schema.String,
  groups: Schema.Record(Schema.String, Schema.Struct(Group)),
  hbaIsRead: Schema.Boolean,
  hasStrangers: Schema.Boolean,
})
const Whole = Schema.Struct({ entry: Entry, differences: Differences })
const Roles = Schema.Record(
  Schema.String,
  Schema.Struct({
    ...Group,
    verifier: Schema.NullOr(Schema.String),
    begins: Schema.Array(Schema.Struct({ as: Schema.String, database: Schema.NullOr(Schema.String) })),
    grantedIn: Names,
  }),
)

const texts = (text: string) =>
  Effect.map(
    answer(Texts, server, text),
    (found) => new Map(Object.entries(found).map(([name, value]) => [name, JSON.stringify(value)])),
  )

export const livePostgres = (files: Files): Postgres => ({
  installed: Effect.try({ try: installedCluster, catch: toFailure }).pipe(
    Effect.map((found) => (found === null ? null : { version: found.version, socket: found.socket, hba: found.hba })),
  ),

  databases: texts(query.databasesQuery),
  database,
  createDatabase: (name) => changeApart(server, statement.createDatabase(name)),
  mendDatabase,
  dropDatabase: (name) =>
    Effect.gen(function* () {
      if ((yield* database(name)) !== undefined) {
        // Nobody comes in any more, and who is in goes.
        yield* changeApart(server, `ALTER DATABASE ${identifier(name)} IS_TEMPLATE false`)
        yield* changeApart(server, `DROP DATABASE ${identifier(name)} WITH (FORCE)`)
      }
      for (const role of [fillerOf(name), writersOf(name), ownersOf(name), readersOf(name)]) yield* dropRole(role)
    }),

  // What all have together concerns each.
  roles: Effect.map(
    texts(query.rolesQuery()),
    (found) => new Map([...found].map(([name, text]) => [name, `${text}${found.get(everyUser) ?? ""}`])),
  ),
  role,
  setRole: (name, want, seen) =>
    Effect.gen(function* () {
      yield* change(server, statement.everyUserChange(yield* role(everyUser)))
      const { endsSessions, statements } = statement.roleChange(name, want, seen)
      yield* change(server, statements)
      const strays = seen?.strays ?? []
      for (const place of new Set(strays.map(({ database }) => database))) {
        const mends = strays.filter((one) => one.database === place).map(({ mend }) => mend)
        yield* change(place, [...new Set(mends)])
      }
      if (endsSessions) yield* changeApart(server, statement.endSessions(name))
    }),
  loggingIn,
  letIn: (name, yes) =>
    Effect.gen(function* () {
      if ((yield* loggingIn).has(name) === yes || (yield* role(name)) === undefined) return
      yield* changeApart(server, statement.setLogin(name, yes))
      if (!yes) yield* changeApart(server, statement.endSessions(name))
    }),
  dropRole,

  dump: (name, to) => {
    const { parent, name: file } = parentOf(to)
    return Effect.flatMap(cluster, (found) =>
      dumpDatabase(found, name, files.real(to), files.real(`${parent}/${temporaryName(file)}`)),
    )
  },
  restore: (name, from) => Effect.flatMap(cluster, (found) => restoreDatabase(found, name, files.real(from))),
  sizes: Effect.map(answer(Sizes, server, query.sizesQuery), (sizes) => (name: string) => sizes[name]),
})

const loggingIn = Effect.map(answer(Names, server, query.loginsQuery), (names) => new Set(names))

const database = (name: string): Effect.Effect<PgDatabaseEntry | undefined, ResourceFailure> =>
  Effect.gen(function* () {
    const entry = yield* answer(Schema.UndefinedOr(Entry), server, query.databaseQuery(name))
    if (entry === undefined) return undefined
    if (entry.attributes.includes("NO CONNECTIONS")) return { ...entry, differences: [] }
    const whole = yield* answer(Whole, name, query.wholeQuery(name))
    return { ...whole.entry, differences: whole.differences }
  })

const mendDatabase: Postgres["mendDatabase"] = (name, members) =>
  Effect.gen(function* () {
    const seen = yield* answer(Schema.UndefinedOr(Entry), server, query.databaseQuery(name))
    if (seen === undefined) return
    if (seen.attributes !== "")
      yield* changeApart(server, `ALTER DATABASE ${identifier(name)} ALLOW_CONNECTIONS true IS_TEMPLATE false`)
    yield* change(server, [
      ...(seen.owner === "postgres" ? [] : [`ALTER DATABASE ${identifier(name)} OWNER TO postgres`]),
      ...[readersOf(name), writersOf(name), ownersOf(name)].flatMap((group) =>
        statement.groupChange(group, seen.groups[group], members[group] ?? []),
      ),
    ])
    yield* mendRights(name, name)
    if (!seen.hbaIsRead) yield* readHba(name)
    if (!seen.hbaIsRead || seen.hasStrangers) yield* changeApart(server, statement.endStrangers(name))
  })

/** Waits until it was read for certain, for two seconds at most: what comes in then comes by the new rules. */
const readHba = (name: string) =>
  Effect.gen(function* () {
    for (let times = 0; times < 20; times++) {
      yield* changeApart(server, "SELECT pg_reload_conf()")
      yield* Effect.sleep("100 millis")
      if ((yield* answer(Schema.UndefinedOr(Entry), server, query.databaseQuery(name)))?.hbaIsRead !== false) return
    }
  })

const role = (name: string): Effect.Effect<PgRole | undefined, ResourceFailure> =>
  Effect.gen(function* () {
    const found = yield* answer(Roles, server, query.rolesQuery([name, everyUser]))
    const own = found[name]
    if (own === undefined) return undefined
    const all = found[everyUser]
    const strays: Array<PgRole["strays"][number]> = []
    for (const place of new Set([...own.grantedIn, ...(all?.grantedIn ?? [])])) {
      const rows = yield* answer(Differences, place, query.straysQuery([name, everyUser]))
      strays.push(...rows.map((row) => ({ ...row, database: place })))
    }
    // All users have together what one of them has by it.
    const more = name === everyUser ? [] : statement.groupChange(everyUser, all, all?.members ?? [])
    strays.push(...more.map((mend) => ({ on: everyUser, want: null, have: mend, mend, database: server })))
    const { attributes, begins, memberOf, members, verifier } = own
    return { attributes, begins, memberOf, members, verifier, strays }
  })

const dropRole = (name: string): Effect.Effect<void, ResourceFailure> =>
  Effect.gen(function* () {
    const found = yield* answer(Roles, server, query.rolesQuery([name]))
    if (found[name] === undefined) return
    yield* change(server, [`ALTER ROLE ${identifier(name)} NOLOGIN`, statement.endSessions(name)])
    const places = yield* answer(Names, server, query.placesQuery(name))
    for (const place of new Set([...places, server])) {
      const owners = yield* answer(Roles, server, query.rolesQuery([ownersOf(place)]))
      const heir = owners[ownersOf(place)] === undefined ? "postgres" : ownersOf(place)
      yield* change(place, [
        ...(heir === name ? [] : [`REASSIGN OWNED BY ${identifier(name)} TO ${identifier(heir)}`]),
        `DROP OWNED BY ${identifier(name)}`,
      ])
    }
    yield* changeApart(server, `DROP ROLE IF EXISTS ${identifier(name)}`)
  })
