/**
 * Around everything: which hosts may be asked for, how large a body may be, and that whatever goes wrong leaves as a problem
 * document, also where no endpoint was reached.
 */
import * as ByteSize from "effect/ByteSize"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as HttpIncomingMessage from "effect/http/HttpIncomingMessage"
import { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as Respondable from "effect/http/HttpServerRespondable"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as HttpApi from "effect/http-api/HttpApi"
import * as Predicate from "effect/Predicate"
import { Api } from "../contract.ts"
import { Forbidden, InternalError, Malformed, MethodNotAllowed, NotFound, TooLarge, Unsupported } from "../problems.ts"

export const bodyLimit = 32 * 1024 * 1024
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
    pattern: new RegExp(`^${path.replace(/[.]/g, "\\.").replace(/:[a-z]+/gi, "[^/]+")}$`),
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
  const path = request.url.replace(/[?#].*$/s, "")
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

const tooLarge = problem(
  new TooLarge({
    detail: `A request may have ${bodyLimit / 1024 / 1024} MB. Apply the records in several requests.`,
    limit: bodyLimit,
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

/** Wraps the whole application. */
export const edge =
  (hosts: ReadonlyArray<string>) =>
  <E, R>(app: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>) => {
    const allowed = new Set([...loopback, ...hosts].map((host) => host.toLowerCase()))
    return Effect.gen(function* () {
      const request = yield* HttpServerRequest
      if (!allowedHost(request.headers["host"], allowed))
        return yield* problem(new Forbidden({ detail: "This API does not answer for that host name." }))
      if (Number(request.headers["content-length"] ?? 0) > bodyLimit) return yield* tooLarge
      const response = yield* app.pipe(
        Effect.provideService(HttpIncomingMessage.MaxBodySize, ByteSize.fromInputUnsafe(bodyLimit)),
        Effect.catchCause((cause) => fromCause(cause, request)),
      )
      return response.status >= 400 && response.headers["content-type"]?.startsWith("application/problem+json") !== true
        ? yield* unexplained(response.status, request)
        : response
    }).pipe(Effect.map(withHeaders))
  }

const fromCause = (cause: Cause.Cause<unknown>, request: HttpServerRequest) => {
  if (Cause.hasInterruptsOnly(cause)) return Effect.interrupt
  if (bodyOverflow(cause)) return tooLarge
  const [reason] = cause.reasons
  const error = reason?._tag === "Fail" ? reason.error : reason?._tag === "Die" ? reason.defect : undefined
  return Predicate.hasProperty(error, "reason") && Predicate.isTagged(error.reason, "RouteNotFound")
    ? unexplained(404, request)
    : Effect.andThen(
        Effect.logError(`${request.method} ${request.url.replace(/\?.*$/s, "")} failed`, cause),
        unexplained(500, request),
      )
}

const withHeaders = (response: HttpServerResponse.HttpServerResponse) =>
  HttpServerResponse.setHeaders(response, {
    ...(response.headers["cache-control"] === undefined ? { "cache-control": "no-store" } : {}),
    ...(response.status === 401 ? { "www-authenticate": "Bearer" } : {}),
    ...(response.status === 503 ? { "retry-after": String(retryAfterSeconds) } : {}),
    "x-content-type-options": "nosniff",
  })
