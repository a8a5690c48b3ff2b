/**
 * One attempt: a signed POST, to an address that may be reached, with nothing followed and no proxy asked.
 *
 * The one thing to know before changing it: the name is resolved once, and the connection goes to an address that was looked
 * at. Whoever resolved it again would be given another one by a name server that means harm.
 */
import { lookup } from "node:dns/promises"
import { request as requestHttp } from "node:http"
import { request as requestHttps } from "node:https"
import { isIP, isIPv6 } from "node:net"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { mayReach } from "../../spec/public-address.ts"
import { signatureOf } from "../../spec/webhook-signature.ts"

export interface Message {
  readonly url: string
  readonly secret: string
  /** `webhook-id` */
  readonly id: string
  readonly body: string
  /** Networks that may be reached although they are not public. */
  readonly allowed: ReadonlyArray<string>
}

export interface Attempt {
  /** What it was answered; null: nothing. */
  readonly status: number | null
  /** The beginning of the answer. */
  readonly answer: string
  /** Why it has not arrived; null: it has. */
  readonly error: string | null
  readonly tookMillis: number
}

const patience = 10_000
const remembered = 1024

interface Answered {
  readonly status: number
  readonly answer: string
}

/** Never fails: what goes wrong is what is told of the attempt. */
export const attempt = (message: Message): Effect.Effect<Attempt> =>
  Effect.gen(function* () {
    const began = yield* Clock.currentTimeMillis
    const outcome = yield* Effect.tryPromise({
      try: (signal) =>
        post(message, Math.floor(began / 1000), AbortSignal.any([signal, AbortSignal.timeout(patience)])),
      catch: (cause) => (cause instanceof Error ? wordsOf(cause) : String(cause)),
    }).pipe(Effect.catch((error) => Effect.succeed({ error })))
    const tookMillis = Math.max(0, (yield* Clock.currentTimeMillis) - began)
    if ("error" in outcome) return { status: null, answer: "", error: outcome.error, tookMillis }
    const { answer, status } = outcome
    return { status, answer, error: status >= 200 && status <= 299 ? null : `It answered ${status}.`, tookMillis }
  })

const wordsOf = (cause: Error): string =>
  cause.name === "TimeoutError" || cause.name === "AbortError"
    ? `There was no answer within ${patience / 1000} seconds.`
    : cause.message.replaceAll(/\s+/g, " ").slice(0, 300)

const post = async (message: Message, timestamp: number, signal: AbortSignal): Promise<Answered> => {
  const url = new URL(message.url)
  const host = url.hostname.replace(/^\[|\]$/g, "")
  const addresses = isIP(host) !== 0 ? [host] : await resolved(host, signal)
  const reachable = addresses.filter((address) => mayReach(address, message.allowed))
  if (reachable.length === 0) throw new Error(`${host} is ${addresses.join(", ")}, where nothing is sent to.`)
  const found = reachable.map((address) => ({ address, family: isIPv6(address) ? 6 : 4 }))
  const body = Buffer.from(message.body)
  return new Promise((resolve, reject) => {
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
        "webhook-id": message.id,
        "webhook-timestamp": String(timestamp),
        "webhook-signature": signatureOf({ ...message, timestamp }),
      },
    })
    request.on("response", (response) => {
      const parts: Array<Buffer> = []
      let length = 0
      const end = () => {
        resolve({ status: response.statusCode ?? 0, answer: textOf(Buffer.concat(parts)) })
        response.destroy()
      }
      response.on("data", (part: Buffer) => {
        parts.push(part)
        length += part.length
        if (length >= remembered) end()
      })
      response.on("end", end)
      response.on("error", reject)
    })
    request.on("error", reject)
    request.end(body)
  })
}

/** No text of Postgres can hold a NUL, and half a character is none. */
const textOf = (bytes: Buffer): string =>
  bytes.subarray(0, remembered).toString("utf8").replaceAll("\0", "").replace(/�$/, "")

const resolved = async (host: string, signal: AbortSignal): Promise<ReadonlyArray<string>> => {
  const late = new Promise<never>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error)))
  const found = await Promise.race([lookup(host, { all: true }), late])
  return found.map(({ address }) => address)
}
