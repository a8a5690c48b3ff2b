import { spawn } from "node:child_process"
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import { afterAll, beforeAll } from "vitest"
import { identify, isAlive, signal } from "../processes.ts"
import { endStale, logOf, type Program, supervise } from "./child.ts"
import { lock } from "./lock.ts"

let home = ""
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), "plumb-child-"))
  mkdirSync(join(home, "run"))
  mkdirSync(join(home, "log"))
})
afterAll(() => rmSync(home, { recursive: true, force: true }))

const program = (name: string, script: string): Program => ({
  name,
  argv: [process.execPath, "-e", script],
  env: { PATH: process.env["PATH"] ?? "" },
  ready: (output) => Effect.succeed(output.includes("ready")),
  readyWithin: "1 minute",
  grace: "5 seconds",
})
const forEver = "setInterval(() => {}, 1e6); console.log('ready')"

const until = (holds: () => boolean) =>
  Effect.suspend(() => (holds() ? Effect.void : Effect.fail("not yet"))).pipe(
    Effect.retry({ schedule: Schedule.spaced("20 millis") }),
    Effect.timeout("15 seconds"),
  )

const quiet = () => Effect.void

describe("a supervised program", () => {
  it.live("ends with the scope, its whole group with it", () =>
    Effect.gen(function* () {
      const script = `const c = require("node:child_process").spawn(process.execPath, ["-e", "setInterval(() => {}, 1e6)"]); console.log("child", c.pid, "ready"); setInterval(() => {}, 1e6)`
      const pids = yield* Effect.scoped(
        Effect.gen(function* () {
          const { pid } = yield* supervise(home, program("group", script), quiet)
          const [, grandchild] = /child (\d+)/.exec(readFileSync(logOf(home, "group"), "utf8")) ?? []
          return [pid(), Number(grandchild)].map((pid) => identify(pid ?? 0))
        }),
      )
      assert.isTrue(pids.every(({ startTime }) => startTime !== null))
      yield* until(() => !pids.some(isAlive))
    }),
  )

  it.live("that will not end is killed, and that is said", () =>
    Effect.gen(function* () {
      const said: Array<string> = []
      const stubborn = program("stubborn", `process.on("SIGTERM", () => {}); ${forEver}`)
      yield* Effect.scoped(supervise(home, stubborn, (text) => Effect.sync(() => said.push(text))))
      assert.include(said.join("\n"), "was killed")
    }),
  )

  it.live("that dies is started again, and that is said", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const said: Array<string> = []
        const { pid } = yield* supervise(home, program("mortal", forEver), (text) => Effect.sync(() => said.push(text)))
        const first = pid()
        signal(first ?? 0, "SIGKILL")
        yield* until(() => pid() !== first && isAlive(identify(pid() ?? 0)))
        assert.include(said[0] ?? "", "the mortal died (it was ended by SIGKILL)")
      }),
    ),
  )

  it.live("that cannot start fails with its own words", () =>
    Effect.gen(function* () {
      const broken = program("broken", `console.error("the disk is made of cheese"); process.exit(3)`)
      const failure = yield* Effect.flip(Effect.scoped(supervise(home, broken, quiet)))
      assert.include(String(failure.message), "exit code 3")
      assert.include(("details" in failure ? (failure.details ?? []) : []).join("\n"), "made of cheese")
    }),
  )
})

describe("what an earlier start left behind", () => {
  it.live("is ended when it is that very process, and left alone when its pid is somebody else's now", () =>
    Effect.gen(function* () {
      const start = () => spawn(process.execPath, ["-e", forEver], { detached: true, stdio: "ignore" })
      const [ours, stranger] = [start(), start()].map((child) => identify(child.pid ?? 0))
      if (ours === undefined || stranger === undefined) return assert.fail("nothing started")
      writeFileSync(join(home, "run", "ours.json"), JSON.stringify(ours))
      writeFileSync(join(home, "run", "stranger.json"), JSON.stringify({ ...stranger, startTime: "another boot:1" }))
      writeFileSync(join(home, "run", "torn.json"), '{"pid": 1')
      assert.deepStrictEqual(yield* endStale(home), ["ours"])
      assert.deepStrictEqual([isAlive(ours), isAlive(stranger)], [false, true])
      signal(stranger.pid, "SIGKILL")
    }),
  )
})

describe("the lock of a home", () => {
  it.live("is held by one at a time, and free again with the scope", () =>
    Effect.gen(function* () {
      yield* Effect.scoped(
        Effect.gen(function* () {
          yield* lock(home)
          assert.strictEqual((yield* Effect.flip(Effect.scoped(lock(home))))._tag, "AlreadyRunning")
        }),
      )
      yield* Effect.scoped(lock(home))
    }),
  )
})
