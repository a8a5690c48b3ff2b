/**
 * Who is let in: whoever bears the token of this machine's administrator, or an access token of a session that is open, in the
 * header or, from a browser, in its cookie.
 */
import { timingSafeEqual } from "node:crypto"
import { PgClient } from "@effect/sql-pg/PgClient"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import { HttpServerRequest } from "effect/http/HttpServerRequest"
import type * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import type * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { networkAround } from "../../spec/network.ts"
import { Limits } from "../gateway/limits.ts"
import { answerGlance } from "../http/answer.ts"
import { Forbidden, type RateLimited, Unauthenticated, type Unavailable } from "../problems.ts"
import { inTime } from "../store/database.ts"
import { CurrentGlimpse, type FirstLook, firstLook, type Glimpse } from "../store/first-look.ts"
import { Glances } from "../store/glances.ts"
import { LooksAt } from "../store/looks-at.ts"
import { operator } from "../store/sight.ts"
import { looksLikeToken, verifier } from "./access-tokens.ts"
import { Actor, Authenticated, type Identity } from "./actor.ts"
import * as ApiTokens from "./api-tokens.ts"
import * as Audit from "./audit.ts"
import { caller } from "./caller.ts"
import { isOwn } from "./cookies.ts"
import { type Entered, entrance } from "./entrance.ts"
import { may, sightOf } from "./role.ts"
import { outlasts, type Scope, scopeOf, WhileActing, WithoutFactor, wantsLogin } from "./scopes.ts"
import { SigningKeys } from "./signing-keys.ts"
import { isApiToken, shownOf } from "./token-format.ts"
import { hashOf } from "./tokens.ts"

const nobody = new Unauthenticated({
  detail: "Log in at /auth/login and send the access token, as `Authorization: Bearer TOKEN`.",
})
const notBelieved = new Unauthenticated({
  detail: "This token is not good, or no longer. Get another with /auth/refresh, or log in.",
})
const fromElsewhere = new Unauthenticated({
  detail: "The request came from a page of another site, so its cookies are not looked at.",
})

const machine: Identity = {
  name: "admin",
  role: "super-admin",
  verbs: [],
  sight: operator,
  user: null,
  session: null,
  token: null,
  authenticatedAt: null,
  acting: null,
  lacksFactor: false,
}

type Refused = Unauthenticated | Forbidden | RateLimited | Unavailable

const forbidden = (detail: string) => Effect.fail(new Forbidden({ detail }))

/** What only a log-in is enough for is everybody's who is logged in, but not that of who only sees what they see. */
const permitted =
  (group: HttpApiGroup.Top, endpoint: HttpApiEndpoint.Top) =>
  (identity: Identity): Effect.Effect<void, Forbidden> => {
    const scope = scopeOf(group, endpoint)
    if (identity.lacksFactor && !Context.get(endpoint.annotations, WithoutFactor))
      return forbidden("Your role wants a second factor. Set one up first: /auth/2fa/setup or /auth/passkeys/setup.")
    if (scope !== undefined && !may(identity, scope))
      return forbidden(`You may not do this (${scope}) as ${identity.role}.`)
    if (identity.acting === null || Context.get(endpoint.annotations, WhileActing)) return Effect.void
    if (scope === undefined || wantsLogin(scope) || outlasts(scope))
      return forbidden("Only the user can do this, not somebody who is logged in as them.")
    return identity.acting.raised || scope.endsWith(":read")
      ? Effect.void
      : forbidden("You are only looking. To change things as this user, give your password at /auth/acting/raise.")
  }

/** A token as it was sent, and its hash. */
interface Given {
  readonly given: string
  readonly hash: Buffer
}

const known = (identity: Identity): Identity => identity

const as =
  (identity: Identity, glimpse: Glimpse) =>
  <A, E, R>(handle: Effect.Effect<A, E, R>) =>
    Effect.provideService(
      glimpse.seen === undefined ? handle : Effect.provideService(handle, CurrentGlimpse, glimpse),
      Actor,
      identity,
    )

