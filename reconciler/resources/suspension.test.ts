// Whom a suspension keeps from databases: everybody whom the account's own records let in, whatever has become of those.

import * as Effect from "effect/Effect"
import { expect, it } from "vitest"
import { ResourceFailure } from "../contract/resource.ts"
import { Host } from "../host/host.ts"
import { onScratchHost } from "../host/scratch-host.ts"
import { databaseEntryText, databasesFolder } from "./database-entry.ts"
import { directoryType } from "./directory.ts"
import { suspensionType } from "./suspension.ts"
import { suspensionsFolder } from "./suspension-place.ts"

const mark = `${suspensionsFolder}/acme`
const root = { owner: "root", group: "root" }
const rules = "include /etc/plumbline/nginx/suspended.conf;"

const look = (suspended: boolean) =>
  Effect.map(suspensionType.observe(mark, { suspended, rules }), (seen) => ({
    seen,
    diff: suspensionType.diff({ suspended, rules }, seen),
  }))
const heal = (suspended: boolean) =>
  Effect.flatMap(look(suspended), ({ seen }) => suspensionType.apply(mark, { suspended, rules }, seen, "r1"))

const account = (database: string, host = "localhost") => ({
  host,
  verifier: "invalid",
  database,
  privileges: "SELECT",
})

const prepare = Effect.gen(function* () {
  const { files, postgres, sql } = yield* Host
  for (const path of ["/etc/plumbline", databasesFolder, suspensionsFolder])
    yield* directoryType.apply(path, { ...root, mode: 0o700 }, undefined, "r1")
  const entry = (name: string, engine: string, ...users: ReadonlyArray<string>) =>
    files.write(`${databasesFolder}/${name}`, databaseEntryText({ engine, users }), { ...root, mode: 0o600 })
  entry("acme.shop", "mariadb", "shop", "report")
  entry("acme.wiki.postgresql", "postgresql", "wiki")
  entry("acme-two.other", "mariadb", "other")
  yield* sql.setAccount("shop", account("shop"), undefined)
  yield* sql.setAccount("shop", account("shop", "192.0.2.1"), undefined)
  yield* sql.setAccount("report", account("shop"), undefined)
  yield* sql.setAccount("other", account("other"), undefined)
  // An administrator's own, with rights on the same database.
  yield* sql.setAccount("monitor", account("shop"), undefined)
  const role = { verifier: null, login: true, memberOf: [], begins: [] }
  for (const name of ["wiki", "stranger"]) yield* postgres.setRole(name, role, undefined)
})

/** Names of those who may log in, once for each place they come from. */
const open = Effect.gen(function* () {
  const { postgres, sql } = yield* Host
  const users = [...(yield* sql.users)].flatMap(([name, all]) =>
    all.filter(({ settings }) => settings.length === 0).map(() => name),
  )
  return [...users, ...(yield* postgres.loggingIn)].sort()
})

const everybody = ["monitor", "other", "report", "shop", "shop", "stranger", "wiki"]

it("locks out the account's users at both servers and nobody else, finds who is let in again, and lets all in when it ends", () =>
  onScratchHost(() =>
    Effect.gen(function* () {
      yield* prepare
      const { sql } = yield* Host
      expect(yield* open).toEqual(everybody)
      expect((yield* look(false)).diff).toEqual([])

      yield* heal(true)
      expect(yield* open).toEqual(["monitor", "other", "stranger"])
      expect((yield* look(true)).diff).toEqual([])

      const survey = suspensionType.survey ?? Effect.die("no survey")
      const before = (yield* survey)(mark)
      yield* sql.letIn("report", true)
      expect((yield* survey)(mark)).not.toBe(before)
      expect((yield* look(true)).diff).toEqual([
        { field: "database log-ins", want: "nobody's", have: "report (mariadb)", kind: "runtime" },
      ])
      yield* heal(true)
      expect(yield* open).toEqual(["monitor", "other", "stranger"])

      yield* heal(false)
      expect(yield* open).toEqual(everybody)
      expect((yield* look(false)).seen).toBeUndefined()
    }),
  ))

it("is made as far as it can while a server is away, says so, and does not end before that is back", () =>
  onScratchHost(() =>
    Effect.gen(function* () {
      yield* prepare
      const host = yield* Host
      const refused = new ResourceFailure({ reason: "MariadbAway", message: "gone", verdict: { kind: "retry" } })
      const away = Effect.fail(refused)
      const without = { ...host, sql: { ...host.sql, users: away, letIn: () => away } }
      yield* Effect.gen(function* () {
        expect(yield* Effect.flip(heal(true))).toBe(refused)
        expect([...(yield* host.postgres.loggingIn)]).toEqual(["stranger"])
        expect((yield* look(true)).diff).toEqual([
          { field: "database log-ins", want: "nobody's", have: "nobody knows: mariadb is away", kind: "runtime" },
        ])
        expect(yield* Effect.flip(heal(false))).toBe(refused)
        expect((yield* look(false)).seen).toBeDefined()
      }).pipe(Effect.provideService(Host, without))
      yield* heal(false)
      expect(yield* open).toEqual(everybody)
    }),
  ))
