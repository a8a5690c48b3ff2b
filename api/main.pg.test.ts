import { type ChildProcess, spawn } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { emptyDatabase } from "../fixtures/postgres/test-database.ts"
import { anyPort } from "./ports.ts"
import { type Server, start, stop } from "./postgres/server.ts"
import { apiArgv } from "./program.ts"

const [node, ...args] = apiArgv

const temporary = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "plumb-api-"))),
  (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true })),
)

interface Running {
  readonly process: ChildProcess
  readonly log: () => string
  readonly exit: Effect.Effect<number | null>
}

const run = (environment: Record<string, string>) =>
  Effect.acquireRelease(
    Effect.sync((): Running => {
      const child = spawn(node, args, {
        env: { ...process.env, ...environment },
        stdio: ["ignore", "pipe", "pipe"],
      })
      let log = ""
      child.stdout.on("data", (data) => {
        log += data
      })
      child.stderr.on("data", (data) => {
        log += data
      })
      const ended = new Promise<number | null>((resolve) => child.once("exit", (code) => resolve(code)))
      return { process: child, log: () => log, exit: Effect.promise(() => ended) }
    }),
    ({ process, exit }) =>
      Effect.andThen(
        Effect.sync(() => process.kill("SIGKILL")),
        exit,
      ),
  )

const get = (port: number, path: string, token = "") =>
  Effect.tryPromise(async () => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { authorization: `Bearer ${token}` } })
    // biome-ignore lint/suspicious/noExplicitAny: what a test looks into is what it asserts.
    const body: any = await response.json()
    return { status: response.status, headers: response.headers, body }
  })

const until = <A, E>(look: Effect.Effect<A, E>, fits: (found: A) => boolean): Effect.Effect<A> =>
  Effect.gen(function* () {
    for (;;) {
      const found = yield* Effect.option(look)
      if (found._tag === "Some" && fits(found.value)) return found.value
      yield* Effect.sleep("50 millis")
    }
  })

// Durable: one that is not forgets what it had committed when it is killed.
const postgresIn = (folder: string) => Effect.acquireRelease(start({ folder }), (server) => Effect.ignore(stop(server)))

