/** Webhooks, as a part of the contract: who hears of what, whether it arrived, and once more. */
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import * as Schema from "effect/Schema"
import { Authenticated } from "../identity/actor.ts"
import * as Problems from "../problems.ts"
import { Heard } from "./events.ts"
import * as Shapes from "./shapes.ts"

const text = (most: number) => Schema.String.check(Schema.isMaxLength(most))
const id = { id: text(100) }
const delivery = { ...id, delivery: text(100) }
const page = {
  limit: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1000 }))),
  after: Schema.optionalKey(Schema.String),
}
const events = Schema.Array(Heard).check(Schema.isBetweenLength(1, 50))
const described = { description: Schema.optionalKey(text(1000)), enabled: Schema.optionalKey(Schema.Boolean) }

export const webhooks = HttpApiGroup.make("webhooks")
  .add(
    HttpApiEndpoint.get("list", "/v1/webhooks", { success: Schema.Struct({ items: Schema.Array(Shapes.Webhook) }) }),
    HttpApiEndpoint.post("make", "/v1/webhooks", {
      payload: Schema.Struct({ url: text(2000), events, ...described }),
      /** With its secret, which no other answer has. */
      success: Shapes.WebhookWithSecret.pipe(HttpApiSchema.status(201)),
      error: Problems.Invalid,
    }),
    HttpApiEndpoint.get("read", "/v1/webhooks/:id", { params: id, success: Shapes.Webhook, error: Problems.NotFound }),
    /** What is left out stays. `enabled: true` takes up one that was stopped. */
    HttpApiEndpoint.patch("change", "/v1/webhooks/:id", {
      params: id,
      payload: Schema.Struct({ url: Schema.optionalKey(text(2000)), events: Schema.optionalKey(events), ...described }),
      success: Shapes.Webhook,
      error: [Problems.NotFound, Problems.Invalid],
    }),
    HttpApiEndpoint.delete("remove", "/v1/webhooks/:id", {
      params: id,
      success: HttpApiSchema.NoContent,
      error: Problems.NotFound,
    }),
    /** Another one: from now on only what it signs is sent. */
    HttpApiEndpoint.post("renew", "/v1/webhooks/:id/secret", {
      params: id,
      payload: Schema.Struct({}),
      success: Shapes.WebhookWithSecret,
      error: Problems.NotFound,
    }),
    /** Sends `webhook.test` to it, whatever it hears of. */
    HttpApiEndpoint.post("try", "/v1/webhooks/:id/test", {
      params: id,
      payload: Schema.Struct({}),
      success: Shapes.Delivery.pipe(HttpApiSchema.status(202)),
      error: Problems.NotFound,
    }),
    /** The newest first. */
    HttpApiEndpoint.get("deliveries", "/v1/webhooks/:id/deliveries", {
      params: id,
      query: { state: Schema.optionalKey(Shapes.DeliveryState), event: Schema.optionalKey(Heard), ...page },
      success: Schema.Struct({ items: Schema.Array(Shapes.Delivery), next: Schema.NullOr(Schema.String) }),
      error: Problems.NotFound,
    }),
    HttpApiEndpoint.get("delivery", "/v1/webhooks/:id/deliveries/:delivery", {
      params: delivery,
      success: Shapes.DeliveryDetail,
      error: Problems.NotFound,
    }),
    /** The same once more, under the same id, as a delivery of its own. */
    HttpApiEndpoint.post("replay", "/v1/webhooks/:id/deliveries/:delivery/replay", {
      params: delivery,
      payload: Schema.Struct({}),
      success: Shapes.Delivery.pipe(HttpApiSchema.status(202)),
      error: Problems.NotFound,
    }),
  )
  .middleware(Authenticated)
