// Whether an account's database users may log in, whatever has become of the records that made them: one that cannot be read,
// or is paused, must not keep a suspension from being whole.

import * as Effect from "effect/Effect"
import type { ResourceFailure } from "../contract/resource.ts"
import { attempt, Host, type HostShape } from "../host/host.ts"
import { accountLocked } from "../host/sql.ts"
import { type DatabaseEntry, databaseEntries, databasesFolder } from "./database-entry.ts"

const entriesOf = (account: string) =>
  attempt(({ files }): ReadonlyArray<DatabaseEntry> => {
    const text = (file: string) => files.read(`${databasesFolder}/${file}`).toString("utf8")
    return databaseEntries(account, files.list(databasesFolder), text)
  })

type LetIn = (user: string) => boolean

const whomLetsIn = (
  server: Pick<HostShape["sql"] | HostShape["postgres"], "installed">,
  look: Effect.Effect<LetIn, ResourceFailure>,
): Effect.Effect<LetIn | "away"> =>
  Effect.flatMap(server.installed, (there) => (there === null ? Effect.succeed<LetIn>(() => false) : look)).pipe(
    Effect.orElseSucceed(() => "away" as const),
  )

/** One look at both servers; gives the users of an account who may log in. Of a server that is away nobody knows. */
export const whoLogsIn: Effect.Effect<(account: string) => ReadonlyArray<string>, ResourceFailure, Host> = Effect.gen(
  function* () {
    const { postgres, sql } = yield* Host
    const open: Readonly<Record<string, LetIn | "away">> = {
      mariadb: yield* whomLetsIn(
        sql,
        Effect.map(
          sql.users,
          (users) => (user) => (users.get(user) ?? []).some(({ settings }) => !settings.includes(accountLocked)),
        ),
      ),
      postgresql: yield* whomLetsIn(
        postgres,
        Effect.map(postgres.loggingIn, (users) => (user) => users.has(user)),
      ),
    }
    const read = yield* attempt(({ files }) => {
      const all = files.list(databasesFolder)
      return (account: string) =>
        databaseEntries(account, all, (file) => files.read(`${databasesFolder}/${file}`).toString("utf8"))
    })
    return (account) =>
      read(account).flatMap(({ engine, users }) => {
        const letsIn = open[engine]
        if (letsIn === "away") return users.length === 0 ? [] : [`nobody knows: ${engine} is away`]
        return users.filter((user) => letsIn?.(user) === true).map((user) => `${user} (${engine})`)
      })
  },
)

/** Idempotent. Who is in already goes when nobody is to be. One server that is away keeps nobody out of, or in, the other. */
export const letUsersIn = Effect.fnUntraced(function* (account: string, yes: boolean) {
  const { postgres, sql } = yield* Host
  const entries = yield* entriesOf(account)
  const at = (engine: string) => {
    const server = engine === "postgresql" ? postgres : sql
    const users = entries.flatMap((entry) => (entry.engine === engine ? entry.users : []))
    const change = Effect.forEach(users, (user) => server.letIn(user, yes), { discard: true })
    if (users.length === 0) return Effect.void
    return Effect.flatMap(server.installed, (there) => (there === null ? Effect.void : change))
  }
  const outcomes = yield* Effect.forEach(["mariadb", "postgresql"], (engine) => Effect.exit(at(engine)))
  for (const outcome of outcomes) yield* outcome
})
