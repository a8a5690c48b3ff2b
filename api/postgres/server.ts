/**
 * One Postgres server on a folder of its own: made, started, adopted, stopped.
 *
 * The server belongs to the folder, not to the process that started it. It has its own session (Ctrl-C does not reach it)
 * and outlives a kill -9 of its parent; whoever starts next finds it through postmaster.pid and takes it over.
 */
import { spawn, spawnSync } from "node:child_process"
import { randomBytes } from "node:crypto"
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs"
import { createServer } from "node:net"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import { type Binaries, findBinaries } from "./binaries.ts"
import { isRoot, nobody, unprivileged, unprivilegedWay, type Way } from "./unprivileged.ts"

export interface Server {
  readonly folder: string
  readonly pid: number
  readonly port: number
  readonly url: string
  /** It ran already: the process that had started it did not stop it. */
  readonly adopted: boolean
}

export interface Options {
  readonly folder: string
  /** False trades safety after a power cut for speed. For tests only. */
  readonly durable?: boolean
}

export class PostgresError extends Schema.TaggedError<PostgresError>()("PostgresError", {
  message: Schema.String,
  mend: Schema.String,
}) {}

export const role = "plumbline"

export const start = Effect.fn("postgres.start")(function* (options: Options) {
  const binaries = findBinaries()
  if (binaries === undefined) return yield* noBinaries()
  yield* prepareFolder(options.folder)
  const folder = realpathSync(options.folder)

  const running = yield* settled(folder)
  if (running !== undefined) return describe(folder, running, true)

  const way = yield* wayInto(folder, binaries)
  yield* initialise(folder, binaries, way)
  const launched = yield* Effect.retry(launch(folder, binaries, way, options.durable ?? true), {
    while: ({ again }) => again,
    schedule: Schedule.max([Schedule.spaced("300 millis"), Schedule.recurs(20)]),
  }).pipe(Effect.mapError(({ error }) => error))
  return describe(folder, launched, false)
})

/** Fast shutdown: sessions are cut, everything is written. Succeeds too when the server is gone already. */
export const stop = Effect.fn("postgres.stop")(function* (server: Server) {
  if (runningIn(server.folder)?.pid !== server.pid) return
  signal(server.pid, "SIGINT")
  yield* gone(server.pid, "30 seconds").pipe(
    // Immediate shutdown: the next start replays the log.
    Effect.catch(() =>
      Effect.sync(() => signal(server.pid, "SIGQUIT")).pipe(Effect.andThen(gone(server.pid, "5 seconds"))),
    ),
    Effect.catch(
      () => new PostgresError({ message: `Postgres (process ${server.pid}) does not end.`, mend: "End it by hand." }),
    ),
  )
})

// -- the folder

const files = (folder: string) => ({
  data: join(folder, "data"),
  unfinished: join(folder, "data.unfinished"),
  password: join(folder, "password"),
  port: join(folder, "port"),
  log: join(folder, "log"),
  sockets: join(folder, "sockets"),
})

