/**
 * What the API is told of the network around it:
 *   PLUMB_HOSTS            names besides the loopback ones that it answers for, such as panel.example.org
 *   PLUMB_TRUSTED_PROXIES  addresses and networks of proxies whose X-Forwarded-For is believed
 *   PLUMB_ORIGINS          pages of other sites that may ask with a token, such as https://tools.example.org
 *   PLUMB_RATE_ADDRESS, PLUMB_RATE_LOGIN, PLUMB_RATE_USER  requests a minute
 * Lists are separated by commas.
 */
import * as Config from "effect/Config"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import { canonicalNetwork, networkFlaw } from "../../spec/network.ts"
import { defaultRates } from "./limits.ts"

class BadSetting extends Data.TaggedError("BadSetting")<{ readonly message: string }> {}

const list = (name: string) =>
  Config.String(name).pipe(
    Config.withDefault(""),
    Config.map((text) => text.split(",").flatMap((one) => (one.trim() === "" ? [] : [one.trim()]))),
  )

const rate = (name: string, otherwise: number) => Config.Int(name).pipe(Config.withDefault(otherwise))

const settings = Config.all({
  hosts: list("PLUMB_HOSTS"),
  proxies: list("PLUMB_TRUSTED_PROXIES"),
  origins: list("PLUMB_ORIGINS"),
  rates: Config.all({
    address: rate("PLUMB_RATE_ADDRESS", defaultRates.address),
    login: rate("PLUMB_RATE_LOGIN", defaultRates.login),
    user: rate("PLUMB_RATE_USER", defaultRates.user),
  }),
})

const isOrigin = (text: string): boolean => URL.canParse(text) && new URL(text).origin === text && text !== "null"

export const gatewaySettings = Effect.gen(function* () {
  const { hosts, origins, proxies, rates } = yield* settings
  for (const host of hosts)
    if (!/^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/i.test(host))
      return yield* new BadSetting({ message: `PLUMB_HOSTS holds "${host}", which is no host name` })
  for (const origin of origins)
    if (!isOrigin(origin))
      return yield* new BadSetting({
        message: `PLUMB_ORIGINS holds "${origin}"; an origin is written as https://tools.example.org`,
      })
  for (const network of proxies) {
    const flaw = networkFlaw(network)
    if (flaw !== undefined)
      return yield* new BadSetting({ message: `PLUMB_TRUSTED_PROXIES: ${flaw.message} ${flaw.mend}` })
  }
  for (const [name, value] of Object.entries(rates))
    if (value < 1) return yield* new BadSetting({ message: `PLUMB_RATE_${name.toUpperCase()} is ${value}; at least 1` })
  return { hosts, origins, rates, trustedProxies: proxies.map(canonicalNetwork) }
})
