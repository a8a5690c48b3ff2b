import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { readFileSync, rmSync, writeFileSync } from "node:fs"
import { type AddressInfo, connect, createServer, type Socket } from "node:net"
import * as PgClient from "@effect/sql-pg/PgClient"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Reactivity from "effect/reactivity/Reactivity"
import { testDatabase } from "../fixtures/postgres/test-database.ts"
import { until } from "./fixture/until.ts"
import { scratchFolder } from "./host/scratch-host.ts"

/** Stands before Postgres and can cut every connection. */
const proxied = (url: string) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const target = new URL(url)
      const open = new Set<Socket>()
      const state = { cut: false }
      const server = createServer((socket) => {
        if (state.cut) return socket.destroy()
        const upstream = connect(Number(target.port), target.hostname)
        for (const one of [socket, upstream]) {
          open.add(one)
          one.on("error", () => one.destroy())
        }
        socket.on("close", () => upstream.destroy())
        upstream.on("close", () => socket.destroy())
        socket.pipe(upstream).pipe(socket)
        return socket
      })
      server.listen(0, "127.0.0.1")
      await once(server, "listening")
      const through = new URL(url)
      through.port = String((server.address() as AddressInfo).port)
      return {
        url: through.href,
        cut: () => {
          state.cut = true
          for (const socket of open) socket.destroy()
        },
        mend: () => {
          state.cut = false
        },
        close: () => {
          for (const socket of open) socket.destroy()
          server.close()
        },
      }
    }),
    (proxy) => Effect.sync(() => proxy.close()),
  )

const freePort = Effect.promise(async () => {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address() as AddressInfo
  server.close()
  return port
})

interface Agent {
  readonly log: () => string
  readonly process: ChildProcess
}

const agent = (environment: Record<string, string>) =>
  Effect.acquireRelease(
    Effect.sync((): Agent => {
      const child = spawn(process.execPath, [new URL("./main.ts", import.meta.url).pathname], {
        env: { ...process.env, ...environment },
        stdio: ["ignore", "pipe", "pipe"],
      })
      let text = ""
      for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (text += String(chunk)))
      return { log: () => text, process: child }
    }),
    ({ process: child }) =>
      Effect.promise(async () => {
        if (child.exitCode !== null || child.signalCode !== null) return
        child.kill("SIGTERM")
        await once(child, "exit")
      }),
  )

const textOf = (path: string) => {
  try {
    return readFileSync(path, "utf8")
  } catch {
    return undefined
  }
}

describe("the agent's program", () => {
  it.live(
    "converges an account, goes on healing while Postgres is away, says so, takes up again, and ends on SIGTERM",
    () =>
      Effect.gen(function* () {
        using folder = scratchFolder()
        const url = yield* Effect.promise(testDatabase)
        const sql = yield* PgClient.make({ url: Redacted.make(url) })
        const proxy = yield* proxied(url)
        yield* sql`insert into records (kind, name, spec) values ('Account', 'acme', '{"uid": 20001}')`
        const running = yield* agent({
          DATABASE_URL: proxy.url,
          PLUMB_NODE: "web1",
          PLUMB_HOST: "directory",
          PLUMB_HOST_ROOT: folder.path,
          PLUMB_HTTP_PORT: String(yield* freePort),
        })
        const ready = () => {
          assert.isNull(running.process.exitCode, running.log())
          return running.log().includes("message=ready")
        }
        yield* until(ready)
        const reasons = sql<{
          reason: string
        }>`select conditions -> 0 ->> 'reason' as reason from status where name = 'acme'`
        assert.deepStrictEqual(yield* reasons, [{ reason: "Converged" }])

        proxy.cut()
        yield* sql`insert into records (kind, name, spec) values ('Account', 'later', '{"uid": 20002}')`
        const page = `${folder.path}/etc/plumbline/pages/404.html`
        const wanted = textOf(page)
        assert.isDefined(wanted)
        writeFileSync(page, "defaced")
        yield* until(() => textOf(page) === wanted)
        assert.isUndefined(textOf(`${folder.path}/home/later`))

        proxy.mend()
        yield* until(() => running.log().includes("Account/later converged"))
        let drift: ReadonlyArray<object> = []
        while (drift.length === 0) {
          drift = yield* sql`select outcome from drift_events where resource_key = 'path:/etc/plumbline/pages/404.html'`
          yield* Effect.sleep(20)
        }
        assert.deepStrictEqual(drift, [{ outcome: "healed" }])

        running.process.kill("SIGTERM")
        const [code, signal] = yield* Effect.promise(() => once(running.process, "exit"))
        assert.isTrue(code === 0 || code === 130 || code === 143 || signal === "SIGTERM", `${code} ${signal}`)
        rmSync(folder.path, { recursive: true, force: true })
      }).pipe(Effect.scoped, Effect.provide(Reactivity.layer)),
    60_000,
  )
})
