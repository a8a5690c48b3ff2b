/**
 * The folder of an embedded Postgres: its files, who may use it, and the data directory that initdb makes in it.
 * `data` appears by a rename once it is complete: whoever finds it may rely on it.
 */
import { randomBytes } from "node:crypto"
import { chmodSync, chownSync, existsSync, mkdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import type { Binaries } from "./binaries.ts"
import { PostgresError, run } from "./processes.ts"
import { isRoot, nobody, unprivilegedWay, type Way } from "./unprivileged.ts"

/** The superuser of the server, and the database that the installation uses. */
export const role = "plumbline"

export const files = (folder: string) => ({
  data: join(folder, "data"),
  unfinished: join(folder, "data.unfinished"),
  password: join(folder, "password"),
  port: join(folder, "port"),
  log: join(folder, "log"),
  sockets: join(folder, "sockets"),
})

export const prepareFolder = (folder: string) =>
  Effect.try({
    try: () => {
      mkdirSync(files(folder).sockets, { recursive: true, mode: 0o700 })
      chmodSync(folder, 0o700)
    },
    catch: (cause) =>
      new PostgresError({
        message: `Postgres needs a folder of its own, and ${folder} cannot be used: ${reason(cause)}`,
        mend: "Make it writable for this user, or set PLUMB_HOME to another folder.",
      }),
  })

/** Postgres runs as the owner of its data: ours as a rule, but a folder that was used as another user stays usable to root. */
export const wayInto = Effect.fnUntraced(function* (
  folder: string,
  binaries: Binaries,
): Effect.fn.Return<Way, PostgresError> {
  const { data } = files(folder)
  const owner = existsSync(data) ? statSync(data) : statSync(folder)
  if (!isRoot()) {
    if (owner.uid === process.geteuid?.()) return "plain"
    return yield* new PostgresError({
      message: `The database in ${folder} belongs to another user (uid ${owner.uid}).`,
      mend: "Start as that user, or set PLUMB_HOME to a folder of your own.",
    })
  }
  const way: Way = owner.uid === 0 ? unprivilegedWay() : { uid: owner.uid, gid: owner.gid }
  if (typeof way === "string") return way
  if (way.uid === nobody.uid) handOver(folder, way)
  const test = run([binaries.postgres, "--version"], way)
  const enter = run(["test", "-w", folder], way)
  if (test.status === 0 && enter.status === 0) return way
  return yield* new PostgresError({
    message:
      "Postgres refuses to run as root, this system refuses user namespaces, and the user that it would run as" +
      ` (uid ${way.uid}) cannot get at ${test.status === 0 ? folder : binaries.postgres}.`,
    mend:
      "Any one of these helps: start as an ordinary user; move the checkout to a place that every user can enter, such as" +
      " /srv; allow user namespaces (sysctl user.max_user_namespaces); set DATABASE_URL to a Postgres that runs already.",
  })
})

const handOver = (folder: string, to: { readonly uid: number; readonly gid: number }): void => {
  const { password, port, sockets } = files(folder)
  for (const path of [folder, sockets, password, port]) if (existsSync(path)) chownSync(path, to.uid, to.gid)
}

/** A kill in the middle leaves only `data.unfinished`, which the next start throws away. */
export const initialise = Effect.fnUntraced(function* (folder: string, binaries: Binaries, way: Way) {
  const { data, unfinished, password } = files(folder)
  if (existsSync(join(data, "PG_VERSION"))) return
  rmSync(unfinished, { recursive: true, force: true })
  writeFileSync(password, `${randomBytes(24).toString("base64url")}\n`, { mode: 0o600 })
  if (typeof way !== "string") handOver(folder, way)

  const initdb = run(
    [
      binaries.initdb,
      `--pgdata=${unfinished}`,
      `--username=${role}`,
      `--pwfile=${password}`,
      "--auth=scram-sha-256",
      "--encoding=UTF8",
      "--locale-provider=builtin",
      "--builtin-locale=C.UTF-8",
      "--locale=C",
    ],
    way,
  )
  if (initdb.status !== 0) return yield* failed("initdb", initdb)
  const create = run([binaries.postgres, "--single", "-D", unfinished, "postgres"], way, `create database ${role}\n`)
  if (create.status !== 0) return yield* failed("Postgres", create)
  renameSync(unfinished, data)
})

const failed = (program: string, result: { readonly stderr: string; readonly error?: Error }) =>
  new PostgresError({
    message: `${program} could not make the database: ${(result.error?.message ?? result.stderr).trim()}`,
    mend: "Mend what it names, or set DATABASE_URL to a Postgres that runs already.",
  })

const reason = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))
