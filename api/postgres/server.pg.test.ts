/**
 * The embedded Postgres as people meet it: started twice, killed, its parent killed, its port taken, under odd paths, as
 * root and as an ordinary user. Every folder here is below one that only its owner can enter, as mkdtemp makes them.
 */
import { type ChildProcess, spawn } from "node:child_process"
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import * as PgClient from "@effect/sql-pg/PgClient"
import { afterAll, assert, describe, it, vi } from "@effect/vitest"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { Postgres, scoped } from "./embedded.ts"
import { type Server, start, stop } from "./server.ts"
import { isRoot, nobody } from "./unprivileged.ts"

const scratch = mkdtempSync(join(tmpdir(), "plumb-server-"))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

let made = 0
const folder = (name = "postgres") => join(scratch, String(made++), name)

const query = <A>(url: string, use: (sql: PgClient.PgClient) => Effect.Effect<A, unknown>) =>
  PgClient.PgClient.pipe(Effect.flatMap(use), Effect.provide(PgClient.layer({ url: Redacted.make(url) })))

const remember = (url: string) =>
  query(url, (sql) => sql`create table kept (word text)`.pipe(Effect.andThen(sql`insert into kept values ('here')`)))

const remembered = (url: string) =>
  query(url, (sql) => sql<{ readonly word: string }>`select word from kept`).pipe(
    Effect.map((rows) => rows.map(({ word }) => word)),
  )

/** Another process that starts the server and then lives until it is killed. */
const starter = (argv: ReadonlyArray<string>, path: string): Promise<readonly [ChildProcess, Server]> => {
  const script = fileURLToPath(new URL("../../fixtures/postgres/start.ts", import.meta.url))
  const [program = "", ...args] = [...argv, process.execPath, script, path]
  const child = spawn(program, args, { detached: true, stdio: ["ignore", "pipe", "inherit"] })
  return new Promise((resolve, reject) => {
    child.stdout?.once("data", (line) => resolve([child, JSON.parse(String(line))]))
    child.once("exit", (code) => reject(new Error(`the starter ended with ${code}`)))
  })
}

const ended = (child: ChildProcess) => new Promise((resolve) => child.once("exit", resolve))

