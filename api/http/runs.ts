/** /v1/runs */
import * as Effect from "effect/Effect"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import * as Schedule from "effect/Schedule"
import { Api } from "../contract.ts"
import { Conflict, NotFound } from "../problems.ts"
import * as Runs from "../store/runs.ts"
import { answerActor } from "./answer-actor.ts"
import { idempotent } from "./idempotent.ts"
import { written } from "./written.ts"

export const layer = HttpApiBuilder.group(Api, "runs", (handlers) =>
  handlers
    .handle("list", ({ query }) => answerActor(Runs.list(query)))
    .handle("read", ({ params }) => answerActor(Runs.read(params.run)))
    .handle("reports", ({ query }) => answerActor(Runs.reports(query)))
    .handle("run", ({ headers, payload }) =>
      answerActor(
        runNow(payload).pipe(
          // Nobody has seen a version here: who wrote in between is no reason to ask the person again.
          Effect.retry({ while: (error) => error instanceof Conflict, schedule: Schedule.recurs(5) }),
          idempotent(headers["idempotency-key"], { run: payload }),
        ),
      ),
    ),
)

const runNow = Effect.fnUntraced(function* ({ kind, name }: { readonly kind: string; readonly name: string }) {
  const { document, version } = yield* Runs.asked(kind, name)
  const { changes } = yield* written({
    via: "run",
    records: [document],
    expectVersions: { [`${kind}/${name}`]: version },
  }).pipe(Effect.catchTag("PruneRefused", Effect.die))
  return changes[0] ?? (yield* new NotFound({ detail: `There is no ${kind}/${name}.` }))
})