const prepareFolder = (folder: string) =>
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
const wayInto = Effect.fnUntraced(function* (folder: string, binaries: Binaries): Effect.fn.Return<Way, PostgresError> {
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
const initialise = Effect.fnUntraced(function* (folder: string, binaries: Binaries, way: Way) {
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

// -- the process

/** What postmaster.pid says, if the process that it names is really the server of this folder. */
interface Postmaster {
  readonly pid: number
  readonly port: number
  readonly state: string
}

const runningIn = (folder: string): Postmaster | undefined => {
  const { data } = files(folder)
  let lines: ReadonlyArray<string>
  try {
    lines = readFileSync(join(data, "postmaster.pid"), "utf8").split("\n")
  } catch {
    return undefined
  }
  const pid = Number(lines[0])
  if (!isAlive(pid) || !livesIn(pid, data)) return undefined
  return { pid, port: Number(lines[3]), state: (lines[7] ?? "").trim() }
}

/** The running server once it is ready; undefined once there is none. */
const settled = (folder: string): Effect.Effect<Postmaster | undefined, PostgresError> =>
  poll(
    () => {
      const found = runningIn(folder)
      return found === undefined || found.state === "ready" ? { found } : undefined
    },
    "2 minutes",
    () => `Postgres in ${folder} runs but does not get ready.`,
  ).pipe(
    Effect.map(({ found }) => found),
    Effect.tap((found) => Effect.sync(() => found ?? dropForeignPid(folder))),
  )

/**
 * Postgres makes a stale postmaster.pid good by itself, unless another process has got that pid since. It also looks there
 * for children of a killed server that still write: so the file goes only when no process lives in the data directory.
 */
const dropForeignPid = (folder: string): void => {
  const { data } = files(folder)
  const file = join(data, "postmaster.pid")
  if (!existsSync(file) || !isAlive(Number.parseInt(readFileSync(file, "utf8"), 10))) return
  if (!readdirSync("/proc").some((pid) => /^\d+$/.test(pid) && livesIn(Number(pid), data)))
    rmSync(file, { force: true })
}

/** A server and its children live in their data directory, and nobody else does. */
const livesIn = (pid: number, data: string): boolean => {
  try {
    return readlinkSync(`/proc/${pid}/cwd`) === data
  } catch {
    return false
  }
}

interface LaunchFailure {
  readonly error: PostgresError
  readonly again: boolean
}

const launch = (
  folder: string,
  binaries: Binaries,
  way: Way,
  durable: boolean,
): Effect.Effect<Postmaster, LaunchFailure> =>
  Effect.gen(function* () {
    const { log, port: portFile, data } = files(folder)
    const port = yield* choosePort(portFile)
    const output = openSync(log, "a", 0o600)
    const before = fstatSync(output).size
    const [program = "", ...args] = unprivileged(
      [binaries.postgres, "-D", data, ...settings(folder, port, durable)],
      way,
    )
    const child = spawn(program, args, {
      cwd: "/",
      env: environment,
      detached: true,
      stdio: ["ignore", output, output],
    })
    closeSync(output)
    child.unref()
    let ended = false
    child.once("error", () => (ended = true))
    child.once("exit", () => (ended = true))

    const outcome = yield* poll(
      () => {
        if (ended) return { found: undefined }
        const found = runningIn(folder)
        return found?.pid === child.pid && found?.state === "ready" ? { found } : undefined
      },
      "2 minutes",
      () => `Postgres in ${folder} does not get ready; see ${log}.`,
    ).pipe(Effect.mapError((error) => ({ error, again: false })))
    if (outcome.found !== undefined) return outcome.found

    const words = readFileSync(log).subarray(before).toString("utf8").trim()
    return yield* Effect.fail({
      error: new PostgresError({ message: `Postgres ended at once:\n${words}`, mend: `The whole log is in ${log}.` }),
      // Somebody took the port between our look and the bind; or the last children of a killed server are still ending.
      again: words.includes("could not bind") || words.includes("shared memory block"),
    })
  })

const settings = (folder: string, port: number, durable: boolean): ReadonlyArray<string> => {
  const { sockets } = files(folder)
  // A socket's path has room for 107 bytes, and Postgres appends its own name.
  const fits = Buffer.byteLength(`${sockets}/.s.PGSQL.65535.lock`) < 107
  const values = {
    port,
    listen_addresses: "127.0.0.1",
    unix_socket_directories: fits ? `"${sockets.replaceAll('"', '""')}"` : "",
    unix_socket_permissions: "0700",
    max_connections: 100,
    shared_buffers: "64MB",
    timezone: "UTC",
    log_timezone: "UTC",
    ...(durable ? {} : { fsync: "off", synchronous_commit: "off", full_page_writes: "off" }),
  }
  return Object.entries(values).flatMap(([name, value]) => ["-c", `${name}=${value}`])
}

/** The port of last time if it is still free, so that a kept URL stays good. */
const choosePort = Effect.fnUntraced(function* (portFile: string) {
  const kept = existsSync(portFile) ? Number(readFileSync(portFile, "utf8")) : 0
  const port = (yield* freePort(kept)) ?? (yield* freePort(0)) ?? 0
  writeFileSync(portFile, `${port}\n`, { mode: 0o600 })
  return port
})

const freePort = (port: number): Effect.Effect<number | undefined> =>
  Effect.callback((resume) => {
    const server = createServer()
    server.once("error", () => resume(Effect.succeed(undefined)))
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => {
      const address = server.address()
      const found = typeof address === "object" ? address?.port : undefined
      server.close(() => resume(Effect.succeed(found)))
    })
  })

const describe = (folder: string, { pid, port }: Postmaster, adopted: boolean): Server => {
  const password = readFileSync(files(folder).password, "utf8").trim()
  return { folder, pid, port, adopted, url: `postgres://${role}:${password}@127.0.0.1:${port}/${role}` }
}

// -- small tools

/** Nothing of the caller's environment (PGDATA, PGPORT, a locale that is not installed) may change what the server does. */
const environment = { PATH: process.env["PATH"] ?? "/usr/bin:/bin", LC_ALL: "C", TZ: "UTC" }

const run = (argv: ReadonlyArray<string>, way: Way, input = "") => {
  const [program = "", ...args] = unprivileged(argv, way)
  return spawnSync(program, args, { cwd: "/", env: environment, encoding: "utf8", input })
}

const isAlive = (pid: number): boolean => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8")
    // The state follows the name, which is in parentheses. A zombie waits for a parent that may never come.
    return !/^ [ZX]/.test(stat.slice(stat.lastIndexOf(")") + 1))
  } catch {
    return false
  }
}

const signal = (pid: number, name: NodeJS.Signals): void => {
  try {
    process.kill(pid, name)
  } catch {
    // It is gone already: what was wanted.
  }
}

const poll = <A>(look: () => A | undefined, atMost: "5 seconds" | "30 seconds" | "2 minutes", late: () => string) =>
  Effect.gen(function* () {
    for (;;) {
      const seen = look()
      if (seen !== undefined) return seen
      yield* Effect.sleep("15 millis")
    }
  }).pipe(
    Effect.timeoutOrElse({
      duration: atMost,
      orElse: () => Effect.fail(new PostgresError({ message: late(), mend: "See the log beside the data." })),
    }),
  )

const gone = (pid: number, atMost: "5 seconds" | "30 seconds") =>
  poll(
    () => (isAlive(pid) ? undefined : true),
    atMost,
    () => `Process ${pid} does not end.`,
  )

const noBinaries = () =>
  new PostgresError({
    message: `There is no Postgres for ${process.platform} ${process.arch} in node_modules.`,
    mend: "Install without --omit=optional on Linux (x64 or arm64), or set DATABASE_URL to a Postgres that runs already.",
  })

const failed = (program: string, result: { readonly stderr: string; readonly error?: Error }) =>
  new PostgresError({
    message: `${program} could not make the database: ${(result.error?.message ?? result.stderr).trim()}`,
    mend: "Mend what it names, or set DATABASE_URL to a Postgres that runs already.",
  })

const reason = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))
