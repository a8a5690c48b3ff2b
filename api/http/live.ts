/** What is so: status, events, drift, and who owns what on a host. */
import * as Effect from "effect/Effect"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import { Api } from "../contract.ts"
import { Events } from "../events.ts"
import { Actor } from "../identity/actor.ts"
import { stillLetIn } from "../identity/still.ts"
import { Malformed } from "../problems.ts"
import * as Drift from "../store/drift.ts"
import * as Measurements from "../store/measurements.ts"
import * as Ownership from "../store/ownership.ts"
import * as Status from "../store/status.ts"
import * as Traffic from "../store/traffic.ts"
import * as Usage from "../store/usage.ts"
import { answerActor } from "./answer-actor.ts"

export const layer = HttpApiBuilder.group(Api, "live", (handlers) =>
  handlers
    .handle("status", ({ query }) => answerActor(Status.overview(query)))
    .handle("events", ({ headers, query }) =>
      Effect.gen(function* () {
        const { stream } = yield* Events
        const { sight } = yield* Actor
        const since = headers["last-event-id"] ?? query.lastEventId
        const still = yield* stillLetIn
        // A response of our own: the contract's encoder sends neither the sign of life nor these headers.
        return HttpServerResponse.stream(stream({ sight, since, still }), {
          contentType: "text/event-stream",
          headers: { "cache-control": "no-store", "x-accel-buffering": "no" },
        })
      }),
    )
    .handle("drift", ({ query }) => answerActor(Drift.list(query)))
    .handle("driftEvent", ({ params }) => answerActor(Drift.read(params.seq)))
    .handle("usage", ({ query }) => answerActor(Effect.map(Usage.list(query), (items) => ({ items }))))
    .handle("traffic", ({ query }) => answerActor(Traffic.list(query)))
    .handle("measurements", ({ query }) => answerActor(Measurements.list(query)))
    .handle("explain", ({ query }) =>
      answerActor(
        Effect.gen(function* () {
          const asked = [query.path, query.unit, query.user].filter((one) => one !== undefined && one !== "")
          if (asked.length !== 1)
            return yield* new Malformed({
              detail: "Ask for one thing.",
              problems: [{ field: "", message: "The question is not clear.", mend: "Give path, unit or user." }],
            })
          return yield* Ownership.explain(query)
        }),
      ),
    ),
)
