// A signed POST, as https://www.standardwebhooks.com says. No redirect is followed, no proxy asked, nothing of the answer
// read but its status.
//
// The one thing to know before changing it: the name is resolved once, and the connection goes to an address that was looked
// at. Whoever resolved it again would be given another one by a name server that means harm.

import { lookup } from "node:dns/promises"
import { request as requestHttp } from "node:http"
import { request as requestHttps } from "node:https"
import { isIP, isIPv6 } from "node:net"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import { mayReach } from "../../spec/public-address.ts"
import { signatureOf } from "../../spec/webhook-signature.ts"

export class NotTaken extends Data.TaggedError("NotTaken")<{ readonly message: string }> {}

export interface Webhook {
  readonly url: string
  readonly secret: string
  readonly id: string
  readonly body: string
  /** Seconds since 1970. */
  readonly timestamp: number
  /** Networks that may be reached although they are not public. */
  readonly allowed: ReadonlyArray<string>
}

const patience = 10_000

export const post = (webhook: Webhook): Effect.Effect<void, NotTaken> =>
  Effect.tryPromise({
    try: async (signal) => {
      const url = new URL(webhook.url)
      if (!/^https?:$/.test(url.protocol)) throw new Error(`${url.protocol} is not spoken here`)
      const addresses = await addressesOf(url.hostname.replace(/^\[|\]$/g, ""))
      const reachable = addresses.filter((address) => mayReach(address, webhook.allowed))
      if (reachable.length === 0)
        throw new Error(`${url.hostname} is ${addresses.join(", ")}, where this node sends nothing`)
      const status = await send(url, reachable, webhook, AbortSignal.any([signal, AbortSignal.timeout(patience)]))
      if (status < 200 || status > 299) throw new Error(`${url.host} answered ${status}`)
    },
    catch: (cause) => new NotTaken({ message: cause instanceof Error ? cause.message : String(cause) }),
  })

const addressesOf = async (host: string): Promise<ReadonlyArray<string>> => {
  if (isIP(host) !== 0) return [host]
  const found = await Promise.race([
    lookup(host, { all: true }),
    new Promise<never>((_, reject) =>
      setTimeout(() => reject(new Error(`${host} was not resolved`)), patience).unref(),
    ),
  ])
  return found.map(({ address }) => address)
}

const send = (url: URL, addresses: ReadonlyArray<string>, webhook: Webhook, signal: AbortSignal): Promise<number> =>
  new Promise((resolve, reject) => {
    const found = addresses.map((address) => ({ address, family: isIPv6(address) ? 6 : 4 }))
    const body = Buffer.from(webhook.body)
    const request = (url.protocol === "https:" ? requestHttps : requestHttp)(url, {
      method: "POST",
      agent: false,
      signal,
      lookup: (_host, options, give) =>
        options.all ? give(null, found) : give(null, found[0]?.address ?? "", found[0]?.family),
      headers: {
        "content-type": "application/json",
        "content-length": body.length,
        "user-agent": "Plumbline",
        "webhook-id": webhook.id,
        "webhook-timestamp": String(webhook.timestamp),
        "webhook-signature": signatureOf(webhook),
      },
    })
    request.on("response", (response) => {
      resolve(response.statusCode ?? 0)
      response.destroy()
    })
    request.on("error", reject)
    request.end(body)
  })