describe("the embedded Postgres", () => {
  it.live("finds its data at the second start", () =>
    Effect.gen(function* () {
      const path = folder()
      const first = yield* start({ folder: path })
      yield* remember(first.url)
      yield* stop(first)
      const second = yield* start({ folder: path })
      assert.isFalse(second.adopted)
      assert.strictEqual(second.url, first.url)
      assert.deepStrictEqual(yield* remembered(second.url), ["here"])
      yield* stop(second)
    }),
  )

  it.live("keeps its password to its owner, and refuses another", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const server = yield* scoped({ folder: folder(), durable: false })
        assert.strictEqual(statSync(join(server.folder, "password")).mode & 0o777, 0o600)
        const wrong = new URL(server.url)
        wrong.password = "wrong"
        yield* Effect.flip(query(wrong.href, (sql) => sql`select 1`))
      }),
    ),
  )

  it.live("outlives a kill -9 of the process that started it, and is taken over by the next", () =>
    Effect.gen(function* () {
      const path = folder()
      const [child, first] = yield* Effect.promise(() => starter([], path))
      yield* remember(first.url)
      child.kill("SIGKILL")
      yield* Effect.promise(() => ended(child))
      const second = yield* start({ folder: path })
      assert.isTrue(second.adopted)
      assert.strictEqual(second.pid, first.pid)
      assert.deepStrictEqual(yield* remembered(second.url), ["here"])
      yield* stop(second)
      yield* Effect.flip(remembered(second.url))
    }),
  )

  it.live("does not hear the Ctrl-C that ends its parent", () =>
    Effect.gen(function* () {
      const path = folder()
      const [child, first] = yield* Effect.promise(() => starter([], path))
      // A terminal sends the signal to the whole process group.
      process.kill(-(child.pid ?? 0), "SIGINT")
      yield* Effect.promise(() => ended(child))
      yield* query(first.url, (sql) => sql`select 1`)
      yield* stop(first)
    }),
  )

  it.live("starts again on its data after it was killed itself", () =>
    Effect.gen(function* () {
      const path = folder()
      const first = yield* start({ folder: path })
      yield* remember(first.url)
      process.kill(first.pid, "SIGKILL")
      yield* Effect.promise(() => vi.waitUntil(() => !existsSync(`/proc/${first.pid}/cwd`)))
      const second = yield* start({ folder: path })
      assert.isFalse(second.adopted)
      assert.deepStrictEqual(yield* remembered(second.url), ["here"])
      yield* stop(second)
    }),
  )

  it.live("is not fooled by a stale pid that another process has got since", () =>
    Effect.gen(function* () {
      const path = folder()
      yield* stop(yield* start({ folder: path, durable: false }))
      writeFileSync(
        join(path, "data", "postmaster.pid"),
        `${process.pid}\n${path}/data\n0\n5432\n\n127.0.0.1\n0\nready\n`,
      )
      const server = yield* start({ folder: path, durable: false })
      assert.isFalse(server.adopted)
      assert.notStrictEqual(server.pid, process.pid)
      yield* stop(server)
    }),
  )

  it.live("throws away what a killed initdb left", () =>
    Effect.gen(function* () {
      const path = folder()
      mkdirSync(join(path, "data.unfinished"), { recursive: true })
      writeFileSync(join(path, "data.unfinished", "PG_VERSION"), "18\n")
      yield* stop(yield* start({ folder: path, durable: false }))
      assert.isFalse(readdirSync(path).includes("data.unfinished"))
    }),
  )

  it.live("takes another port when its own is taken", () =>
    Effect.gen(function* () {
      const path = folder()
      const first = yield* start({ folder: path, durable: false })
      yield* stop(first)
      const squatter = createServer()
      yield* Effect.callback<void>((resume) => {
        squatter.listen(first.port, "127.0.0.1", () => resume(Effect.void))
      })
      const second = yield* start({ folder: path, durable: false })
      assert.notStrictEqual(second.port, first.port)
      yield* query(second.url, (sql) => sql`select 1`)
      yield* stop(second)
      squatter.close()
    }),
  )

  it.live("works under a path with spaces, quotes and commas, and under one too long for a socket", () =>
    Effect.gen(function* () {
      for (const name of [`it's "a, b" c`, join("x".repeat(100), "y")]) {
        const server = yield* start({ folder: folder(name), durable: false })
        yield* query(server.url, (sql) => sql`select 1`)
        yield* stop(server)
      }
    }),
  )

  it.live("says what to do when the folder cannot be used", () =>
    Effect.gen(function* () {
      const file = join(scratch, "a-file")
      writeFileSync(file, "")
      const error = yield* Effect.flip(start({ folder: join(file, "postgres") }))
      assert.include(error.message, file)
      assert.include(error.mend, "PLUMB_HOME")
    }),
  )

  it.live("never runs as root", () =>
    Effect.gen(function* () {
      const server = yield* start({ folder: folder(), durable: false })
      const status = readFileSync(`/proc/${server.pid}/status`, "utf8")
      assert.match(status, /^CapEff:\t0+$/m)
      yield* stop(server)
    }),
  )

  /** Starts one from a checkout that `nobody` can reach: the one that is tested may be in a place that only root can enter. */
  const startedAs = (as: ReadonlyArray<string>, owner: { readonly uid: number; readonly gid: number }) =>
    Effect.gen(function* () {
      const place = mkdtempSync(join(tmpdir(), "plumb-nobody-"))
      const home = join(place, "home")
      const checkout = join(place, "checkout")
      for (const path of [place, home, checkout]) {
        mkdirSync(path, { recursive: true })
        chmodSync(path, 0o755)
        chownSync(path, owner.uid, owner.gid)
      }
      const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
      const script = 'mount --bind "$1" "$2" && shift 2 && exec "$@"'
      const node = join(checkout, "node_modules", ".bin", "node")
      const program = [...as, node, join(checkout, "fixtures", "postgres", "start.ts"), home]
      const [child, server] = yield* Effect.promise(() =>
        starter(["unshare", "--mount", "--", "sh", "-c", script, "sh", root, checkout, ...program], home),
      )
      assert.strictEqual(statSync(`/proc/${server.pid}`).uid, nobody.uid)
      yield* query(server.url, (sql) => sql`select 1`)
      yield* stop(server)
      child.kill("SIGKILL")
      rmSync(place, { recursive: true, force: true })
    })

  it.live.runIf(isRoot())("works for an ordinary user", () =>
    startedAs(["setpriv", `--reuid=${nobody.uid}`, `--regid=${nobody.gid}`, "--clear-groups", "--"], nobody),
  )

  it.live.runIf(isRoot())("runs as nobody where root may not use user namespaces", () =>
    Effect.gen(function* () {
      const bin = folder("bin")
      mkdirSync(bin, { recursive: true })
      writeFileSync(join(bin, "unshare"), "#!/bin/sh\nexit 1\n", { mode: 0o755 })
      yield* startedAs(["env", `PATH=${bin}:${process.env["PATH"]}`], { uid: 0, gid: 0 })
    }),
  )
})

describe("the database of an installation", () => {
  const url = Effect.gen(function* () {
    const { origin, url } = yield* Postgres
    return { origin, url: Redacted.value(url) }
  })
  const layer = (env: Record<string, string>) =>
    Postgres.layer.pipe(Layer.provide(ConfigProvider.layer(ConfigProvider.fromEnv({ env }))))

  it.live("is DATABASE_URL where it is set, and nothing is started", () =>
    Effect.gen(function* () {
      const path = folder()
      const found = yield* Effect.provide(url, layer({ DATABASE_URL: "postgres://db.example.org/x", PLUMB_HOME: path }))
      assert.deepStrictEqual(found, { origin: "DATABASE_URL", url: "postgres://db.example.org/x" })
      assert.throws(() => statSync(path))
    }),
  )

  it.live("is one of our own in PLUMB_HOME otherwise, and ends with its scope", () =>
    Effect.gen(function* () {
      const found = yield* Effect.provide(
        Effect.tap(url, (it) => query(it.url, (sql) => sql`select 1`)),
        layer({ PLUMB_HOME: folder() }),
      )
      assert.strictEqual(found.origin, "started")
      yield* Effect.flip(query(found.url, (sql) => sql`select 1`))
    }),
  )
})
