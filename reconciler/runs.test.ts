import * as fs from "node:fs"
import * as Effect from "effect/Effect"
import { describe, expect, it } from "vitest"
import { until } from "./fixture/until.ts"
import { startOf } from "./host/process.ts"
import { onScratchHost } from "./host/scratch-host.ts"
import { bring, hand, type RunRow } from "./runs.ts"
import { StoreFailure } from "./store.ts"

const recordId = "00000000-0000-4000-8000-000000000001"
const id = (number: number) => `00000000-0000-4000-9000-00000000000${number}`
const bootId = fs.readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()
const began = `CronJob/feed\n${recordId}\n\n1800000000000\n${bootId}\n${process.pid}\n`

/** A run's folder as the runner on the host leaves it. */
const leave = (root: string, name: string, files: Readonly<Record<string, string | Uint8Array>>) => {
  const folder = `${root}/var/lib/plumbline/runs/${name}`
  fs.mkdirSync(folder)
  for (const [file, content] of Object.entries(files)) fs.writeFileSync(`${folder}/${file}`, content)
}
const left = (root: string) => fs.readdirSync(`${root}/var/lib/plumbline/runs`)

const taken = (rows: Array<RunRow>) => ({
  writeRuns: (some: ReadonlyArray<RunRow>) => Effect.sync(() => void rows.push(...some)),
})
const refusing = (away: boolean) => ({ writeRuns: () => Effect.fail(new StoreFailure({ away, message: "no" })) })

const whole = { begun: began, output: "hello\n", dropped: "3\n", ended: "1800000002500\n" }

describe("the spool of runs", () => {
  it("is handed to the store with how each run ended, and emptied", () =>
    onScratchHost((root) =>
      Effect.gen(function* () {
        const ends = [
          ["Result=success\n", "succeeded", 0],
          ["Result=exit-code\nExecMainCode=1\nExecMainStatus=7\n", "failed", 7],
          ["Result=timeout\nExecMainCode=2\nExecMainStatus=15\n", "timed-out", null],
          ["Result=signal\nExecMainCode=2\nExecMainStatus=9\n", "killed", null],
          ["Result=oom-kill\nExecMainCode=2\nExecMainStatus=9\n", "out-of-memory", null],
          ["Result=skipped\n", "skipped", null],
          ["", "failed", null],
        ] as const
        for (const [index, [result]] of ends.entries()) leave(root, id(index), { ...whole, result })
        const rows: Array<RunRow> = []
        yield* hand(taken(rows))
        expect(rows.map(({ outcome, exitStatus }) => [outcome, exitStatus])).toEqual(ends.map(([, ...end]) => end))
        expect(rows[0]).toEqual({
          id: id(0),
          record: "CronJob/feed",
          recordId,
          requestedAtMillis: null,
          startedAtMillis: 1800000000000,
          endedAtMillis: 1800000002500,
          outcome: "succeeded",
          exitStatus: 0,
          output: "hello\n",
          outputDropped: 3,
        })
        expect(left(root)).toEqual([])
      }),
    ))

  it("is looked into as soon as a run has ended", () =>
    onScratchHost((root) =>
      Effect.gen(function* () {
        const rows: Array<RunRow> = []
        yield* Effect.forkChild(Effect.scoped(bring(taken(rows), 3600)))
        yield* until(() => fs.existsSync(`${root}/var/lib/plumbline/runs`))
        for (const number of [1, 2]) {
          leave(root, `${id(number)}.part`, { ...whole, result: "Result=success\n" })
          const folder = `${root}/var/lib/plumbline/runs/${id(number)}`
          fs.renameSync(`${folder}.part`, folder)
          yield* until(() => rows.length === number)
        }
      }),
    ))

  it("keeps everything while the store is away, and gives up on what the store refuses", () =>
    onScratchHost((root) =>
      Effect.gen(function* () {
        leave(root, id(1), { ...whole, result: "Result=success\n" })
        yield* hand(refusing(true))
        expect(left(root)).toEqual([id(1)])
        yield* hand(refusing(false))
        expect(left(root)).toEqual([])
      }),
    ))

  it("leaves alone what still runs, and tells of what nobody saw the end of", () =>
    onScratchHost((root) =>
      Effect.gen(function* () {
        leave(root, `${id(1)}.part`, { begun: began })
        leave(root, `${id(2)}.part`, { begun: began.replace(bootId, id(9)), output: "so far" })
        leave(root, `${id(3)}.part`, {})
        leave(root, `${id(4)}.part`, { begun: `${began}${Number(startOf(process.pid)) - 1}\n` })
        leave(root, `${id(5)}.part`, { begun: `${began}${startOf(process.pid)}\n` })
        const rows: Array<RunRow> = []
        yield* hand(taken(rows))
        expect(rows).toMatchObject([
          { id: id(2), outcome: "interrupted", endedAtMillis: null, output: "so far" },
          { id: id(4), outcome: "interrupted" },
        ])
        expect(left(root)).toEqual([1, 3, 5].map((number) => `${id(number)}.part`))
      }),
    ))

  it("takes any bytes for output, and no more than 64 KiB of them", () =>
    onScratchHost((root) =>
      Effect.gen(function* () {
        const output = Buffer.concat([Buffer.from([0x61, 0, 0xff, 0x0a]), Buffer.alloc(100_000, "x")])
        leave(root, id(1), { ...whole, output, result: "Result=success\n" })
        const rows: Array<RunRow> = []
        yield* hand(taken(rows))
        expect(rows[0]?.output.slice(0, 6)).toBe("a\ufffd\ufffd\nxx")
        expect(rows[0]?.output).toHaveLength(65_536)
      }),
    ))
})
