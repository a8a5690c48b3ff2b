import * as fs from "node:fs"
import * as Effect from "effect/Effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { onScratchHost } from "./host/scratch-host.ts"
import { trafficFolder } from "./resources/traffic-place.ts"
import { StoreFailure } from "./store.ts"
import { count, sum, type TrafficStep } from "./traffic.ts"

/** The table as the statement treats it. It may fail before it did anything, or afterwards, when nobody hears of it. */
const makeStore = () => {
  const logs = new Map<string, number>()
  const requests = new Map<string, number>()
  let failing: "before" | "after" | undefined
  const lost = () => new StoreFailure({ away: true, message: "gone" })
  return {
    fail: (when: "before" | "after") => {
      failing = when
    },
    requests,
    trafficLogs: Effect.sync(() => [...logs]),
    writeTraffic: ({ log, from, to, rows }: TrafficStep) =>
      Effect.suspend(() => {
        const how = failing
        failing = undefined
        if (how === "before") return Effect.fail(lost())
        if ((logs.get(log) ?? 0) === from) {
          logs.set(log, to)
          for (const row of rows) requests.set(row.record, (requests.get(row.record) ?? 0) + row.requests)
        }
        return how === "after" ? Effect.fail(lost()) : Effect.void
      }),
  }
}

const action = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant("write" as const), lines: fc.integer({ min: 1, max: 5 }) }) },
  { weight: 1, arbitrary: fc.constant({ do: "tear" as const }) },
  { weight: 2, arbitrary: fc.constant({ do: "rotate" as const }) },
  { weight: 2, arbitrary: fc.constant({ do: "write late" as const }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("read" as const), most: fc.constantFrom(60, 100, 10_000) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("crash" as const), when: fc.constantFrom("before", "after") }) },
)

describe("the traffic of a site", () => {
  it("is counted by record and day in UTC, from lines of nothing but numbers and a name", () => {
    const text = [
      "1777939199.999 Site/shop 100 2000",
      "1777939200.000 Site/shop 50 1000",
      "1777939200.500 Site/shop 1 2",
      "1777939200.500 Site/blog 7 9",
      'nonsense " GET / HTTP/1.1',
      "1777939200.500 Site/shop 1 2 3",
      "1777939200.500 Site/../etc 1 2",
      "1777939200.500 Site/shop -1 2",
      "",
    ].join("\n")
    expect(sum(text)).toEqual([
      { record: "Site/shop", day: "2026-05-04", requests: 1, bytesIn: 100, bytesOut: 2000 },
      { record: "Site/shop", day: "2026-05-05", requests: 2, bytesIn: 51, bytesOut: 1002 },
      { record: "Site/blog", day: "2026-05-05", requests: 1, bytesIn: 7, bytesOut: 9 },
    ])
  })

  it("counts each line once, however writing, rotation, crashes and reading fall together", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 30 }), (actions) =>
        onScratchHost((root) =>
          Effect.gen(function* () {
            const folder = `${root}${trafficFolder}`
            fs.mkdirSync(folder, { recursive: true })
            const store = makeStore()
            let written = 0
            let torn = ""
            const current = `${folder}/traffic.log`
            /** Each line has a moment of its own, as the first of a log must. */
            const next = () => `${1_777_939_200 + ++written}.000 Site/shop 1 1\n`
            const append = (file: string, text: string) => {
              if (file === current) {
                fs.appendFileSync(file, torn + text)
                torn = ""
              } else fs.appendFileSync(file, text)
            }
            for (const one of actions) {
              if (one.do === "write") append(current, Array.from({ length: one.lines }, next).join(""))
              // Half of a line, whose other half comes with the next write.
              else if (one.do === "tear") {
                const text = next()
                append(current, text.slice(0, 9))
                torn = text.slice(9)
              } else if (one.do === "rotate" && torn === "") {
                for (let number = 20; number > 0; number--)
                  if (fs.existsSync(`${current}.${number}`))
                    fs.renameSync(`${current}.${number}`, `${current}.${number + 1}`)
                if (fs.existsSync(current)) fs.renameSync(current, `${current}.1`)
              }
              // A worker that has not opened its logs anew yet.
              else if (one.do === "write late" && fs.existsSync(`${current}.1`)) append(`${current}.1`, next())
              else if (one.do === "read") yield* count(store, one.most)
              else if (one.do === "crash") {
                store.fail(one.when as "before" | "after")
                yield* count(store, 60)
              }
            }
            append(current, "")
            yield* count(store)
            yield* count(store)
            expect(store.requests.get("Site/shop") ?? 0).toBe(written)
          }),
        ),
      ),
      { numRuns: 60 },
    )
  })
})
