/**
 * Who counts as one of their address: whoever shows nothing that could make them known, and everybody where nobody asks who they
 * are. Those who show something are counted by whoever looks at it (`identity/authenticated.ts`).
 *
 * The one thing to know before changing it: a header costs a stranger nothing. What counts nobody behind it is counted here.
 */
import * as Effect from "effect/Effect"
import type { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as HttpApi from "effect/http-api/HttpApi"
import * as Option from "effect/Option"
import { networkAround } from "../../spec/network.ts"
import { Api } from "../contract.ts"
import type { Limits } from "../gateway/limits.ts"
import { Authenticated, accessCookie } from "../identity/actor.ts"
import { pathOf, patternOf } from "./path.ts"

/** A monitor asks often, and from one place. */
const probes = new Set(["/health", "/ready"])

/** All there is wants to know who asks; what there is not is counted when that is found. */
const knowing = "/v1/"

/** Endpoints elsewhere that want to know it. */
const others: ReadonlyArray<RegExp> = (() => {
  const found = new Set<string>()
  HttpApi.reflect(Api, {
    onGroup: () => undefined,
    onEndpoint: ({ endpoint, middleware }) => {
      const knows = [...middleware].some(({ key }) => key === Authenticated.key)
      if (knows === endpoint.path.startsWith(knowing)) return
      if (!knows) throw new Error(`${endpoint.path} asks nobody who they are, and ${knowing} is for what does`)
      found.add(endpoint.path)
    },
  })
  return [...found].map(patternOf)
})()

const isAskedWho = (path: string): boolean => path.startsWith(knowing) || others.some((pattern) => pattern.test(path))

const showsSomething = ({ cookies, headers }: HttpServerRequest): boolean =>
  Boolean(headers["authorization"] || cookies[accessCookie])

const take = (request: HttpServerRequest, limits: typeof Limits.Service) =>
  limits.take("address", networkAround(Option.getOrElse(request.remoteAddress, () => "")))

/** Before anything is done for them. */
export const countStranger = (request: HttpServerRequest, limits: typeof Limits.Service) => {
  const path = pathOf(request)
  return probes.has(path) || (showsSomething(request) && isAskedWho(path)) ? Effect.void : take(request, limits)
}

/** Who was to be asked who they are, at an address where there is nobody to ask. */
export const countLost = (request: HttpServerRequest, limits: typeof Limits.Service) =>
  showsSomething(request) && isAskedWho(pathOf(request)) ? take(request, limits) : Effect.void
