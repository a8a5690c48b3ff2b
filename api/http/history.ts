/** /v1/history, /v1/rollback */
import * as Effect from "effect/Effect"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import { Api } from "../contract.ts"
import { NotFound } from "../problems.ts"
import * as History from "../store/history.ts"
import { documentOf, keyOf } from "../store/plan.ts"
import { answerActor } from "./answer-actor.ts"
import { idempotent } from "./idempotent.ts"
import { written } from "./written.ts"

export const layer = HttpApiBuilder.group(Api, "history", (handlers) =>
  handlers
    .handle("history", ({ params, query }) => answerActor(History.list(params.kind, params.name, query)))
    .handle("diff", ({ params: { kind, name }, query }) => answerActor(History.diff(kind, name, query.from, query.to)))
    .handle("rollback", ({ headers, payload }) =>
      answerActor(
        Effect.gen(function* () {
          const { kind, name, revision, version } = payload
          const past = yield* History.read(kind, name, revision)
          const key = keyOf(past)
          const { changes } = yield* written({
            via: `rollback to revision ${revision}`,
            records: [documentOf(past)],
            // Where the record is gone, the old one comes back: its trash is found by its identity.
            identities: new Map([[key, past.record_id]]),
            expectVersions: version === undefined ? {} : { [key]: version },
          }).pipe(Effect.catchTag("PruneRefused", Effect.die))
          const [change] = changes
          return change ?? (yield* new NotFound({ detail: `There is no ${key}.` }))
        }).pipe(idempotent(headers["idempotency-key"], { rollback: payload })),
      ),
    ),
)
