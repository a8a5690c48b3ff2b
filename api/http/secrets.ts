/** /v1/secret-exports */
import * as Effect from "effect/Effect"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import { Api } from "../contract.ts"
import { Actor } from "../identity.ts"
import * as SecretExports from "../store/secret-exports.ts"
import { answer } from "./answer.ts"

export const layer = HttpApiBuilder.group(Api, "secrets", (handlers) =>
  handlers
    .handle("ask", ({ payload }) => answer(Effect.flatMap(Actor, ({ name }) => SecretExports.ask(name, payload.node))))
    .handle("read", ({ params }) => answer(SecretExports.read(params.id)))
    .handle("remove", ({ params }) => answer(SecretExports.remove(params.id))),
)
