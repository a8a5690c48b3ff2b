/** Where Prometheus reads the figures of an API process: a port of its own, only where one was given (`PLUMB_API_METRICS`). */
import { createServer } from "node:http"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import * as PrometheusMetrics from "effect/observability/PrometheusMetrics"
import type { ListenAddress } from "../spec/listen-address.ts"
import { collect } from "./metrics.ts"

const figures = Effect.gen(function* () {
  yield* collect
  const text = yield* PrometheusMetrics.format()
  return HttpServerResponse.text(text, { contentType: "text/plain; version=0.0.4; charset=utf-8" })
})

export const metricsServer = ({ host, port }: ListenAddress) =>
  HttpRouter.serve(HttpRouter.add("GET", "/metrics", figures), { disableListenLog: true }).pipe(
    Layer.provideMerge(NodeHttpServer.layer(() => createServer(), { host, port })),
  )
