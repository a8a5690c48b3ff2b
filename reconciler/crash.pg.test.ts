import { execFile } from "node:child_process"
import { cpSync, mkdirSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import * as PgClient from "@effect/sql-pg/PgClient"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Reactivity from "effect/reactivity/Reactivity"
import { testDatabase } from "../fixtures/postgres/test-database.ts"
import { scratchFolder } from "./host/scratch-host.ts"

interface Ran {
  readonly killed: boolean
  readonly activated: boolean
}

const program = new URL("./fixture/crash-agent.ts", import.meta.url).pathname

const run = (url: string, node: string, folder: string, crashAt = "") =>
  Effect.promise(
    () =>
      new Promise<Ran>((resolve, reject) => {
        const env = { ...process.env, DATABASE_URL: url, PLUMB_CRASH_AT: crashAt }
        execFile(process.execPath, [program, node, folder], { env }, (error, stdout, stderr) => {
          const activated = stdout.includes("activated")
          if (error === null) resolve({ killed: false, activated })
          else if (error.signal === "SIGKILL") resolve({ killed: true, activated })
          else reject(new Error(`${error.message}\n${stderr}`))
        })
      }),
  )

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
        const generation = (files: object, first: boolean) => {
          const spec = sql.json({ files, activates: true })
          return first
            ? sql`insert into records (kind, name, spec) values ('Note', 'a', ${spec})`
            : sql`update records set spec = ${spec}, version = version + 1, generation = generation + 1`
        }
        const host = (node: string) => {
          const path = join(folder.path, node)
          mkdirSync(path, { recursive: true })
          return path
        }
        /** Kills an agent of its own at its Nth side effect, for every N there is, and starts it again. */
        const crashEverywhere = Effect.fnUntraced(function* (
          prepare: (node: string) => Effect.Effect<unknown>,
          expected: Record<string, string>,
          label: string,
        ) {
          let killed = 0
          for (let n = 1; ; n++) {
            const node = `${label}${n}`
            yield* prepare(node)
            // Killed before step n + 1 is killed after step n: nothing of the agent survives in between.
            const first = yield* run(url, node, host(node), `${n}`)
            if (!first.killed) break
            killed++
            const second = yield* run(url, node, host(node))
            assert.deepStrictEqual(tree(host(node)), expected, `killed at ${n}`)
            assert.isTrue(first.activated || second.activated, `killed at ${n}: the activation was lost`)
            const owned = yield* sql<{ key: string }>`select key from inventory where node = ${node} order by key`
            assert.deepStrictEqual(
              owned.map((row) => row.key),
              Object.keys(expected).map((name) => `path:/notes/${name}`),
            )
          }
          const last = `${label}${killed + 1}`
          assert.isFalse(
            (yield* run(url, last, host(last), "1")).killed,
            "a start over a converged host changes nothing",
          )
          return killed
        })

        yield* generation({ gone: "g", kept: "1" }, true)
        assert.isAbove(yield* crashEverywhere(() => Effect.void, { gone: "g\n", kept: "1\n" }, "made"), 6)
        const nodes = readdirSync(folder.path)
        // Those that made it through the first generation meet the second.
        yield* generation({ fresh: "f", kept: "2" }, false)
        const ready = nodes.filter((node) => /^made\d+$/.test(node))
        const prepare = (node: string) =>
          Effect.gen(function* () {
            const from = ready.pop()
            assert.isDefined(from)
            if (from === undefined) return
            cpSync(join(folder.path, from), join(folder.path, node), { recursive: true })
            yield* sql`update inventory set node = ${node} where node = ${from}`
          }).pipe(Effect.orDie)
        assert.isAbove(yield* crashEverywhere(prepare, { fresh: "f\n", kept: "2\n" }, "changed"), 6)
      }).pipe(Effect.scoped, Effect.provide(Reactivity.layer)),
    240_000,
  )
})
