/**
 * What a token may be used for: to read or to write, by the groups of the contract. A scope to write is none to read.
 *
 * The one thing to know before changing it: an endpoint is covered by its group and method and nothing else, so that a new one
 * is never open to a token by mistake. One that writes nothing, though it is a POST, is marked with `Reads`.
 */
import * as Context from "effect/Context"
import type * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import type * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as Schema from "effect/Schema"

export const Scope = Schema.Literals([
  "records:read",
  "records:write",
  "history:read",
  "history:write",
  "live:read",
  "runs:read",
  "runs:write",
  "pauses:read",
  "pauses:write",
  "passwords:write",
  "secrets:read",
  "secrets:write",
  "audit:read",
  "chain:read",
  "config:read",
  "config:write",
  "users:read",
  "users:write",
  "resellers:read",
  "resellers:write",
  "customers:read",
  "customers:write",
  "packages:read",
  "packages:write",
  "figures:read",
  "webhooks:read",
  "webhooks:write",
])
export type Scope = typeof Scope.Type

/** Of an endpoint that writes nothing, whatever its method. */
export const Reads = Context.Reference("plumbline/api/identity/Reads", { defaultValue: () => false })

/** Of an endpoint that whoever sees what another user sees may use, though it takes a log-in. */
export const WhileActing = Context.Reference("plumbline/api/identity/WhileActing", { defaultValue: () => false })

/** Of an endpoint that is open to who has to set up a second factor first. */
export const WithoutFactor = Context.Reference("plumbline/api/identity/WithoutFactor", { defaultValue: () => false })

/** Of a group that is a friendly face of another: what it reads and writes. */
export const ActsOn = Context.Reference<string | undefined>("plumbline/api/identity/ActsOn", {
  defaultValue: () => undefined,
})

/** Which scope a token needs for an endpoint; undefined: no token is enough, only a log-in. */
export const scopeOf = (group: HttpApiGroup.Top, endpoint: HttpApiEndpoint.Top): Scope | undefined => {
  const reads = endpoint.method === "GET" || endpoint.method === "HEAD" || Context.get(endpoint.annotations, Reads)
  const acts = Context.get(group.annotations, ActsOn) ?? group.identifier
  const wanted = `${acts}:${reads ? "read" : "write"}`
  return Scope.literals.find((scope) => scope === wanted)
}

/** What goes on when a session is over, and is therefore nothing for who only sees what its user sees. */
export const outlasts = (scope: Scope): boolean => scope === "webhooks:write"

/** What a token is never made for: who may write users, or says where mail goes, can make themselves anybody. */
export const wantsLogin = (scope: Scope): boolean => scope === "users:write" || scope === "config:write"
