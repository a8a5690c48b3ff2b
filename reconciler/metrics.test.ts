import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as PrometheusMetrics from "effect/observability/PrometheusMetrics"
import * as TestClock from "effect/testing/TestClock"
import { Inventory } from "./inventory.ts"
import * as Metrics from "./metrics.ts"
import { serveMetrics } from "./metrics-server.ts"
import * as Queue from "./queue.ts"
import { Records } from "./records.ts"
import { Standings } from "./standing.ts"

/** The value of a series; undefined where there is none. Other tests of this process may have counted too. */
const figureOf = (text: string, series: string): number | undefined => {
  const line = text.split("\n").find((each) => each.startsWith(`${series} `))
  return line === undefined ? undefined : Number(line.slice(series.length + 1))
}

const engine = () => ({ inventory: new Inventory([]), records: new Records(new Map()), standings: new Standings() })

describe("the figures of an agent", () => {
  it.effect("count passes by kind and result, and time them and the wait before them", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const meter = yield* Metrics.make(engine)
        const queue = yield* Queue.make<`${string}/${string}`, never>({
          concurrency: 1,
          backoff: { firstMillis: 60_000, mostMillis: 60_000 },
          meter: meter.queue,
          work: meter.measured((key) =>
            Effect.as(Effect.sleep("2 seconds"), key === "Metered/bad" ? ("retry" as const) : ("done" as const)),
          ),
        })
        const before = yield* PrometheusMetrics.format()
        const since = (text: string, series: string) => (figureOf(text, series) ?? 0) - (figureOf(before, series) ?? 0)
        queue.add("Metered/good", "edit")
        queue.add("Metered/bad", "drift")
        queue.add("Metered/bad", "drift")
        yield* meter.collect(queue)
        const during = yield* PrometheusMetrics.format()
        assert.strictEqual(figureOf(during, 'workqueue_depth{name="records",priority="drift"}'), 1)
        assert.strictEqual(figureOf(during, "controller_runtime_active_workers"), 1)
        yield* TestClock.adjust("5 seconds")
        yield* queue.settled()
        yield* meter.collect(queue)
        const text = yield* PrometheusMetrics.format()
        const labels = 'controller="Metered"'
        assert.strictEqual(since(text, `controller_runtime_reconcile_total{${labels},result="success"}`), 1)
        assert.strictEqual(since(text, `controller_runtime_reconcile_total{${labels},result="error"}`), 1)
        assert.strictEqual(since(text, `controller_runtime_reconcile_errors_total{${labels}}`), 1)
        assert.strictEqual(since(text, `controller_runtime_reconcile_time_seconds_sum{${labels}}`), 4)
        assert.strictEqual(since(text, `controller_runtime_reconcile_time_seconds_count{${labels}}`), 2)
        // One key that was added twice waited once, for the two seconds of the other.
        assert.strictEqual(since(text, 'workqueue_adds_total{name="records"}'), 2)
        assert.strictEqual(since(text, 'workqueue_queue_duration_seconds_sum{name="records"}'), 2)
        assert.strictEqual(since(text, 'workqueue_retries_total{name="records"}'), 1)
        assert.strictEqual(figureOf(text, 'workqueue_depth{name="records",priority="drift"}'), 0)
        assert.isAbove(figureOf(text, "process_resident_memory_bytes") ?? 0, 1e6)
        assert.notInclude(text, "Metered/")
      }),
    ),
  )

  it.live("are read at a port of their own, and nothing else is", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const meter = yield* Metrics.make(engine)
        const queue = yield* Queue.make<`${string}/${string}`, never>({
          concurrency: 1,
          work: () => Effect.succeed("done" as const),
        })
        const port = yield* serveMetrics({ host: "127.0.0.1", port: 0 }, meter.collect(queue))
        const ask = (path: string, method = "GET") =>
          Effect.promise(async () => {
            const response = await fetch(`http://127.0.0.1:${port}${path}`, { method })
            return { status: response.status, type: response.headers.get("content-type"), text: await response.text() }
          })
        const answer = yield* ask("/metrics")
        assert.deepStrictEqual([answer.status, answer.type], [200, "text/plain; version=0.0.4; charset=utf-8"])
        assert.match(answer.text, /^# TYPE controller_runtime_active_workers gauge$/m)
        for (const [path, method] of [
          ["/", "GET"],
          ["/metrics/../etc/passwd", "GET"],
          ["/metrics", "POST"],
        ] as const)
          assert.strictEqual((yield* ask(path, method)).status, 404, `${method} ${path}`)
      }),
    ),
  )
})
