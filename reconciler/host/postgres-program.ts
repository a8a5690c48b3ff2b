// PostgreSQL's own programs, run as the system's user postgres, whom the server lets in over its socket (peer). Statements
// go in on stdin; nothing secret is in an argument.
//
// The one thing to know before changing it: what a database has set for its sessions (a search path, say) is overruled by
// PGOPTIONS, since a superuser's session must not be led to anything of a tenant's. Failed statements are not logged either:
// they may hold verifiers.

import * as fs from "node:fs"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { execa } from "execa"
import { ResourceFailure } from "../contract/resource.ts"
import { toFailure } from "./failure.ts"
import type { PgServer } from "./postgres.ts"
import { withoutSecrets } from "./postgres-text.ts"
import { sideEffectOf } from "./side-effect.ts"

const clusters = "/etc/postgresql"
const programs = "/usr/lib/postgresql"
const sockets = "/run/postgresql"

export interface Cluster extends PgServer {
  readonly hba: string
  readonly port: string
  /** Where its programs are. */
  readonly bin: string
}

/** Debian's cluster "main", of the newest version that is installed. https://manpages.debian.org/pg_lsclusters */
export const installedCluster = (): Cluster | null => {
  const [version] = (fs.existsSync(clusters) ? fs.readdirSync(clusters) : [])
    .filter((name) => /^\d+$/.test(name) && fs.existsSync(`${programs}/${name}/bin/postgres`))
    .filter((name) => fs.existsSync(`${clusters}/${name}/main/postgresql.conf`))
    .sort((a, b) => Number(b) - Number(a))
  if (version === undefined) return null
  const folder = `${clusters}/${version}/main`
  const port = /^\s*port\s*=\s*'?(\d+)/m.exec(fs.readFileSync(`${folder}/postgresql.conf`, "utf8"))?.[1] ?? "5432"
  return {
    version,
    port,
    bin: `${programs}/${version}/bin`,
    socket: `${sockets}/.s.PGSQL.${port}`,
    hba: `${folder}/pg_hba.conf`,
  }
}

/** By which each of its programs finds the server. */
export const programEnvironment = ({ port }: Pick<Cluster, "port">) => ({
  PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  LC_ALL: "C",
  PGHOST: sockets,
  PGPORT: port,
  PGCLIENTENCODING: "UTF8",
  PGCONNECT_TIMEOUT: "5",
  PGAPPNAME: "plumbline",
})

/** The argument vector and the environment of one of its programs. */
export const asPostgres = (
  cluster: Cluster,
  argv: readonly [string, ...Array<string>],
  env: Readonly<Record<string, string>> = {},
) => ({
  argv: ["--reuid=postgres", "--regid=postgres", "--init-groups", "--", `${cluster.bin}/${argv[0]}`, ...argv.slice(1)],
  env: { ...programEnvironment(cluster), ...env },
})

const sessions = Object.entries({
  search_path: "pg_catalog",
  standard_conforming_strings: "on",
  role: "none",
  default_transaction_read_only: "off",
  client_min_messages: "warning",
  lock_timeout: "30s",
  statement_timeout: "0",
  log_statement: "none",
  log_min_error_statement: "panic",
  log_min_duration_statement: "-1",
})
  .map(([name, value]) => `-c ${name}=${value}`)
  .join(" ")

const here = Effect.suspend(() => {
  const cluster = installedCluster()
  return cluster === null ? Effect.fail(away("it is not installed")) : Effect.succeed(cluster)
}).pipe(Effect.catchDefect((cause) => Effect.fail(toFailure(cause))))

export const cluster: Effect.Effect<Cluster, ResourceFailure> = here

const psql = (database: string, statements: string) =>
  Effect.flatMap(cluster, (server) =>
    Effect.tryPromise({
      try: async (signal) => {
        const options = ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-v", "VERBOSITY=terse"]
        // Not as an argument, in which a name may be taken for a connection string.
        const { argv, env } = asPostgres(server, ["psql", ...options], {
          PGUSER: "postgres",
          PGDATABASE: database,
          PGOPTIONS: sessions,
        })
        const { exitCode, stderr, stdout, originalMessage } = await execa("setpriv", argv, {
          extendEnv: false,
          env,
          input: statements,
          reject: false,
          cancelSignal: signal,
          timeout: 120_000,
          maxBuffer: 64 * 1024 * 1024,
        })
        if (exitCode === 0) return stdout
        const words = (stderr || (originalMessage ?? "it was ended")).split("\n").slice(-10).join("\n").slice(0, 2000)
        // 2 is a connection that was not made, or was lost: psql(1).
        throw exitCode === 2 ? away(words, server) : refused(words)
      },
      catch: toFailure,
    }),
  )

/** The database in which what is of the whole server is asked and changed. */
export const server = "postgres"

/** One value. */
const ask = (database: string, query: string): Effect.Effect<unknown, ResourceFailure> =>
  Effect.flatMap(psql(database, `${query};\n`), (text) =>
    Effect.try({
      try: (): unknown => (text === "" ? undefined : JSON.parse(text)),
      catch: () => refused("an answer could not be read"),
    }),
  )

/** One value of a known shape. */
export const answer = <A>(shape: Schema.Codec<A, unknown>, database: string, query: string) =>
  Effect.flatMap(ask(database, query), (value) =>
    Effect.try({ try: () => Schema.decodeUnknownSync(shape)(value), catch: () => refused("an unexpected answer") }),
  )

/** All of them or none. Every value in them came through an encoder. */
export const change = (database: string, statements: ReadonlyArray<string>): Effect.Effect<void, ResourceFailure> =>
  statements.length === 0 ? Effect.void : changeApart(database, `begin;\n${statements.join(";\n")};\ncommit`)

/** Of those that no transaction may hold. */
export const changeApart = (database: string, statement: string): Effect.Effect<void, ResourceFailure> =>
  sideEffectOf(`psql ${database}: ${withoutSecrets(statement)}`, Effect.asVoid(psql(database, `${statement};\n`)))

const away = (words: string, server?: Cluster): ResourceFailure =>
  new ResourceFailure({
    reason: "PostgresqlAway",
    message: `PostgreSQL does not answer${server === undefined ? "" : ` on ${server.socket}`}: ${withoutSecrets(words)}`,
    mend: "See 'systemctl status postgresql@*' on the host; it is tried again by itself.",
    verdict: { kind: "retry" },
  })

export const refused = (words: string): ResourceFailure =>
  new ResourceFailure({
    reason: "PostgresqlRefused",
    message: `PostgreSQL: ${withoutSecrets(words)}`,
    verdict: { kind: "retry" },
  })