describe("the API as a process", () => {
  it.live("makes its tables and its token, answers, and ends on SIGTERM though somebody listens for events", () =>
    Effect.gen(function* () {
      const home = join(yield* temporary, "home")
      const port = yield* anyPort
      const api = yield* run({
        DATABASE_URL: yield* Effect.promise(emptyDatabase),
        PLUMB_HOME: home,
        PORT: String(port),
      })
      yield* until(get(port, "/health"), ({ status }) => status === 200)
      assert.strictEqual(statSync(join(home, "admin.token")).mode & 0o777, 0o600)
      const token = readFileSync(join(home, "admin.token"), "utf8").trim()
      assert.strictEqual((yield* get(port, "/v1/status", token)).status, 200)
      assert.strictEqual((yield* get(port, "/v1/status", "wrong")).status, 401)
      const events = yield* Effect.promise(() =>
        fetch(`http://127.0.0.1:${port}/v1/events`, { headers: { authorization: `Bearer ${token}` } }),
      )
      assert.strictEqual(events.status, 200)

      api.process.kill("SIGTERM")
      const code = yield* Effect.timeout(api.exit, "4 seconds")
      assert.strictEqual(code, 0)
      assert.match(yield* Effect.promise(() => events.text()), /resync/)
      assert.notInclude(api.log(), token)
    }).pipe(Effect.scoped),
  )

  it.live("tells Prometheus its figures at a port of their own, and nothing of anybody", () =>
    Effect.gen(function* () {
      const home = join(yield* temporary, "home")
      const [port, figures] = [yield* anyPort, yield* anyPort]
      const settings = { DATABASE_URL: yield* Effect.promise(emptyDatabase), PLUMB_HOME: home, PORT: String(port) }
      const api = yield* run({ ...settings, PLUMB_API_METRICS: String(figures) })
      yield* until(get(port, "/health"), ({ status }) => status === 200)
      const token = readFileSync(join(home, "admin.token"), "utf8").trim()
      yield* Effect.promise(() =>
        fetch(`http://127.0.0.1:${port}/v1/records/Account/hidden-one`, {
          method: "PUT",
          headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
          body: JSON.stringify({
            apiVersion: "plumbline.dev/v1",
            kind: "Account",
            metadata: { name: "hidden-one" },
            spec: {},
          }),
        }),
      )
      yield* get(port, "/v1/records/Account/hidden-one", "wrong")
      const read = (path: string) =>
        Effect.promise(async () => {
          const response = await fetch(`http://127.0.0.1:${figures}${path}`)
          return { status: response.status, text: await response.text() }
        })
      const { text } = yield* read("/metrics")
      assert.match(text, /^plumbline_http_requests_total\{method="PUT",status="200"\} 1$/m)
      assert.match(text, /^plumbline_http_requests_total\{method="GET",status="401"\} 1$/m)
      assert.match(text, /^plumbline_http_request_seconds_count\{method="PUT"\} 1$/m)
      assert.match(text, /^plumbline_wanted_records\{kind="Account"\} 1$/m)
      assert.match(text, /^process_resident_memory_bytes \d+$/m)
      assert.notInclude(text, "hidden-one")
      assert.strictEqual((yield* read("/v1/status")).status, 404)
      // Nor are they where the API is.
      assert.strictEqual((yield* get(port, "/metrics", token)).status, 404)
      api.process.kill("SIGTERM")
      assert.strictEqual(yield* Effect.timeout(api.exit, "4 seconds"), 0)

      const wrong = yield* run({ ...settings, PLUMB_API_METRICS: "everywhere" })
      assert.strictEqual(yield* wrong.exit, 1)
      assert.include(wrong.log(), "PLUMB_API_METRICS is no place to listen; write a port, or ADDRESS:PORT")
    }).pipe(Effect.scoped),
  )

  it.live("without its database it answers 503 with words and a time to wait, and recovers when Postgres is back", () =>
    Effect.gen(function* () {
      const folder = yield* temporary
      const home = join(folder, "home")
      const port = yield* anyPort
      const first: Server = yield* start({ folder: join(folder, "postgres") })
      yield* stop(first)

      const api = yield* run({ DATABASE_URL: first.url, PLUMB_HOME: home, PORT: String(port) })
      const waiting = yield* until(get(port, "/health"), ({ status }) => status === 503)
      assert.strictEqual(waiting.headers.get("content-type"), "application/problem+json")
      assert.strictEqual(waiting.body.type, "https://plumbline.dev/problems/unavailable")
      assert.isNotNull(waiting.headers.get("retry-after"))

      const second = yield* postgresIn(join(folder, "postgres"))
      assert.strictEqual(second.url, first.url)
      yield* until(get(port, "/health"), ({ status }) => status === 200)
      const token = readFileSync(join(home, "admin.token"), "utf8").trim()
      assert.strictEqual((yield* get(port, "/v1/status", token)).status, 200)

      process.kill(second.pid, "SIGKILL")
      const away = yield* until(get(port, "/v1/status", token), ({ status }) => status !== 200)
      assert.strictEqual(away.status, 503)
      assert.strictEqual(away.body.type, "https://plumbline.dev/problems/unavailable")
      assert.isNotNull(away.headers.get("retry-after"))
      assert.strictEqual((yield* get(port, "/health")).status, 503)

      const third = yield* postgresIn(join(folder, "postgres"))
      assert.strictEqual(third.url, first.url)
      yield* until(get(port, "/v1/status", token), ({ status }) => status === 200)
      assert.notInclude(api.log(), token)
    }).pipe(Effect.scoped),
  )
})
