/** /v1/secret-exports */
import * as Effect from "effect/Effect"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import { Api } from "../contract.ts"
import { Actor } from "../identity/actor.ts"
import * as SecretExports from "../store/secret-exports.ts"
import { answerActor } from "./answer-actor.ts"

export const layer = HttpApiBuilder.group(Api, "secrets", (handlers) =>
  handlers
    .handle("ask", ({ payload }) =>
      answerActor(Effect.flatMap(Actor, ({ name }) => SecretExports.ask(name, payload.node))),
    )
    .handle("read", ({ params }) => answerActor(SecretExports.read(params.id)))
    .handle("remove", ({ params }) => answerActor(SecretExports.remove(params.id))),
)
