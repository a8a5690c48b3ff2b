/** /auth, /v1/first-run and /v1/audit */
import * as Effect from "effect/Effect"
import * as HttpEffect from "effect/http/HttpEffect"
import { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { Api } from "../contract.ts"
import { accessTokenLifetime, issueAccessToken, looksLikeToken, verifier } from "../identity/access-tokens.ts"
import * as Acting from "../identity/acting.ts"
import { Actor } from "../identity/actor.ts"
import * as ApiTokens from "../identity/api-tokens.ts"
import * as Audit from "../identity/audit.ts"
import { caller } from "../identity/caller.ts"
import * as Cookies from "../identity/cookies.ts"
import * as FirstRun from "../identity/first-run.ts"
import { login, loginWithPasskey, verifySecond } from "../identity/login.ts"
import * as OwnFactors from "../identity/own-factors.ts"
import * as OwnPasskeys from "../identity/own-passkeys.ts"
import * as Passkeys from "../identity/passkeys.ts"
import { changePassword } from "../identity/password-change.ts"
import { forgot, reset } from "../identity/password-reset.ts"
import * as Profile from "../identity/profile.ts"
import { relyingParty } from "../identity/relying-party.ts"
import * as SecondFactors from "../identity/second-factors.ts"
import * as Sessions from "../identity/sessions.ts"
import { SigningKeys } from "../identity/signing-keys.ts"
import { ticketLifetime } from "../identity/tickets.ts"
import { hashOf, makeToken } from "../identity/tokens.ts"
import * as Users from "../identity/users.ts"
import { Forbidden, Locked, NotFound, Unauthenticated } from "../problems.ts"
import { verify } from "../store/chain.ts"
import { answer } from "./answer.ts"
import { answerActor } from "./answer-actor.ts"
import { inTransaction } from "./in-transaction.ts"

export const loginLayer = HttpApiBuilder.group(Api, "login", (handlers) =>
  handlers
    .handle("login", ({ payload }) =>
      answer(
        Effect.gen(function* () {
          const given = payload.deviceToken === undefined ? undefined : Redacted.value(payload.deviceToken)
          const device = given ?? (yield* cookie(Cookies.deviceCookie))
          const done = yield* login({ email: payload.email, password: payload.password, device })
          return "ticket" in done ? yield* codeNeeded(done) : yield* loggedIn(done)
        }).pipe(Effect.tapError(retryLater)),
      ),
    )
    .handle("verifyCode", ({ payload: { ticket, ...second } }) =>
      answer(
        Effect.gen(function* () {
          const done = yield* verifySecond(Redacted.value(ticket), second)
          return "recoveryCodes" in done ? done : yield* loggedIn(done)
        }).pipe(Effect.tapError(retryLater)),
      ),
    )
    .handle("askPasskey", () =>
      answer(
        Effect.gen(function* () {
          const rp = yield* relyingParty
          const ticket = makeToken()
          const options = yield* Passkeys.requestOptions(ticket, "login", rp, null)
          return { ticket, expiresIn: ticketLifetime, options }
        }),
      ),
    )
    .handle("showPasskey", ({ payload: { credential, deviceToken, ticket } }) =>
      answer(
        Effect.gen(function* () {
          const device = deviceToken === undefined ? yield* cookie(Cookies.deviceCookie) : Redacted.value(deviceToken)
          return yield* loggedIn(yield* loginWithPasskey(Redacted.value(ticket), credential, device))
        }),
      ),
    )
    .handle("refresh", ({ payload }) => answer(refresh(payload.refreshToken)))
    .handle("logout", ({ payload }) => answer(logout(payload.refreshToken)))
    .handle("forgot", ({ payload }) =>
      // Whoever waited for the work to be done could tell whether there was any.
      Effect.asVoid(
        Effect.forkDetach(
          Effect.catchCause(forgot(payload.email), (cause) => Effect.logWarning("No link was sent", cause)),
        ),
      ),
    )
    .handle("reset", ({ payload }) => answer(reset(Redacted.value(payload.token), payload.password)))
    .handle("verifyEmail", ({ payload }) => answer(Profile.verifyEmail(Redacted.value(payload.token))))
    .handle("firstRun", ({ payload }) => answer(Effect.map(FirstRun.redeem(withText(payload)), Users.toUser))),
)

export const sessionsLayer = HttpApiBuilder.group(Api, "sessions", (handlers) =>
  handlers
    .handle("me", () =>
      answer(
        Effect.gen(function* () {
          const { acting, name, role, user } = yield* Actor
          const row = user === null ? undefined : yield* Users.byId(user)
          const factors =
            row === undefined ? { totp: false, passkeys: 0, recoveryCodes: 0 } : yield* SecondFactors.of(row.id)
          const tenant = row === undefined ? null : yield* Users.tenantOf(row)
          const own = row === undefined ? null : Users.toUser(row)
          return { name, role, user: own, tenant, factors, acting: shown(acting) }
        }),
      ),
    )
    .handle("changeMe", ({ payload }) => answer(Profile.change(payload)))
    .handle("changeEmail", ({ payload }) => answer(Profile.askForEmail(payload).pipe(Effect.tapError(retryLater))))
    .handle("raise", ({ payload }) => answer(Acting.raise(payload.password).pipe(Effect.tapError(retryLater))))
    .handle("endActing", () => answer(Effect.andThen(Acting.end, goBack)))
    .handle("list", () =>
      answer(
        Effect.gen(function* () {
          const { session, user } = yield* Actor
          return { items: user === null ? [] : yield* Sessions.list(user, session) }
        }),
      ),
    )
    .handle("end", ({ params }) => answer(end(params.id)))
    .handle("endOthers", () =>
      answer(
        Effect.gen(function* () {
          const { session, user } = yield* Actor
          if (user === null) return { ended: 0 }
          const ended = yield* Sessions.endOthers(user, session, "revoked")
          yield* Audit.noteDone({ action: "session.ended", details: { others: ended } })
          return { ended }
        }).pipe(inTransaction),
      ),
    )
    .handle("password", ({ payload }) => answer(changePassword(payload).pipe(Effect.tapError(retryLater))))
    .handle("setUpFactor", ({ payload }) =>
      answer(OwnFactors.setUp(payload.password).pipe(Effect.tapError(retryLater))),
    )
    .handle("removeFactor", ({ payload }) => answer(OwnFactors.remove(payload).pipe(Effect.tapError(retryLater))))
    .handle("renewRecoveryCodes", ({ payload }) =>
      answer(OwnFactors.renewRecoveryCodes(payload).pipe(Effect.tapError(retryLater))),
    )
    .handle("passkeys", () =>
      answer(
        Effect.gen(function* () {
          const { user } = yield* Actor
          return { items: user === null ? [] : yield* Passkeys.list(user) }
        }),
      ),
    )
    .handle("setUpPasskey", ({ payload }) =>
      answer(OwnPasskeys.setUp(payload.password).pipe(Effect.tapError(retryLater))),
    )
    .handle("addPasskey", ({ payload }) => answer(OwnPasskeys.add(payload)))
    .handle("removePasskey", ({ params, payload }) =>
      answer(OwnPasskeys.remove(params.id, payload.password).pipe(Effect.tapError(retryLater))),
    )
    .handle("tokens", () => answer(Effect.map(ApiTokens.list, (items) => ({ items }))))
    .handle("makeToken", ({ payload }) => answer(ApiTokens.make(payload).pipe(Effect.tapError(retryLater))))
    .handle("removeToken", ({ params }) => answer(ApiTokens.remove(params.id)))
    .handle("offerFirstRun", () =>
      answer(
        Effect.gen(function* () {
          const { name, user } = yield* Actor
          return yield* FirstRun.offer({ id: user, name })
        }),
      ),
    ),
)

export const auditLayer = HttpApiBuilder.group(Api, "audit", (handlers) =>
  handlers.handle("list", ({ query }) => answerActor(Audit.list(query))),
)

export const chainLayer = HttpApiBuilder.group(Api, "chain", (handlers) =>
  handlers.handle("verify", () => answerActor(verify)),
)

const withText = <Payload extends { readonly token: Redacted.Redacted }>(payload: Payload) => ({
  ...payload,
  token: Redacted.value(payload.token),
})

const retryLater = (error: unknown) =>
  error instanceof Locked
    ? HttpEffect.appendPreResponseHandler((_request, response) =>
        Effect.succeed(HttpServerResponse.setHeader(response, "retry-after", String(error.retryAfter))),
      )
    : Effect.void

/** Only from the user's own page: what another site makes a browser send has none. */
const cookie = Effect.fnUntraced(function* (name: string) {
  const request = yield* HttpServerRequest
  const value = request.cookies[name]
  return value === undefined || value === "" || !Cookies.isOwn(request) ? undefined : value
})

interface SecondNeeded {
  readonly ticket: string
  readonly user: string
  readonly factors: ReadonlyArray<"totp" | "passkey" | "recovery-code">
}

/** Where the portal is open at an address, no passkey can be shown, and a code has to do. */
const codeNeeded = Effect.fnUntraced(function* ({ factors, ticket, user }: SecondNeeded) {
  const said = { ticket, expiresIn: ticketLifetime, factors }
  const rp = factors.includes("passkey") ? yield* Effect.option(relyingParty) : Option.none()
  if (Option.isNone(rp)) return { ...said, factors: factors.filter((one) => one !== "passkey") }
  return { ...said, passkey: yield* Passkeys.requestOptions(ticket, "second-factor", rp.value, user) }
})

interface Opened {
  readonly user: Users.UserRow
  readonly session: string
  readonly refreshToken: string
  readonly deviceToken?: string | undefined
  readonly returnToken?: string | null | undefined
}

export const loggedIn = Effect.fnUntraced(function* ({
  deviceToken,
  refreshToken,
  returnToken,
  session,
  user,
}: Opened) {
  const accessToken = yield* issueAccessToken(user.id, session)
  const said = { user: Users.toUser(user), session, expiresIn: accessTokenLifetime }
  const { browser } = yield* caller
  if (!browser) return { ...said, accessToken, refreshToken, ...(deviceToken === undefined ? {} : { deviceToken }) }
  yield* Cookies.keep({ accessToken, refreshToken, deviceToken, returnToken })
  return said
})

const notGood = new Unauthenticated({ detail: "This refresh token is not good, or no longer. Log in again." })

const refresh = Effect.fnUntraced(function* (given: Redacted.Redacted | undefined) {
  const token = given === undefined ? yield* cookie(Cookies.refreshCookie) : Redacted.value(given)
  if (token === undefined) return yield* new Unauthenticated({ detail: "There is no refresh token. Log in." })
  const from = yield* caller
  const rotation = yield* Effect.gen(function* () {
    const done = yield* Sessions.rotate(token, from)
    if (done.state === "reused")
      yield* Audit.note({
        action: "session.reused",
        outcome: "refused",
        actor: { id: done.user, name: done.email },
        session: done.session,
      })
    return done
  }).pipe(inTransaction)
  const user = rotation.state === "rotated" ? yield* Users.byId(rotation.holder.user) : undefined
  if (rotation.state !== "rotated" || user === undefined) {
    if (given === undefined) yield* Cookies.drop
    return yield* notGood
  }
  return yield* loggedIn({ user, session: rotation.holder.session, refreshToken: rotation.refreshToken })
})

const logout = Effect.fnUntraced(function* (given: Redacted.Redacted | undefined) {
  const token = given === undefined ? yield* cookie(Cookies.refreshCookie) : Redacted.value(given)
  const own = given === undefined ? yield* cookie(Cookies.returnCookie) : undefined
  if (given === undefined) yield* Cookies.dropAll
  for (const each of [token, own])
    if (each !== undefined) yield* inTransaction(Effect.flatMap(Sessions.ofRefreshToken(each), endOf))
  // A program that kept nothing but its access token means that session.
  if (given === undefined && token === undefined) yield* inTransaction(Effect.flatMap(ofBearer, endOf))
})

const ofBearer = Effect.gen(function* () {
  const { headers } = yield* HttpServerRequest
  const token = /^Bearer +(\S+)$/i.exec(headers["authorization"] ?? "")?.[1]
  if (token === undefined || !looksLikeToken(token)) return undefined
  const verified = yield* verifier(yield* SigningKeys)(token, hashOf(token))
  const holder = "refused" in verified ? undefined : yield* Sessions.find(verified.session)
  return "user" in verified && holder?.user === verified.user ? holder : undefined
})

const endOf = Effect.fnUntraced(function* (holder: Sessions.Holder | undefined) {
  if (holder === undefined || !(yield* Sessions.end(holder.session, "logout"))) return
  const { acting, email, session, user } = holder
  const actor = acting === null ? { id: user, name: email } : { id: acting.user, name: `${acting.email} as ${email}` }
  const subject = acting === null ? null : user
  yield* Audit.note({ action: "logout", outcome: "succeeded", actor, subject, session })
})

const shown = (acting: Sessions.Acting | null) =>
  acting === null
    ? null
    : {
        by: { id: acting.user, email: acting.email, name: acting.name },
        reason: acting.reason,
        until: acting.until,
        canWrite: acting.raised,
      }

/** A program has its own tokens still; a browser gets back what was put aside. */
const goBack = Effect.gen(function* () {
  const { browser } = yield* caller
  if (!browser) return
  const token = yield* cookie(Cookies.returnCookie)
  const rotation = token === undefined ? undefined : yield* inTransaction(Sessions.rotate(token, yield* caller))
  const user = rotation?.state === "rotated" ? yield* Users.byId(rotation.holder.user) : undefined
  if (rotation?.state !== "rotated" || user === undefined) return yield* Cookies.dropAll
  const { holder, refreshToken } = rotation
  yield* loggedIn({ user, session: holder.session, refreshToken, returnToken: null })
})

/** What a browser comes back to, once it no longer sees what another user sees. */
export const ownRefreshToken = cookie(Cookies.refreshCookie)

const end = (id: string) =>
  Effect.gen(function* () {
    const { session, user } = yield* Actor
    if (user === null) return yield* new Forbidden({ detail: "The administrator of the machine has no sessions." })
    const own = yield* Sessions.list(user, session)
    if (!own.some((one) => one.id === id) || !(yield* Sessions.end(id, "revoked")))
      return yield* new NotFound({ detail: `You have no session ${id}.` })
    yield* Audit.noteDone({ action: "session.ended", target: `Session/${id}` })
  }).pipe(inTransaction)
