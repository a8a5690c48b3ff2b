/**
 * Around everything: which hosts may be asked for, how large a body may be, and that whatever goes wrong leaves as a problem
 * document, also where no endpoint was reached.
 */
import { randomUUID } from "node:crypto"
import * as ByteSize from "effect/ByteSize"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as HttpIncomingMessage from "effect/http/HttpIncomingMessage"
import * as HttpMiddleware from "effect/http/HttpMiddleware"
import { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as Respondable from "effect/http/HttpServerRespondable"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as HttpApi from "effect/http-api/HttpApi"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import { Api } from "../contract.ts"
import type { Limits } from "../gateway/limits.ts"
import { clientOf, type Trusted, trusting } from "../gateway/proxies.ts"
import { RequestId } from "../identity/caller.ts"
import { measured } from "../metrics.ts"
import { Forbidden, InternalError, Malformed, MethodNotAllowed, NotFound, TooLarge, Unsupported } from "../problems.ts"
import { pathOf, patternOf } from "./path.ts"
import { pagePolicy } from "./reference.ts"
import { countLost, countStranger } from "./strangers.ts"

export const bodyLimit = 32 * 1024 * 1024
/** Of those whom nobody knows yet. */
const strangersLimit = 64 * 1024

const limitOf = ({ url }: HttpServerRequest): number => (url.startsWith("/auth/") ? strangersLimit : bodyLimit)
const retryAfterSeconds = 2

/** Every address of the contract with its methods, to tell "no such address" from "not with this method". */
const addresses: ReadonlyArray<{ readonly pattern: RegExp; readonly methods: Set<string> }> = (() => {
  const found = new Map<string, Set<string>>()
  HttpApi.reflect(Api, {
    onGroup: () => undefined,
    onEndpoint: ({ endpoint }) => {
      const methods = found.get(endpoint.path) ?? new Set()
      found.set(endpoint.path, methods.add(endpoint.method))
    },
  })
  return [...found].map(([path, methods]) => ({
    pattern: patternOf(path),
    methods,
  }))
})()

/**
 * A page that a browser loaded from elsewhere can be made to resolve to 127.0.0.1 ("DNS rebinding"); its requests then
 * carry the name that it was loaded from.
 */
const allowedHost = (host: string | undefined, allowed: ReadonlySet<string>): boolean =>
  host !== undefined && allowed.has(host.replace(/:\d+$/, "").toLowerCase())

const loopback = ["127.0.0.1", "localhost", "[::1]"]

const problem = Respondable.toResponse

/** What stands behind a response that has no body of ours. */
const unexplained = (status: number, request: HttpServerRequest) => {
  const path = pathOf(request)
  if (status === 415) return problem(new Unsupported({ detail: "Send the body as application/json." }))
  if (status === 404) {
    const address = addresses.find(({ pattern }) => pattern.test(path))
    return address === undefined
      ? problem(new NotFound({ detail: "There is nothing at this address. /openapi.json lists what there is." }))
      : Effect.map(
          problem(
            new MethodNotAllowed({ detail: `${request.method} is not for this address; ${list(address.methods)} is.` }),
          ),
          HttpServerResponse.setHeader("allow", list(address.methods)),
        )
  }
  if (status >= 400 && status < 500)
    return problem(new Malformed({ detail: "The request cannot be read.", problems: [] }))
  return problem(new InternalError({ detail: "The log of the API says more." }))
}

const list = (methods: ReadonlySet<string>) => [...methods].join(", ")

const tooLarge = (limit: number) =>
  problem(
    new TooLarge({
      detail:
        limit === bodyLimit
          ? `A request may have ${bodyLimit / 1024 / 1024} MB. Apply the records in several requests.`
          : `A request to this address may have ${limit / 1024} KB.`,
      limit,
    }),
  )

/** Reading the body stopped at the limit, which a request without a length meets only there. */
const bodyOverflow = (cause: Cause.Cause<unknown>): boolean =>
  cause.reasons.some(
    (reason) =>
      reason._tag === "Die" &&
      Predicate.hasProperty(reason.defect, "reason") &&
      Predicate.hasProperty(reason.defect.reason, "cause") &&
      Predicate.isTagged(reason.defect.reason.cause, "MaxBytesError"),
  )

export interface EdgeOptions {
  /** Names besides the loopback ones that requests may come for. */
  readonly hosts?: ReadonlyArray<string>
  /** Addresses and networks whose X-Forwarded-For is believed. */
  readonly trustedProxies?: ReadonlyArray<string>
  /** Pages of other sites that may ask with a token: `https://panel.example.org`. */
  readonly origins?: ReadonlyArray<string>
}

/** Wraps the whole application. */
export const edge = ({ hosts = [], origins = [], trustedProxies = [] }: EdgeOptions, limits: typeof Limits.Service) => {
  const allowed = new Set([...loopback, ...hosts].map((host) => host.toLowerCase()))
  const trusted = trusting(trustedProxies)
  const fromPages = origins.length === 0 ? undefined : crossOrigin(origins)
  return <E, R>(app: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>) => {
    const answered = Effect.gen(function* () {
      const request = yield* HttpServerRequest
      if (!allowedHost(request.headers["host"], allowed))
        return yield* problem(new Forbidden({ detail: "This API does not answer for that host name." }))
      const refused = yield* Effect.flip(countStranger(request, limits)).pipe(Effect.option)
      if (Option.isSome(refused)) return yield* problem(refused.value)
      const limit = limitOf(request)
      if (Number(request.headers["content-length"] ?? 0) > limit) return yield* tooLarge(limit)
      const response = yield* app.pipe(
        Effect.provideService(HttpIncomingMessage.MaxBodySize, ByteSize.fromInputUnsafe(limit)),
        Effect.catchCause((cause) => fromCause(cause, request, limit, limits)),
      )
      return response.status >= 400 && response.headers["content-type"]?.startsWith("application/problem+json") !== true
        ? yield* unexplained(response.status, request)
        : response
    })
    return (fromPages === undefined ? answered : fromPages(answered)).pipe(fromClient(trusted), withRequestId, measured)
  }
}

/** Behind a proxy of ours the client is whom it forwards for. */
const fromClient =
  (trusted: Trusted) =>
  <E, R>(app: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>) =>
    Effect.gen(function* () {
      const request = yield* HttpServerRequest
      const peer = Option.getOrElse(request.remoteAddress, () => "")
      const client = clientOf(peer, request.headers["x-forwarded-for"], trusted)
      return yield* client === peer
        ? app
        : Effect.provideService(app, HttpServerRequest, request.modify({ remoteAddress: Option.some(client) }))
    })

/** Without credentials: a page of another site asks with a token that it was given, never with the user's cookies. */
const crossOrigin = (origins: ReadonlyArray<string>) => {
  const known = new Set(origins)
  return HttpMiddleware.cors({
    allowedOrigins: (origin) => known.has(origin),
    allowedMethods: ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
    allowedHeaders: ["authorization", "content-type", "if-match", "idempotency-key", "last-event-id"],
    exposedHeaders: ["x-request-id", "retry-after", "ratelimit", "ratelimit-policy"],
    maxAge: 600,
  })
}

const fromCause = (
  cause: Cause.Cause<unknown>,
  request: HttpServerRequest,
  limit: number,
  limits: typeof Limits.Service,
) => {
  if (Cause.hasInterruptsOnly(cause)) return Effect.interrupt
  if (bodyOverflow(cause)) return tooLarge(limit)
  const [reason] = cause.reasons
  const error = reason?._tag === "Fail" ? reason.error : reason?._tag === "Die" ? reason.defect : undefined
  return Predicate.hasProperty(error, "reason") && Predicate.isTagged(error.reason, "RouteNotFound")
    ? Effect.matchEffect(countLost(request, limits), {
        onFailure: problem,
        onSuccess: () => unexplained(404, request),
      })
    : Effect.andThen(
        Effect.logError(`${request.method} ${request.url.replace(/\?.*$/s, "")} failed`, cause),
        unexplained(500, request),
      )
}

/** One of our own, whatever the client sends: the log and the audit trail tell requests apart by it. */
const withRequestId = <E, R>(app: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>) =>
  Effect.suspend(() => {
    const id = randomUUID()
    return app.pipe(
      Effect.map((response) => withHeaders(response, id)),
      Effect.provideService(RequestId, id),
      Effect.annotateLogs("request", id),
    )
  })

const withHeaders = (response: HttpServerResponse.HttpServerResponse, request: string) =>
  HttpServerResponse.setHeaders(response, {
    "x-request-id": request,
    ...(response.headers["cache-control"] === undefined ? { "cache-control": "no-store" } : {}),
    ...(response.status === 401 ? { "www-authenticate": "Bearer" } : {}),
    ...(response.status === 503 ? { "retry-after": String(retryAfterSeconds) } : {}),
    "x-content-type-options": "nosniff",
    // Nothing else that the API answers is a page: what a browser is made to open of it does nothing and is shown in no frame.
    "content-security-policy":
      pagePolicy(response) ?? "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
  })
