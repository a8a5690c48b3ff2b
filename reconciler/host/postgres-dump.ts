// A database as one compressed file, and back, by PostgreSQL's own programs.
//
// The one thing to know before changing it: what is in a dump was written by a tenant, and functions in it run while it is
// brought back (of indexes, of constraints). So who brings it back logs in as a role that may do nothing elsewhere, made for
// that and gone afterwards: a superuser who only takes another role can be made to take it off.

import { randomBytes } from "node:crypto"
import { createReadStream, createWriteStream } from "node:fs"
import * as fs from "node:fs/promises"
import { pipeline } from "node:stream/promises"
import * as Effect from "effect/Effect"
import { execa } from "execa"
import { scramVerifier } from "../../spec/scram.ts"
import { diskFailure } from "./disk-failure.ts"
import { toFailure } from "./failure.ts"
import { everyUser, fillerOf, ownersOf, readersOf } from "./postgres.ts"
import { asPostgres, type Cluster, change, refused } from "./postgres-program.ts"
import { identifier, password as passwordIs } from "./postgres-text.ts"
import { sideEffectOf } from "./side-effect.ts"

/** Who owns what, and may do what, is known from the record. */
const asItIs = ["--no-owner", "--no-acl"]
const own = [...asItIs, "--no-publications", "--no-subscriptions", "--no-security-labels", "--no-tablespaces"]

/** Of pg_dump: one moment of everything that is the database's. */
export const wholeDump = ["--format=custom", "--lock-wait-timeout=30s", ...own]

/** Of pg_restore: all of it or nothing, made as that role. */
export const restoreOptions = (database: string, role: string): ReadonlyArray<string> => [
  ...asItIs,
  "--exit-on-error",
  "--single-transaction",
  `--role=${role}`,
  `--dbname=${database}`,
]

const options = { extendEnv: false, reject: false } as const

/** Into a file of this machine; `temporary` is where it grows. */
export const dumpDatabase = (server: Cluster, name: string, file: string, temporary: string) =>
  sideEffectOf(
    `pg_dump ${name} > ${file}`,
    Effect.tryPromise({
      try: async (signal) => {
        await fs.rm(temporary, { force: true })
        const { argv, env } = asPostgres(server, ["pg_dump", "--compress=3", ...wholeDump], {
          PGUSER: "postgres",
          PGDATABASE: name,
          PGOPTIONS: "-c role=none -c statement_timeout=0",
        })
        const child = execa("setpriv", argv, {
          ...options,
          env,
          stdin: "ignore",
          buffer: { stdout: false, stderr: true },
          encoding: "buffer",
          cancelSignal: signal,
        })
        await pipeline(child.stdout, createWriteStream(temporary, { flags: "wx", mode: 0o600, flush: true }))
        const { exitCode, stderr, originalMessage } = await child
        if (exitCode !== 0) throw refused(lastOf(Buffer.from(stderr ?? []).toString("utf8"), originalMessage))
        await fs.rename(temporary, file)
        const folder = await fs.open(file.slice(0, file.lastIndexOf("/")))
        await folder.sync().finally(() => folder.close())
      },
      catch: (cause) => toFailure(diskFailure(cause, file)),
    }).pipe(Effect.tapError(() => Effect.promise(() => fs.rm(temporary, { force: true })))),
  )

/** Into an empty database that has its roles. */
export const restoreDatabase = (server: Cluster, name: string, file: string) =>
  Effect.gen(function* () {
    const filler = identifier(fillerOf(name))
    const password = randomBytes(24).toString("base64url")
    yield* dropFiller(name)
    yield* change("postgres", [
      `CREATE ROLE ${filler} LOGIN ${passwordIs(scramVerifier(password, randomBytes(16)))}`,
      `GRANT ${[everyUser, readersOf(name), ownersOf(name)].map(identifier).join(", ")} TO ${filler}`,
    ])
    yield* Effect.ensuring(runRestore(server, name, file, password), Effect.ignore(dropFiller(name)))
  })

const dropFiller = (name: string) => change("postgres", [`DROP ROLE IF EXISTS ${identifier(fillerOf(name))}`])

const runRestore = (server: Cluster, name: string, file: string, password: string) =>
  sideEffectOf(
    `pg_restore ${name} < ${file}`,
    Effect.tryPromise({
      try: async (signal) => {
        const { argv, env } = asPostgres(server, ["pg_restore", ...restoreOptions(name, ownersOf(name))], {
          PGUSER: fillerOf(name),
          PGPASSWORD: password,
        })
        const child = execa("setpriv", argv, { ...options, env, stdout: "ignore", cancelSignal: signal })
        // A program that ends early closes the pipe; what it said is told below.
        await pipeline(createReadStream(file), child.stdin).catch((cause) => {
          if ((cause as NodeJS.ErrnoException).code !== "EPIPE") throw cause
        })
        const { exitCode, stderr, originalMessage } = await child
        if (exitCode !== 0) throw refused(lastOf(stderr, originalMessage))
      },
      catch: (cause) => toFailure(diskFailure(cause, file)),
    }),
  )

const lastOf = (said: string, otherwise: string | undefined): string =>
  said.trim().split("\n").slice(-10).join("\n").slice(0, 2000) || (otherwise ?? "it was ended")
