/** Who may log in how, and where webhooks may go. */
import * as Effect from "effect/Effect"
import { canonicalNetwork, networkFlaw } from "../../spec/network.ts"
import { Invalid, type Mistake } from "../problems.ts"
import { SecuritySettings } from "./shapes.ts"
import { type Group, readStored, writeStored } from "./stored.ts"

const group: Group<SecuritySettings> = {
  name: "security",
  schema: SecuritySettings,
  unset: {
    leastPasswordLength: 10,
    sessionDays: 30,
    idleDays: 7,
    secondFactorFor: [],
    webhookNetworks: [],
    operatorWebhookNetworks: [],
  },
}

export const read = readStored(group)

const mistakesOf = (wish: SecuritySettings): ReadonlyArray<Mistake> => [
  ...(["webhookNetworks", "operatorWebhookNetworks"] as const).flatMap((field) =>
    wish[field].flatMap((network, index) => {
      const flaw = networkFlaw(network)
      return flaw === undefined ? [] : [{ field: `${field}[${index}]`, ...flaw }]
    }),
  ),
  ...(wish.idleDays > wish.sessionDays
    ? [
        {
          field: "idleDays",
          message: `A session ends after ${wish.sessionDays} days, before it can be idle for ${wish.idleDays}.`,
          mend: "Use at most sessionDays.",
        },
      ]
    : []),
]

export const write = Effect.fn("config.security.write")(function* (given: Partial<SecuritySettings>) {
  const wish = { ...group.unset, ...given }
  const problems = mistakesOf(wish)
  if (problems.length > 0) return yield* new Invalid({ detail: "The settings were not changed.", problems })
  const settings = {
    ...wish,
    secondFactorFor: [...new Set(wish.secondFactorFor)],
    webhookNetworks: [...new Set(wish.webhookNetworks.map(canonicalNetwork))],
    operatorWebhookNetworks: [...new Set(wish.operatorWebhookNetworks.map(canonicalNetwork))],
  }
  yield* writeStored(group, settings)
  return settings
})
