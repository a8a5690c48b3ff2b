// For tests of the command: a real API process on a database of its own, and `plumb` as a process beside it, with nothing of
// the surrounding environment. The agent's part is played by rows that the test writes.

import { execFile, spawn } from "node:child_process"
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import * as PgClient from "@effect/sql-pg/PgClient"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Reactivity from "effect/reactivity/Reactivity"
import { anyPort } from "../ports.ts"
import { apiArgv } from "../program.ts"

const program = (path: string) => fileURLToPath(new URL(path, import.meta.url))

export interface Outcome {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly stdin?: string
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
}

/** A folder of its own to run `plumb` in, without an API. */
export const workplace = () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "plumb-cli-")))
  const environment = { PATH: process.env["PATH"] ?? "", HOME: folder, PLUMB_HOME: join(folder, "home") }
  const start = (args: ReadonlyArray<string>, env: Readonly<Record<string, string>> = {}) =>
    spawn(process.execPath, [program("main.ts"), ...args], { cwd: folder, env: { ...environment, ...env } })
  return {
    folder,
    home: join(folder, "home"),
    /** Writes a file into the folder and gives its path. */
    write: (name: string, text: string): string => {
      writeFileSync(join(folder, name), text)
      return join(folder, name)
    },
    plumb: (args: ReadonlyArray<string>, { stdin = "", env = {}, cwd = folder }: RunOptions = {}): Promise<Outcome> =>
      new Promise((resolve) => {
        const child = execFile(
          process.execPath,
          [program("main.ts"), ...args],
          { cwd, env: { ...environment, ...env }, maxBuffer: 1 << 26 },
          (error, stdout, stderr) =>
            resolve({ code: typeof error?.code === "number" ? error.code : error === null ? 0 : -1, stdout, stderr }),
        )
        child.stdin?.on("error", () => undefined)
        child.stdin?.end(stdin)
      }),
    /** The same without waiting for its end. */
    start,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}
export type Workplace = ReturnType<typeof workplace>

export const until = async <A>(look: () => A | undefined | false | Promise<A | undefined | false>, within = 20_000) => {
  for (const end = Date.now() + within; ; ) {
    const seen = await look()
    if (seen !== undefined && seen !== false) return seen
    if (Date.now() > end) throw new Error(`not so within ${within} ms: ${look}`)
    await new Promise((resolve) => setTimeout(resolve, 30))
  }
}

const healthy = (url: string) =>
  fetch(`${url}/health`).then(
    (response) => response.ok,
    () => false,
  )

/** An API on this database, its workplace set up as `plumb up` would leave it. */
export const withApi = async (databaseUrl: string) => {
  const place = workplace()
  const port = await Effect.runPromise(anyPort)
  const url = `http://127.0.0.1:${port}`
  const [node, ...args] = apiArgv
  const api = spawn(node, args, {
    env: { PATH: process.env["PATH"] ?? "", DATABASE_URL: databaseUrl, PLUMB_HOME: place.home, PORT: String(port) },
    stdio: ["ignore", "pipe", "pipe"],
  })
  let log = ""
  api.stdout.setEncoding("utf8").on("data", (part) => {
    log += part
  })
  api.stderr.setEncoding("utf8").on("data", (part) => {
    log += part
    process.stderr.write(part)
  })
  // A test's host may be booting beside it, and another test's.
  await until(() => healthy(url), 120_000).catch((cause) => {
    throw new Error(`The API is not there: ${log}`, { cause })
  })
  writeFileSync(join(place.home, "server.json"), JSON.stringify({ url, pid: api.pid, startTime: null }))
  const sql = <Row extends object = object>(
    statement: (sql: PgClient.PgClient) => Effect.Effect<ReadonlyArray<Row>, unknown>,
  ) =>
    Effect.runPromise(
      PgClient.makeClient({ url: Redacted.make(databaseUrl) }).pipe(
        Effect.flatMap(statement),
        Effect.scoped,
        Effect.provide(Reactivity.layer),
      ),
    )
  return {
    ...place,
    url,
    databaseUrl,
    /** What the API has written to its log. */
    log: () => log,
    sql,
    /** Says of a record what an agent would: `type` is Ready, Stalled, … at its present generation. */
    report: (kind: string, name: string, type: string, message = "") =>
      sql(
        (sql) => sql`insert into status (kind, name, node, observed_generation, observed_version, conditions)
          select kind, name, 'web1', generation, version, ${JSON.stringify([
            { type, status: "True", reason: type, message, lastTransitionTime: "2031-04-05T12:00:00.000Z" },
          ])}::jsonb from records where kind = ${kind} and name = ${name}
          on conflict (kind, name, node) do update
            set observed_generation = excluded.observed_generation,
              observed_version = excluded.observed_version, conditions = excluded.conditions`,
      ),
    close: async () => {
      api.kill("SIGTERM")
      await until(() => api.exitCode !== null || api.signalCode !== null)
      place.remove()
    },
  }
}
export type WithApi = Awaited<ReturnType<typeof withApi>>
