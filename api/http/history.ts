/** /v1/history, /v1/rollback, /v1/verify */
import * as Effect from "effect/Effect"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import { Api } from "../contract.ts"
import { Actor } from "../identity.ts"
import { NotFound } from "../problems.ts"
import { verify } from "../store/chain.ts"
import * as History from "../store/history.ts"
import { documentOf, keyOf } from "../store/plan.ts"
import { write } from "../store/write.ts"
import { answer } from "./answer.ts"

export const layer = HttpApiBuilder.group(Api, "history", (handlers) =>
  handlers
    .handle("history", ({ params, query }) => answer(History.list(params.kind, params.name, query)))
    .handle("rollback", ({ payload: { kind, name, revision, version } }) =>
      answer(
        Effect.gen(function* () {
          const { name: actor } = yield* Actor
          const past = yield* History.read(kind, name, revision)
          const key = keyOf(past)
          const { changes } = yield* write({
            actor,
            via: `rollback to revision ${revision}`,
            records: [documentOf(past)],
            // Where the record is gone, the old one comes back: its trash is found by its identity.
            identities: new Map([[key, past.record_id]]),
            expectVersions: version === undefined ? {} : { [key]: version },
          }).pipe(Effect.catchTag("PruneRefused", Effect.die))
          const [change] = changes
          return change ?? (yield* new NotFound({ detail: `There is no ${key}.` }))
        }),
      ),
    )
    .handle("verify", () => answer(verify)),
)
