/** Which networks that are not public a webhook may reach: the operator's may reach more than others'. */
import * as Effect from "effect/Effect"
import * as Security from "../config/security.ts"

export const networksOf = (tenant: string | null) =>
  Effect.map(Security.read, ({ operatorWebhookNetworks, webhookNetworks }) =>
    tenant === null ? [...webhookNetworks, ...operatorWebhookNetworks] : webhookNetworks,
  )