export const layer = (token: Redacted.Redacted) =>
  Layer.effect(
    Authenticated,
    Effect.gen(function* () {
      const sql = yield* PgClient
      const glances = yield* Glances
      const enter = entrance(glances.sql)
      const withSql = Effect.provideService(PgClient, sql)
      const keys = yield* SigningKeys
      const limits = yield* Limits
      const verify = verifier(keys)
      const expected = hashOf(Redacted.value(token))

      /** Whoever comes with a token that is not good is one of their address, like whoever comes with none. */
      const refuse = Effect.fnUntraced(function* (why: Unauthenticated) {
        const { address } = yield* caller
        yield* limits.take("address", networkAround(address))
        return yield* why
      })

      /** Counts the request too. Undefined where the session is not open, or not the user's. */
      const inSession = Effect.fnUntraced(function* (
        { session, user }: { readonly session: string; readonly user: string },
        first: FirstLook | undefined,
      ) {
        let entered: Entered | undefined
        yield* limits.takeAlong("user", user, (take) =>
          Effect.map(enter({ session, user, take }, first), (found) => {
            entered = found
            return found?.holder
          }),
        )
        return entered
      })

      const disbelieve = Effect.fnUntraced(function* (why: string) {
        const { address } = yield* caller
        // Before the audit trail: whoever sends bad tokens all day fills no table.
        yield* limits.take("address", networkAround(address))
        yield* Audit.note({ action: "token.refused", outcome: "refused", details: { why } })
        return yield* notBelieved
      })

      const whose = Effect.fnUntraced(function* (
        { given, hash }: Given,
        glimpse: Glimpse,
        first: FirstLook | undefined,
      ) {
        if (!looksLikeToken(given)) return yield* refuse(notBelieved)
        const verified = yield* verify(given, hash)
        const entered = "refused" in verified ? undefined : yield* inSession(verified, first)
        if (entered !== undefined) {
          const { holder, sight } = entered
          glimpse.seen = entered.seen
          return known({
            name: holder.acting === null ? holder.email : `${holder.acting.email} as ${holder.email}`,
            role: holder.role,
            verbs: holder.verbs,
            sight,
            user: holder.user,
            session: holder.session,
            token: null,
            authenticatedAt: holder.authenticatedAt.getTime(),
            acting: holder.acting,
            lacksFactor: holder.lacksFactor,
          })
        }
        return yield* withSql(inTime(disbelieve("refused" in verified ? verified.refused : "session-ended")))
      })

      /** A program's. */
      const bearerOf = Effect.fnUntraced(function* (given: string, scope: Scope | undefined) {
        const { address } = yield* caller
        const found = yield* ApiTokens.find(given, address)
        if (found === undefined) {
          yield* limits.take("address", networkAround(address))
          yield* Audit.note({ action: "token.refused", outcome: "refused", details: { token: shownOf(given) } })
          return yield* notBelieved
        }
        yield* limits.take("user", `token ${found.token}`)
        if (scope === undefined)
          return yield* new Forbidden({ detail: "No token is enough for this: log in with a password." })
        if (!found.scopes.includes(scope) || !may(found, scope))
          return yield* new Forbidden({ detail: `This token does not have the scope ${scope}.` })
        return known({
          name: `${found.email}, token ${found.token_name}`,
          role: found.role,
          verbs: found.verbs,
          sight: sightOf(found),
          user: found.user,
          session: null,
          token: found.token,
          authenticatedAt: null,
          acting: null,
          lacksFactor: false,
        })
      })

      const letIn = (token: Given, glimpse: Glimpse, group: HttpApiGroup.Top, endpoint: HttpApiEndpoint.Top) =>
        answerGlance(
          isApiToken(token.given)
            ? withSql(inTime(bearerOf(token.given, scopeOf(group, endpoint))))
            : Effect.flatMap(HttpRouter.params, (params) =>
                Effect.tap(
                  whose(token, glimpse, firstLook(Context.get(endpoint.annotations, LooksAt), params)),
                  permitted(group, endpoint),
                ),
              ),
        ).pipe(Effect.catchTag("Malformed", Effect.die))

      // The framework goes on to the cookie when the header is refused, and tells the last reason only.
      const refusals = new WeakMap<object, Refused>()

      // A generator that is written anew for each request would be one more shape of objects to V8, which keeps all that it
      // names until the next full collection.
      const byHeader = Effect.fnUntraced(function* <A, E, R>(
        handle: Effect.Effect<A, E, R>,
        token: Given,
        group: HttpApiGroup.Top,
        endpoint: HttpApiEndpoint.Top,
      ) {
        const { source } = yield* HttpServerRequest
        const glimpse: Glimpse = { seen: undefined }
        const identity = yield* Effect.tapError(letIn(token, glimpse, group, endpoint), (why) =>
          Effect.sync(() => refusals.set(source, why)),
        )
        return yield* as(identity, glimpse)(handle)
      })

      const byCookie = Effect.fnUntraced(function* <A, E, R>(
        handle: Effect.Effect<A, E, R>,
        given: string,
        group: HttpApiGroup.Top,
        endpoint: HttpApiEndpoint.Top,
      ) {
        const request = yield* HttpServerRequest
        // Who says in the header who he is, is that or nobody.
        if (request.headers["authorization"]) return yield* refusals.get(request.source) ?? notBelieved
        if (given === "") return yield* nobody
        if (!isOwn(request)) return yield* refuse(fromElsewhere)
        if (isApiToken(given)) return yield* notBelieved
        const glimpse: Glimpse = { seen: undefined }
        return yield* as(yield* letIn({ given, hash: hashOf(given) }, glimpse, group, endpoint), glimpse)(handle)
      })

      return {
        bearer: (handle, { credential, endpoint, group }) => {
          const given = Redacted.value(credential)
          if (given === "") return Effect.fail(nobody)
          const hash = hashOf(given)
          if (timingSafeEqual(hash, expected)) return Effect.provideService(handle, Actor, machine)
          return byHeader(handle, { given, hash }, group, endpoint)
        },
        cookie: (handle, { credential, endpoint, group }) =>
          byCookie(handle, Redacted.value(credential), group, endpoint),
      }
    }),
  )
