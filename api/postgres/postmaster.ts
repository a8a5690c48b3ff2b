/**
 * The server's process: how a running one is recognised, and how a new one is launched.
 */
import { spawn } from "node:child_process"
import {
  closeSync,
  existsSync,
  fstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import { anyPort, freePort } from "../ports.ts"
import { runs } from "../processes.ts"
import type { Binaries } from "./binaries.ts"
import { files } from "./folder.ts"
import { environment, PostgresError, poll } from "./processes.ts"
import { unprivileged, type Way } from "./unprivileged.ts"

/** What postmaster.pid says, if the process that it names is really the server of this folder. */
export interface Postmaster {
  readonly pid: number
  readonly port: number
  readonly state: string
}

export const runningIn = (folder: string): Postmaster | undefined => {
  const { data } = files(folder)
  let lines: ReadonlyArray<string>
  try {
    lines = readFileSync(join(data, "postmaster.pid"), "utf8").split("\n")
  } catch {
    return undefined
  }
  const pid = Number(lines[0])
  if (!runs(pid) || !livesIn(pid, data)) return undefined
  return { pid, port: Number(lines[3]), state: (lines[7] ?? "").trim() }
}

/** The running server once it is ready; undefined once there is none. */
export const settled = (folder: string): Effect.Effect<Postmaster | undefined, PostgresError> =>
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
  if (!existsSync(file) || !runs(Number.parseInt(readFileSync(file, "utf8"), 10))) return
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

export const launch = (
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
    // By itself a thirty-second of those, which many writes fill faster than it is written.
    wal_buffers: "16MB",
    timezone: "UTC",
    log_timezone: "UTC",
    ...(durable ? {} : { fsync: "off", synchronous_commit: "off", full_page_writes: "off" }),
  }
  return Object.entries(values).flatMap(([name, value]) => ["-c", `${name}=${value}`])
}

/** The port of last time if it is still free, so that a kept URL stays good. */
const choosePort = Effect.fnUntraced(function* (portFile: string) {
  const kept = existsSync(portFile) ? Number.parseInt(readFileSync(portFile, "utf8"), 10) || 0 : 0
  const port = (yield* freePort(kept)) ?? (yield* anyPort)
  writeFileSync(portFile, `${port}\n`, { mode: 0o600 })
  return port
})
