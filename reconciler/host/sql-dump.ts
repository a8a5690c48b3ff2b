// A database as one compressed file, and back, by MariaDB's own programs as root over the socket. Nothing secret is in an
// argument, and root's own option files are not read.
//
// The one thing to know before changing it: what is in a dump was written by a tenant. Comments, in which a name could end
// a line, are left out, and on the way back the client obeys none of its own commands (--binary-mode).

import { createReadStream, createWriteStream } from "node:fs"
import * as fs from "node:fs/promises"
import { pipeline } from "node:stream/promises"
import { createGunzip, createGzip } from "node:zlib"
import * as Effect from "effect/Effect"
import { execa } from "execa"
import { ResourceFailure } from "../contract/resource.ts"
import { diskFailure } from "./disk-failure.ts"
import { toFailure } from "./failure.ts"
import { sideEffectOf } from "./side-effect.ts"

const environment = { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C", TERM: "dumb" }

const options = (socket: string) => [
  "--no-defaults",
  `--socket=${socket}`,
  "--user=root",
  "--default-character-set=utf8mb4",
]

/** Of tables one moment, without holding up who writes; with all that belongs to the database. */
const everything = ["--single-transaction", "--quick", "--routines", "--triggers", "--events", "--hex-blob"]

/** Everything of one database on stdout. */
export const dumpCommand = (socket: string, name: string): ReadonlyArray<string> => [
  "mariadb-dump",
  ...options(socket),
  ...everything,
  "--skip-comments",
  "--",
  name,
]

/** Into a file of this machine; `temporary` is where it grows. */
export const dumpDatabase = (socket: string, name: string, file: string, temporary: string) =>
  sideEffectOf(
    `mariadb-dump ${name} > ${file}`,
    Effect.tryPromise({
      try: async (signal) => {
        const whole = await runDump([...options(socket), ...everything, "--skip-comments"], name, temporary, signal)
        // A view of a table that is gone stops a dump. It is passed over, so that nobody can make a database unremovable.
        const said =
          whole === undefined
            ? undefined
            : await runDump([...options(socket), ...everything, "--skip-comments", "--force"], name, temporary, signal)
        if (said?.split("\n").some((line) => line !== "" && !/^mariadb-dump: Couldn't execute /.test(line)) === true) {
          throw programFailed("mariadb-dump", said)
        }
        await fs.rename(temporary, file)
        const folder = await fs.open(file.slice(0, file.lastIndexOf("/")))
        await folder.sync().finally(() => folder.close())
      },
      catch: (cause) => toFailure(diskFailure(cause, file)),
    }).pipe(Effect.tapError(() => Effect.promise(() => fs.rm(temporary, { force: true })))),
  )

/** Gives what it complained of; nothing when all went well. */
const runDump = async (argv: ReadonlyArray<string>, name: string, temporary: string, signal: AbortSignal) => {
  await fs.rm(temporary, { force: true })
  const child = execa("mariadb-dump", [...argv, "--", name], {
    extendEnv: false,
    env: environment,
    stdin: "ignore",
    buffer: { stdout: false, stderr: true },
    encoding: "buffer",
    reject: false,
    cancelSignal: signal,
  })
  await pipeline(
    child.stdout,
    createGzip({ level: 3 }),
    createWriteStream(temporary, { flags: "wx", mode: 0o600, flush: true }),
  )
  const { exitCode, stderr, originalMessage } = await child
  if (exitCode === 0) return undefined
  return (
    Buffer.from(stderr ?? [])
      .toString("utf8")
      .trim() ||
    (originalMessage ?? "it was ended")
  )
}

export const restoreDatabase = (socket: string, name: string, file: string) =>
  sideEffectOf(
    `mariadb ${name} < ${file}`,
    Effect.tryPromise({
      try: async (signal) => {
        const child = execa("mariadb", [...options(socket), "--batch", "--binary-mode", `--database=${name}`], {
          extendEnv: false,
          env: environment,
          stdout: "ignore",
          reject: false,
          cancelSignal: signal,
        })
        // A client that ends early closes the pipe; what it said is told below.
        await pipeline(createReadStream(file), createGunzip(), child.stdin).catch((cause) => {
          if ((cause as NodeJS.ErrnoException).code !== "EPIPE") throw cause
        })
        const { exitCode, stderr, originalMessage } = await child
        if (exitCode !== 0) throw programFailed("mariadb", stderr || (originalMessage ?? "it was ended"))
      },
      catch: (cause) => toFailure(diskFailure(cause, file)),
    }),
  )

const programFailed = (program: string, words: string): ResourceFailure =>
  new ResourceFailure({
    reason: "CommandFailed",
    message: `${program}: ${words.split("\n").slice(-10).join("\n").slice(0, 2000)}`,
    verdict: { kind: "retry" },
  })
