/** /v1/webhooks */
import * as Effect from "effect/Effect"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import { Api } from "../contract.ts"
import * as Deliveries from "../webhooks/deliveries.ts"
import * as Webhooks from "../webhooks/webhooks.ts"
import { answerActor } from "./answer-actor.ts"

export const layer = HttpApiBuilder.group(Api, "webhooks", (handlers) =>
  handlers
    .handle("list", () => answerActor(Effect.map(Webhooks.list, (items) => ({ items }))))
    .handle("make", ({ payload }) => answerActor(Webhooks.make(payload)))
    .handle("read", ({ params }) => answerActor(Webhooks.read(params.id)))
    .handle("change", ({ params, payload }) => answerActor(Webhooks.change(params.id, payload)))
    .handle("remove", ({ params }) => answerActor(Webhooks.remove(params.id)))
    .handle("renew", ({ params }) => answerActor(Webhooks.renew(params.id)))
    .handle("try", ({ params }) => answerActor(Deliveries.tryOut(params.id)))
    .handle("deliveries", ({ params, query }) => answerActor(Deliveries.list(params.id, query)))
    .handle("delivery", ({ params }) => answerActor(Deliveries.read(params.id, params.delivery)))
    .handle("replay", ({ params }) => answerActor(Deliveries.replay(params.id, params.delivery))),
)
