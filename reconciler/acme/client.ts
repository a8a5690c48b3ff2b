// The ACME client of others (acme-client), with failures as values: every answer that is a problem document, and every
// connection that did not come about. It waits for nothing by itself: when to try again is decided and stored here.
//
// The one thing to know before changing it: the library is loaded with the first order. It is large, and most agents are
// asked for none.

import { request as http } from "node:http"
import { request as https } from "node:https"
import { rootCertificates } from "node:tls"
import type * as Acme from "acme-client"
import * as Effect from "effect/Effect"
import { sideEffectOf } from "../host/side-effect.ts"
import { AcmeFailure, type Problem, plain, typeOf, wordsOf } from "./failure.ts"

export interface Account {
  readonly directory: string
  /** PEM. */
  readonly key: string
  /** What the server knows it by; undefined until it was registered. */
  readonly url: string | undefined
}

export interface Client {
  readonly register: (email: string | null) => Effect.Effect<string, AcmeFailure>
  readonly order: (names: ReadonlyArray<string>) => Effect.Effect<Acme.Order, AcmeFailure>
  readonly look: (url: string) => Effect.Effect<Acme.Order, AcmeFailure>
  readonly authorizations: (order: Acme.Order) => Effect.Effect<ReadonlyArray<Acme.Authorization>, AcmeFailure>
  readonly answerTo: (challenge: Challenge) => Effect.Effect<string, AcmeFailure>
  readonly complete: (challenge: Challenge) => Effect.Effect<void, AcmeFailure>
  readonly finalize: (order: Acme.Order, names: ReadonlyArray<string>, key: string) => Effect.Effect<void, AcmeFailure>
  readonly download: (order: Acme.Order) => Effect.Effect<string, AcmeFailure>
}

export type Challenge = Acme.Authorization["challenges"][number]
export type { Authorization, Order } from "acme-client"

const load = Effect.promise(async () => {
  const acme: typeof Acme = await import("acme-client")
  const { axios } = acme
  Object.assign(Reflect.get(axios.defaults, "acmeSettings"), { retryMaxAttempts: 0 })
  axios.defaults.adapter = send
  axios.interceptors.response.use((response) => {
    const problem = response.data as Problem | undefined
    if (response.status < 400 || (typeof problem === "object" && typeOf(problem) === "badNonce")) return response
    throw refusal(response.status, problem ?? {}, response.headers["retry-after"])
  })
  return acme
})

/** Authorities that a server may prove itself by, beside those that everybody trusts: by its host and port. */
const trusted = new Map<string, string>()

/** Bodies come from a server that a record names. */
const longest = 1024 * 1024

/**
 * One request, in place of the library's own way: that one loses what kept a connection from coming about, follows
 * redirects, and knows one list of authorities for all servers.
 */
const send: Extract<typeof Acme.axios.defaults.adapter, (...all: never) => unknown> = (config) =>
  new Promise((resolve, reject) => {
    const url = new URL(config.url ?? "")
    const trust = trusted.get(url.host)
    const fail = (cause: unknown) => reject(unreachable(cause))
    const options = {
      method: (config.method ?? "get").toUpperCase(),
      headers: { ...config.headers },
      agent: false as const,
      timeout: 30_000,
      ...(trust === undefined ? {} : { ca: [...rootCertificates, trust] }),
    }
    const asked = (url.protocol === "http:" ? http : https)(url, options, (response) => {
      let data = ""
      response.setEncoding("utf8")
      response.on("data", (part: string) => {
        data += part
        if (data.length > longest) response.destroy(new Error("the answer is too long"))
      })
      response.on("error", fail)
      response.on("end", () =>
        resolve({
          data,
          status: response.statusCode ?? 0,
          statusText: "",
          headers: Object.fromEntries(
            Object.entries(response.headers).map(([name, value]) => [name, String(value ?? "")]),
          ),
          config,
        }),
      )
    })
    asked.on("timeout", () => asked.destroy(new Error("no answer within 30 s")))
    asked.on("error", fail)
    asked.end(config.data)
  })

const loaded = Effect.runSync(Effect.cached(load))

/** RFC 9110, section 10.2.3: seconds, or a date. */
const retryOf = (header: string): Pick<AcmeFailure, "retryAfterMillis" | "retryAtMillis"> => {
  if (/^\d+$/.test(header)) return { retryAfterMillis: Number(header) * 1000 }
  const at = Date.parse(header)
  return Number.isNaN(at) ? {} : { retryAtMillis: at }
}

const refusal = (status: number, problem: Problem, retryAfter: unknown): AcmeFailure => {
  const [reason, message] =
    typeof problem === "object" && typeOf(problem) !== ""
      ? wordsOf(problem)
      : (["ServerFailed", `The ACME server answered with ${status}.`] as const)
  return new AcmeFailure({
    reason,
    message,
    type: typeof problem === "object" ? typeOf(problem) : "",
    status,
    ...retryOf(String(retryAfter ?? "")),
  })
}

const toFailure = (cause: unknown): AcmeFailure => (cause instanceof AcmeFailure ? cause : unreachable(cause))

const unreachable = (cause: unknown): AcmeFailure =>
  new AcmeFailure({
    reason: "ServerUnreachable",
    message: `The ACME server could not be asked: ${plain(cause instanceof Error ? cause.message || String(Reflect.get(cause, "code")) : String(cause))}.`,
  })

const call = <A>(what: string, ask: () => Promise<A>): Effect.Effect<A, AcmeFailure> =>
  sideEffectOf(`acme ${what}`, Effect.tryPromise({ try: ask, catch: toFailure }))

export const makeKey: Effect.Effect<string, AcmeFailure> = Effect.flatMap(loaded, (acme) =>
  Effect.tryPromise({ try: async () => (await acme.crypto.createPrivateEcdsaKey()).toString(), catch: toFailure }),
)

export const connect = Effect.fnUntraced(function* (account: Account, trust: string | null) {
  const acme = yield* loaded
  if (trust === null) trusted.delete(new URL(account.directory).host)
  else trusted.set(new URL(account.directory).host, trust)
  const client = new acme.Client({
    directoryUrl: account.directory,
    accountKey: account.key,
    ...(account.url === undefined ? {} : { accountUrl: account.url }),
  })
  return {
    register: (email) =>
      call("newAccount", async () => {
        await client.createAccount({
          termsOfServiceAgreed: true,
          ...(email === null ? {} : { contact: [`mailto:${email}`] }),
        })
        return client.getAccountUrl()
      }),
    order: (names) =>
      call("newOrder", () => client.createOrder({ identifiers: names.map((value) => ({ type: "dns", value })) })),
    // Of an order that is known by its URL alone.
    look: (url) => call("order", () => client.getOrder({ url } as Acme.Order)),
    authorizations: (order) => call("authorizations", () => client.getAuthorizations(order)),
    answerTo: (challenge) =>
      Effect.tryPromise({ try: () => client.getChallengeKeyAuthorization(challenge), catch: toFailure }),
    complete: (challenge) => call("challenge", async () => void (await client.completeChallenge(challenge))),
    finalize: (order, names, key) =>
      call("finalize", async () => {
        const [, request] = await acme.crypto.createCsr({ altNames: [...names] }, key)
        await client.finalizeOrder(order, request)
      }),
    download: (order) => call("certificate", () => client.getCertificate(order)),
  } satisfies Client
})
