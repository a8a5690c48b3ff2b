/** Webhooks and what became of what they were sent, as the API shows them. */
import * as Schema from "effect/Schema"
import { Instant } from "../../spec/record.ts"
import { Heard } from "./events.ts"

export const Webhook = Schema.Struct({
  id: Schema.String,
  /** Of which reseller or customer; null: the operator's. */
  tenant: Schema.NullOr(Schema.String),
  url: Schema.String,
  description: Schema.String,
  events: Schema.Array(Heard),
  enabled: Schema.Boolean,
  /** Why nothing is sent to it any more, although nobody switched it off. */
  stopped: Schema.NullOr(Schema.String),
  /** Since when nothing has arrived. */
  failingSince: Schema.NullOr(Instant),
  createdAt: Instant,
  updatedAt: Instant,
  version: Schema.Number,
})
export type Webhook = typeof Webhook.Type

export const WebhookWithSecret = Schema.Struct({
  ...Webhook.fields,
  /** What the signatures are made with: https://www.standardwebhooks.com. Shown once. */
  secret: Schema.String,
})

export const DeliveryState = Schema.Literals(["waiting", "delivered", "given-up"])

export const Delivery = Schema.Struct({
  id: Schema.String,
  webhook: Schema.String,
  /** `webhook-id` of the request: the same with each attempt and each replay. */
  event: Schema.String,
  type: Schema.String,
  happenedAt: Instant,
  createdAt: Instant,
  state: DeliveryState,
  attempts: Schema.Int,
  replay: Schema.Boolean,
  /** Of the last attempt. */
  triedAt: Schema.NullOr(Instant),
  status: Schema.NullOr(Schema.Int),
  tookMillis: Schema.NullOr(Schema.Int),
  /** Why it did not arrive. */
  error: Schema.NullOr(Schema.String),
})
export type Delivery = typeof Delivery.Type

export const DeliveryDetail = Schema.Struct({
  ...Delivery.fields,
  /** The body of the request. */
  body: Schema.String,
  /** The beginning of what was answered to the last attempt. */
  answer: Schema.String,
})
