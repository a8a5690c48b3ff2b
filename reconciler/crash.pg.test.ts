import { execFile } from "node:child_process"
import { cpSync, mkdirSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import * as PgClient from "@effect/sql-pg/PgClient"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Reactivity from "effect/reactivity/Reactivity"
import { bundleAgent } from "../fixtures/bench/bundle.ts"
import { testDatabase } from "../fixtures/postgres/test-database.ts"
import { onePass } from "./fixture/one-pass.ts"
import { scratchFolder } from "./host/scratch-host.ts"

interface Ran {
  readonly killed: boolean
  readonly activated: boolean
  /** Of one that was not killed. */
  readonly effects: number
}

const entry = fileURLToPath(new URL("./fixture/crash-agent.ts", import.meta.url))

/** An agent of its own process, which dies by SIGKILL at the Nth side effect; one that starts fast, since there are many. */
const programIn = async (folder: string) => {
  const program = await bundleAgent(join(folder, "agent.mjs"), entry)
  return (url: string, node: string, host: string, crashAt = ""): Effect.Effect<Ran> =>
    Effect.promise(
      () =>
        new Promise<Ran>((resolve, reject) => {
          const compiled = { NODE_COMPILE_CACHE: join(folder, "compiled") }
          const env = { ...process.env, ...compiled, DATABASE_URL: url, PLUMB_CRASH_AT: crashAt }
          execFile(process.execPath, [program, node, host], { env }, (error, stdout, stderr) => {
            const killed = error?.signal === "SIGKILL"
            if (error !== null && !killed) return reject(new Error(`${error.message}\n${stderr}`))
            const effects = Number(/effects (\d+)/.exec(stdout)?.[1] ?? 0)
            resolve({ killed, activated: stdout.includes("activated"), effects })
          })
        }),
    )
}

/** The next start, here: an agent that knows nothing of the one before it. */
const startAgain = (url: string, node: string, folder: string) =>
  Effect.suspend(() => {
    let activated = false
    return onePass({ node, folder, url }, { activated: () => (activated = true) }).pipe(
      Effect.map(() => ({ activated })),
    )
  })

/** Every file below a folder with its text; what the agent owes must be nothing. */
const tree = (folder: string): Record<string, string> =>
  Object.fromEntries(
    ["notes", "var/lib/plumbline/owed"].flatMap((below) =>
      readdirSync(join(folder, below)).map((name) => [name, readFileSync(join(folder, below, name), "utf8")]),
    ),
  )

describe("a crash", () => {
  it.live(
    "before any single step, and so after the one before it, is made good by the next start: when a record is made, and when it changes",
    () =>
      Effect.gen(function* () {
        using folder = scratchFolder()
        const url = yield* Effect.promise(testDatabase)
        const sql = yield* PgClient.make({ url: Redacted.make(url) })
        const run = yield* Effect.promise(() => programIn(folder.path))
        const host = (node: string) => join(folder.path, "hosts", node)
        const ownedBy = (node: string) =>
          Effect.map(sql<{ key: string }>`select key from inventory where node = ${node} order by key`, (rows) =>
            rows.map((row) => row.key),
          )

        /** For every side effect that there is: kills an agent on a host of its own there, and starts it again. */
        const crashEverywhere = Effect.fnUntraced(function* (
          label: string,
          prepare: (node: string) => Effect.Effect<unknown>,
          expected: Record<string, string>,
        ) {
          const keys = Object.keys(expected).map((name) => `path:/notes/${name}`)
          const whole = `${label}-whole`
          yield* prepare(whole)
          const { effects } = yield* run(url, whole, host(whole))
          assert.deepStrictEqual(tree(host(whole)), expected)
          assert.isFalse(
            (yield* run(url, whole, host(whole), "1")).killed,
            "a start over a converged host does nothing",
          )
          const killAt = Effect.fnUntraced(function* (n: number) {
            const node = `${label}-${n}`
            yield* prepare(node)
            // Killed before step n + 1 is killed after step n: nothing of the agent survives in between.
            const first = yield* run(url, node, host(node), `${n}`)
            assert.isTrue(first.killed, `there is a step ${n}`)
            const second = yield* startAgain(url, node, host(node))
            assert.deepStrictEqual(tree(host(node)), expected, `killed at ${n}`)
            assert.isTrue(first.activated || second.activated, `killed at ${n}: the activation was lost`)
            assert.deepStrictEqual(yield* ownedBy(node), keys, `killed at ${n}`)
          })
          const steps = Array.from({ length: effects }, (_, index) => index + 1)
          yield* Effect.forEach(steps, killAt, { concurrency: 4, discard: true })
          return effects
        })

        const first = { files: { gone: "g", kept: "1" }, activates: true }
        yield* sql`insert into records (kind, name, spec) values ('Note', 'a', ${sql.json(first)})`
        const empty = (node: string) => Effect.sync(() => mkdirSync(host(node), { recursive: true }))
        assert.isAbove(yield* crashEverywhere("made", empty, { gone: "g\n", kept: "1\n" }), 6)

        const second = { files: { fresh: "f", kept: "2" }, activates: true }
        yield* sql`update records set spec = ${sql.json(second)}, version = version + 1, generation = generation + 1`
        const converged = (node: string) =>
          Effect.gen(function* () {
            cpSync(host("made-whole"), host(node), { recursive: true })
            yield* sql`
              insert into inventory (node, key, kind, name, record_id, resource_kind, resource_id, on_delete, fields,
                                     generation, claimed_at)
              select ${node}, key, kind, name, record_id, resource_kind, resource_id, on_delete, fields, generation,
                     claimed_at
              from inventory where node = 'made-whole'`
          }).pipe(Effect.orDie)
        assert.isAbove(yield* crashEverywhere("changed", converged, { fresh: "f\n", kept: "2\n" }), 6)
      }).pipe(Effect.scoped, Effect.provide(Reactivity.layer)),
    120_000,
  )
})
