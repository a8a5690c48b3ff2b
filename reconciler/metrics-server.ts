// Where Prometheus reads the figures of an agent: a port of its own, on this machine unless somebody says otherwise, and only
// where one was given (PLUMB_AGENT_METRICS).

import { createServer } from "node:http"
import * as Effect from "effect/Effect"
import * as PrometheusMetrics from "effect/observability/PrometheusMetrics"
import type { ListenAddress } from "../spec/listen-address.ts"

/** Answers until the scope closes. Gives the port, where 0 was asked for. */
export const serveMetrics = (address: ListenAddress, collect: Effect.Effect<void>) =>
  Effect.gen(function* () {
    const run = Effect.runPromiseWith(yield* Effect.context<never>())
    const figures = Effect.andThen(collect, PrometheusMetrics.format())
    const server = createServer((request, response) => {
      const isAsked = request.method === "GET" && request.url?.split("?")[0] === "/metrics"
      if (!isAsked) {
        response.writeHead(404).end("The figures are at /metrics.\n")
        return
      }
      run(figures).then(
        (text) => response.writeHead(200, { "content-type": "text/plain; version=0.0.4; charset=utf-8" }).end(text),
        () => response.writeHead(500).end(),
      )
    })
    // Nothing that somebody sends takes long, or much.
    server.requestTimeout = 5000
    server.maxConnections = 20
    yield* Effect.acquireRelease(
      Effect.callback<void, Error>((resume) => {
        server.once("error", (error) => resume(Effect.fail(error)))
        server.listen(address.port, address.host, () => resume(Effect.void))
      }),
      () => Effect.sync(() => server.close()),
    )
    const bound = server.address()
    return typeof bound === "object" && bound !== null ? bound.port : address.port
  })
