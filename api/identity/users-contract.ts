/** Users, as a part of the contract. */
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import * as Schema from "effect/Schema"
import * as Problems from "../problems.ts"
import * as Shapes from "../shapes.ts"
import { Authenticated } from "./actor.ts"
import { Role, Verb } from "./role.ts"

const text = (most: number) => Schema.String.check(Schema.isMaxLength(most))
const id = { id: text(100) }
const locale = Schema.Literals(["en", "de"])
const expiresAt = Schema.optionalKey(Schema.NullOr(text(100)))
/** Which records a technical user is for, and what they may do with them besides looking. */
const technical = {
  records: Schema.optionalKey(Schema.Array(text(200)).check(Schema.isMaxLength(200))),
  verbs: Schema.optionalKey(Schema.Array(Verb).check(Schema.isMaxLength(10))),
}
const errors = [Problems.NotFound, Problems.Invalid] as const

export const users = HttpApiGroup.make("users")
  .add(
    HttpApiEndpoint.get("list", "/v1/users", {
      query: {
        /** A part of the name or address. */
        search: Schema.optionalKey(text(200)),
        role: Schema.optionalKey(Role),
        /** The id of a reseller or customer. */
        tenant: Schema.optionalKey(text(100)),
        state: Schema.optionalKey(Schema.Literals(["active", "suspended", "expired"])),
        sort: Schema.optionalKey(Schema.Literals(["name", "-name", "email", "-email", "created", "-created"])),
        limit: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1000 }))),
        after: Schema.optionalKey(Schema.String),
      },
      success: Schema.Struct({ items: Schema.Array(Shapes.User), next: Schema.NullOr(Schema.String) }),
    }),
    /** They choose a password themselves, by the link that they are sent. */
    HttpApiEndpoint.post("invite", "/v1/users", {
      payload: Schema.Struct({
        email: text(1000),
        name: text(1000),
        role: Role,
        locale: Schema.optionalKey(locale),
        expiresAt,
        /** Of which reseller or customer: an id. Left out by one of theirs: the same. */
        tenant: Schema.optionalKey(text(100)),
        ...technical,
      }),
      success: Shapes.Invited.pipe(HttpApiSchema.status(201)),
      error: Problems.Invalid,
    }),
    /** All or none. Whoever is not there is NotFound, and nothing is done. */
    HttpApiEndpoint.post("bulk", "/v1/users/bulk", {
      payload: Schema.Struct({
        action: Schema.Literals(["suspend", "activate", "remove"]),
        ids: Schema.Array(text(100)).check(Schema.isBetweenLength(1, 500)),
        reason: Schema.optionalKey(text(1000)),
      }),
      /** Those that are still there. */
      success: Schema.Struct({ items: Schema.Array(Shapes.User) }),
      error: errors,
    }),
    HttpApiEndpoint.get("read", "/v1/users/:id", { params: id, success: Shapes.User, error: Problems.NotFound }),
    HttpApiEndpoint.patch("change", "/v1/users/:id", {
      params: id,
      /** What is left out stays. */
      payload: Schema.Struct({
        name: Schema.optionalKey(text(1000)),
        locale: Schema.optionalKey(locale),
        role: Schema.optionalKey(Role),
        expiresAt,
        ...technical,
      }),
      success: Shapes.User,
      error: errors,
    }),
    HttpApiEndpoint.delete("remove", "/v1/users/:id", { params: id, success: HttpApiSchema.NoContent, error: errors }),
    HttpApiEndpoint.post("suspend", "/v1/users/:id/suspend", {
      params: id,
      payload: Schema.Struct({ reason: Schema.optionalKey(text(1000)) }),
      success: Shapes.User,
      error: errors,
    }),
    HttpApiEndpoint.post("activate", "/v1/users/:id/activate", {
      params: id,
      payload: Schema.Struct({}),
      success: Shapes.User,
      error: errors,
    }),
    /** For who has not followed the first one. */
    HttpApiEndpoint.post("inviteAgain", "/v1/users/:id/invite", {
      params: id,
      payload: Schema.Struct({}),
      success: Shapes.Invited,
      error: errors,
    }),
    /** Opens a session in which one sees what this user sees, for an hour. */
    HttpApiEndpoint.post("actAs", "/v1/users/:id/login-as", {
      params: id,
      /** The user can read it, and so can whoever reads the audit trail. */
      payload: Schema.Struct({ reason: text(1000) }),
      success: Shapes.LoggedIn.pipe(HttpApiSchema.status(201)),
      error: [...errors, Problems.Forbidden],
    }),
    /** For who has lost app and codes; ends their sessions. */
    HttpApiEndpoint.delete("removeFactors", "/v1/users/:id/factors", {
      params: id,
      success: HttpApiSchema.NoContent,
      error: errors,
    }),
  )
  .middleware(Authenticated)
