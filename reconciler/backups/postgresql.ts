// Databases on PostgreSQL. A dump is loaded into a new database by a role that may do nothing but that; then everything in it
// is given to the roles of the database whose place it takes, and the two change their names in one transaction.
//
// The one thing to know before changing it: while a dump is loaded its functions run, and they are a tenant's. Until then
// nothing that is anybody's is within reach of who loads it; nor do the roles of the database have a right in the new one,
// which the agent would find.

import { randomBytes } from "node:crypto"
import * as fs from "node:fs"
import { pipeline } from "node:stream/promises"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { scramVerifier } from "../../spec/scram.ts"
import type { ResourceFailure } from "../contract/resource.ts"
import { everyUser, ownersOf } from "../host/postgres.ts"
import { restoreOptions, wholeDump } from "../host/postgres-dump.ts"
import { answer, change, changeApart, installedCluster, programEnvironment, server } from "../host/postgres-program.ts"
import { mendRights } from "../host/postgres-rights.ts"
import { changePlaces, createDatabase, createEveryUser, createGroup } from "../host/postgres-statements.ts"
import { identifier, literal, password as passwordIs } from "../host/postgres-text.ts"
import { type BackupJob, backupUser, stateFolderOf } from "../resources/backup-place.ts"
import type { Server } from "./databases.ts"
import { databaseSandbox, execute, toTheEnd } from "./restic.ts"
import { Refused } from "./spool.ts"
import { inUnit } from "./unit.ts"

/** Who logs in to load it. */
const loaderOf = (fresh: string): string => `${fresh}_load`

const tablesQuery = `
  select count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'`

/** Not of the server's own, which look whether all is as it should be and are soon done. */
const endSessions = (names: ReadonlyArray<string>): string =>
  `select count(pg_terminate_backend(pid)) from pg_stat_activity where datname in (${names.map(literal).join(", ")})
   and not (usename = 'postgres' and application_name = 'plumbline')`

/** Undefined where the host has none. */
export const postgresql = (job: BackupJob): Server | undefined => {
  const cluster = installedCluster()
  if (cluster === null) return undefined
  const variables = `${stateFolderOf(job.policy)}/loader.environment`
  const done = <A>(effect: Effect.Effect<A, ResourceFailure>): Promise<A> => Effect.runPromise(effect)
  const program = (name: string, env: Readonly<Record<string, string>>, args: ReadonlyArray<string>) => [
    ...["/usr/bin/env", ...Object.entries({ ...programEnvironment(cluster), ...env }).map((one) => one.join("="))],
    ...[`${cluster.bin}/${name}`, ...args],
  ]
  const has = async (database: string): Promise<boolean> =>
    await done(
      answer(
        Schema.Boolean,
        server,
        `select to_json(exists (select from pg_database where datname = ${literal(database)}))`,
      ),
    )
  const count = (database: string) => done(answer(Schema.Int, database, tablesQuery))

  const drop = async (database: string) => {
    await done(changeApart(server, `DROP DATABASE IF EXISTS ${identifier(database)} WITH (FORCE)`))
    await done(
      change(
        server,
        [loaderOf(database), database].map((role) => `DROP ROLE IF EXISTS ${identifier(role)}`),
      ),
    )
  }

  const fill = async (fresh: string, password: string, source: AsyncIterable<Buffer>) => {
    fs.writeFileSync(variables, `PGPASSWORD=${password}\n`, { mode: 0o600 })
    try {
      const sandbox = [`User=${backupUser}`, `Group=${backupUser}`, ...databaseSandbox]
      const hidden = ["InaccessiblePaths=-/var/lib/plumbline -/etc/plumbline", `EnvironmentFile=${variables}`]
      // It knows the last entry when it sees it, and may be gone before the repository has closed.
      const argv = toTheEnd(program("pg_restore", { PGUSER: loaderOf(fresh) }, restoreOptions(fresh, fresh)))
      const said = await execute(inUnit(job, "load", [...sandbox, ...hidden], argv), (stdin) => pipeline(source, stdin))
      if (said.code !== 0) throw new Refused(`The dump does not load: ${said.err.trim().slice(-1000)}`)
    } finally {
      fs.rmSync(variables, { force: true })
    }
  }

  return {
    dump: (database) => ({
      argv: program(
        "pg_dump",
        { PGUSER: "postgres", PGDATABASE: database, PGOPTIONS: "-c role=none -c statement_timeout=0" },
        // restic compresses, and finds what is the same as in the backup before.
        [...wholeDump, "--compress=0"],
      ),
      properties: ["User=postgres", "Group=postgres", ...databaseSandbox],
    }),
    drop,
    close: () => Promise.resolve(),
    load: async ({ fresh, into }, read) => {
      const password = randomBytes(24).toString("base64url")
      const [own, loader] = [fresh, loaderOf(fresh)].map(identifier)
      await done(changeApart(server, createDatabase(fresh)))
      await done(
        change(server, [
          createEveryUser,
          createGroup(fresh),
          `CREATE ROLE ${loader} LOGIN ${passwordIs(scramVerifier(password, randomBytes(16)))}`,
          `GRANT ${identifier(everyUser)}, ${own} TO ${loader}`,
          `REVOKE ALL ON DATABASE ${own} FROM PUBLIC`,
          `GRANT CREATE, CONNECT, TEMPORARY ON DATABASE ${own} TO ${own}`,
        ]),
      )
      await done(change(fresh, [`ALTER SCHEMA public OWNER TO ${own}`]))
      await read((source) => fill(fresh, password, source))
      await done(change(server, [`ALTER ROLE ${loader} NOLOGIN`, endSessions([fresh])]))
      const heir = into === null ? "postgres" : ownersOf(into)
      await done(change(fresh, [`REASSIGN OWNED BY ${own} TO ${identifier(heir)}`, `DROP OWNED BY ${own}`]))
      await done(change(server, [`DROP ROLE ${loader}`, `DROP ROLE ${own}`]))
      if (into !== null) await done(mendRights(fresh, into))
      return count(fresh)
    },
    back: ({ fresh }) => count(fresh),
    swap: async ({ database, former, fresh }) => {
      if (!(await has(fresh))) return
      // A rename holds new sessions off, and waits for five seconds until there are no others.
      const ending = Effect.forever(Effect.delay(changeApart(server, endSessions([database, fresh])), "100 millis"))
      await done(
        Effect.raceFirst(change(server, changePlaces(database, fresh, former)), ending).pipe(
          Effect.retry({ times: 2 }),
        ),
      ).catch((cause) => {
        throw new Refused(`${database} cannot change places: ${cause instanceof Error ? cause.message : cause}`)
      })
    },
  }
}
