/**
 * What Prometheus is told of an API process and of what only the database knows.
 *
 * The one thing to know before changing it: a label is a method, a status or a kind, never a path or a name: paths hold the names
 * of tenants, and whoever reads the figures learns of nobody.
 */
import { PgClient } from "@effect/sql-pg/PgClient"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { HttpServerRequest } from "effect/http/HttpServerRequest"
import type { HttpServerResponse } from "effect/http/HttpServerResponse"
import * as Metric from "effect/Metric"
import { operator, withSight } from "./store/sight.ts"

const seconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

const now = (name: string, description: string) => Metric.gauge(name, { description })
const requests = Metric.counter("plumbline_http_requests_total", {
  description: "Requests that were answered, by method and status.",
  incremental: true,
})
const requestTime = Metric.histogram("plumbline_http_request_seconds", {
  description: "From a request to the head of its answer.",
  boundaries: seconds,
})
const records = now("plumbline_wanted_records", "Records that somebody wants, by kind.")
const agentAge = now("plumbline_agent_silent_seconds", "Since when an agent was heard of, by node.")
const sessions = now("plumbline_sessions", "Sessions that are open.")
const memory = now("process_resident_memory_bytes", "Memory of the process.")
const cpu = now("process_cpu_seconds_total", "CPU time of the process.")

const methods = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])

/** Made once for each kind of request, not for each request. */
const seriesOf = (() => {
  const known = new Map<string, ReturnType<typeof make>>()
  const make = (method: string, status: number) => ({
    requests: Metric.withAttributes(requests, { method, status: String(status) }),
    time: Metric.withAttributes(requestTime, { method }),
  })
  return (method: string, status: number) => {
    const key = `${method} ${status}`
    const series = known.get(key) ?? make(method, status)
    known.set(key, series)
    return series
  }
})()

export const measured = <E, R>(app: Effect.Effect<HttpServerResponse, E, R>) =>
  Effect.gen(function* () {
    const request = yield* HttpServerRequest
    // Whatever somebody may write there is one series and no more.
    const method = methods.has(request.method) ? request.method : "other"
    const began = yield* Clock.currentTimeMillis
    const response = yield* app
    const took = ((yield* Clock.currentTimeMillis) - began) / 1000
    const series = seriesOf(method, response.status)
    yield* Metric.update(series.requests, 1)
    yield* Metric.update(series.time, took)
    return response
  })

interface Sum {
  readonly label: string
  readonly value: number
}

/** While the database is away, its figures stay as they were: whether it is, says the readiness. */
export const collect = Effect.gen(function* () {
  const sql = yield* PgClient
  yield* Metric.update(memory, process.memoryUsage.rss())
  const { system, user } = process.cpuUsage()
  yield* Metric.update(cpu, (system + user) / 1e6)
  const at = yield* Effect.map(Clock.currentTimeMillis, (millis) => new Date(millis))
  const known = yield* withSight(operator)(
    Effect.all({
      kinds: sql<Sum>`select kind as label, count(*)::int as value from records where deleted_at is null group by kind`,
      nodes: sql<Sum>`
        select name as label, greatest(0, extract(epoch from now() - last_seen_at))::float8 as value from nodes`,
    }),
  )
  for (const { label, value } of known.kinds)
    yield* Metric.update(Metric.withAttributes(records, { kind: label }), value)
  for (const { label, value } of known.nodes)
    yield* Metric.update(Metric.withAttributes(agentAge, { node: label }), value)
  const [own] = yield* sql<{ readonly open: number }>`
    select count(*)::int as open from sessions where ended_at is null and expires_at > ${at}`
  yield* Metric.update(sessions, own?.open ?? 0)
}).pipe(Effect.catch((error) => Effect.logDebug(`The figures of the database are as before: ${String(error)}`)))
