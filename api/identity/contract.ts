/**
 * Logging in and out, as a part of the contract.
 *
 * The one thing to know before changing it: what is bounded here is read before anybody is known. A browser says nothing of
 * tokens: it has them as cookies.
 */
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as HttpApiMiddleware from "effect/http-api/HttpApiMiddleware"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import * as Schema from "effect/Schema"
import * as Problems from "../problems.ts"
import * as Shapes from "../shapes.ts"
import { Authenticated } from "./actor.ts"
import { Scope, WhileActing, WithoutFactor } from "./scopes.ts"

const text = (most: number) => Schema.String.check(Schema.isMaxLength(most))
const secret = (most: number) => Schema.RedactedFromValue(text(most))

/** Longer ones are refused before they are hashed; the rules say how long a new one may be. */
const password = secret(4096)
const token = Schema.optionalKey(secret(200))
/** A code of the app, or one of those on paper. */
const proof = Schema.Struct({ password, code: text(64) })

/** Counts what is asked before anybody is known, tighter than the rest. */
export class Unhurried extends HttpApiMiddleware.Service<Unhurried>()("plumbline/api/identity/Unhurried", {
  error: Problems.RateLimited,
}) {}

export const login = HttpApiGroup.make("login").add(
  HttpApiEndpoint.post("login", "/auth/login", {
    payload: Schema.Struct({ email: text(1000), password, deviceToken: token }),
    success: Schema.Union([Shapes.LoggedIn, Shapes.CodeNeeded]),
    error: [Problems.Unauthenticated, Problems.Forbidden, Problems.Locked],
  }).middleware(Unhurried),
  /** The second step of a log-in, or of setting up an authenticator app: whichever gave the ticket. */
  HttpApiEndpoint.post("verifyCode", "/auth/2fa/verify", {
    payload: Schema.Union([
      Schema.Struct({ ticket: secret(200), code: text(64) }),
      Schema.Struct({ ticket: secret(200), credential: Shapes.PasskeyProof }),
    ]),
    success: Schema.Union([Shapes.LoggedIn, Shapes.RecoveryCodes]),
    error: [Problems.Unauthenticated, Problems.Forbidden, Problems.Locked, Problems.Invalid],
  }).middleware(Unhurried),
  /** A log-in with a passkey alone: no address, no password. */
  HttpApiEndpoint.post("askPasskey", "/auth/passkey/start", {
    success: Shapes.PasskeyAsked,
    error: Problems.Invalid,
  }).middleware(Unhurried),
  HttpApiEndpoint.post("showPasskey", "/auth/passkey/finish", {
    payload: Schema.Struct({ ticket: secret(200), credential: Shapes.PasskeyProof, deviceToken: token }),
    success: Shapes.LoggedIn,
    error: [Problems.Unauthenticated, Problems.Forbidden, Problems.Invalid],
  }).middleware(Unhurried),
  HttpApiEndpoint.post("refresh", "/auth/refresh", {
    payload: Schema.Struct({ refreshToken: token }),
    success: Shapes.LoggedIn,
    error: Problems.Unauthenticated,
  }),
  /** Ends the session of a refresh token, or without one that of the access token; one that is not good any more is as welcome. */
  HttpApiEndpoint.post("logout", "/auth/logout", {
    payload: Schema.Struct({ refreshToken: token }),
    success: HttpApiSchema.NoContent,
  }),
  /** Sends a link, where the address has a user. The answer is the same where it has none. */
  HttpApiEndpoint.post("forgot", "/auth/forgot-password", {
    payload: Schema.Struct({ email: text(1000) }),
    success: HttpApiSchema.NoContent,
  }).middleware(Unhurried),
  /** Ends every session of the user. */
  HttpApiEndpoint.post("reset", "/auth/reset-password", {
    payload: Schema.Struct({ token: secret(200), password }),
    success: HttpApiSchema.NoContent,
    error: [Problems.Forbidden, Problems.Invalid],
  }).middleware(Unhurried),
  /** Follows the link that was sent to a new address. */
  HttpApiEndpoint.post("verifyEmail", "/auth/verify-email", {
    payload: Schema.Struct({ token: secret(200) }),
    success: HttpApiSchema.NoContent,
    error: Problems.Forbidden,
  }).middleware(Unhurried),
  /** Makes the first administrator. */
  HttpApiEndpoint.post("firstRun", "/auth/first-run", {
    payload: Schema.Struct({ token: secret(200), email: text(1000), name: text(1000), password }),
    success: Shapes.User.pipe(HttpApiSchema.status(201)),
    error: [Problems.Forbidden, Problems.Invalid],
  }).middleware(Unhurried),
)

export const sessions = HttpApiGroup.make("sessions")
  .add(
    HttpApiEndpoint.get("me", "/auth/me", {
      /** `user` is null for the token of the machine's administrator. */
      success: Schema.Struct({
        name: Schema.String,
        role: Schema.String,
        user: Schema.NullOr(Shapes.User),
        /** The reseller or customer that the user is of; null for those who run the installation. */
        tenant: Schema.NullOr(Shapes.OwnTenant),
        factors: Schema.Struct({ totp: Schema.Boolean, passkeys: Schema.Int, recoveryCodes: Schema.Int }),
        /** Null in a session of one's own. */
        acting: Schema.NullOr(Shapes.ActingAs),
      }),
    })
      .annotate(WithoutFactor, true)
      .annotate(WhileActing, true),
    HttpApiEndpoint.patch("changeMe", "/auth/me", {
      /** What is left out stays. */
      payload: Schema.Struct({
        name: Schema.optionalKey(text(1000)),
        locale: Schema.optionalKey(Schema.Literals(["en", "de"])),
      }),
      success: Shapes.User,
      error: [Problems.Forbidden, Problems.Invalid],
    }),
    /** Sends a link to the new address, and everything stays as it was until it is followed. */
    HttpApiEndpoint.post("changeEmail", "/auth/email", {
      payload: Schema.Struct({ password, email: text(1000) }),
      success: HttpApiSchema.NoContent,
      error: [Problems.Forbidden, Problems.Invalid, Problems.Locked],
    }),
    /** Of who sees what another user sees: with their own password they may change things too. */
    HttpApiEndpoint.post("raise", "/auth/acting/raise", {
      payload: Schema.Struct({ password }),
      success: HttpApiSchema.NoContent,
      error: [Problems.Forbidden, Problems.Invalid, Problems.Locked],
    }).annotate(WhileActing, true),
    /** A browser is back in its own session then. */
    HttpApiEndpoint.post("endActing", "/auth/acting/end", {
      success: HttpApiSchema.NoContent,
      error: Problems.Forbidden,
    }).annotate(WhileActing, true),
    HttpApiEndpoint.get("list", "/auth/sessions", { success: Schema.Struct({ items: Schema.Array(Shapes.Session) }) }),
    HttpApiEndpoint.delete("end", "/auth/sessions/:id", {
      params: { id: Schema.String },
      success: HttpApiSchema.NoContent,
      error: Problems.NotFound,
    }),
    /** All but the one that asks. */
    HttpApiEndpoint.delete("endOthers", "/auth/sessions", { success: Schema.Struct({ ended: Schema.Int }) }),
    /** Ends every other session of the user, and forgets the devices. */
    HttpApiEndpoint.put("password", "/auth/password", {
      payload: Schema.Struct({ current: password, password }),
      success: HttpApiSchema.NoContent,
      error: [Problems.Forbidden, Problems.Invalid, Problems.Locked],
    }).annotate(WithoutFactor, true),
    /** Begins to set up an authenticator app; the ticket and a code of it go to /auth/2fa/verify. */
    HttpApiEndpoint.post("setUpFactor", "/auth/2fa/setup", {
      payload: Schema.Struct({ password }),
      success: Shapes.NewFactor,
      error: [Problems.Forbidden, Problems.Invalid, Problems.Locked],
    }).annotate(WithoutFactor, true),
    HttpApiEndpoint.post("removeFactor", "/auth/2fa/remove", {
      payload: proof,
      success: HttpApiSchema.NoContent,
      error: [Problems.Forbidden, Problems.Invalid, Problems.Locked],
    }),
    /** Ten new ones; the earlier ones are good no more. */
    HttpApiEndpoint.post("renewRecoveryCodes", "/auth/2fa/recovery-codes", {
      payload: proof,
      success: Shapes.RecoveryCodes,
      error: [Problems.Forbidden, Problems.Invalid, Problems.Locked],
    }),
    HttpApiEndpoint.get("passkeys", "/auth/passkeys", {
      success: Schema.Struct({ items: Schema.Array(Shapes.Passkey) }),
    }).annotate(WithoutFactor, true),
    /** Begins to make one, for the host name that the portal is open at. */
    HttpApiEndpoint.post("setUpPasskey", "/auth/passkeys/setup", {
      payload: Schema.Struct({ password }),
      success: Shapes.PasskeyAsked,
      error: [Problems.Forbidden, Problems.Invalid, Problems.Locked],
    }).annotate(WithoutFactor, true),
    HttpApiEndpoint.post("addPasskey", "/auth/passkeys", {
      payload: Schema.Struct({ ticket: secret(200), name: text(1000), credential: Shapes.PasskeyMade }),
      /** Recovery codes come with the first second factor, this once. */
      success: Schema.Struct({
        passkey: Shapes.Passkey,
        recoveryCodes: Schema.optionalKey(Schema.Array(Schema.String)),
      }).pipe(HttpApiSchema.status(201)),
      error: [Problems.Forbidden, Problems.Invalid],
    }).annotate(WithoutFactor, true),
    HttpApiEndpoint.post("removePasskey", "/auth/passkeys/:id/remove", {
      params: { id: Schema.String },
      payload: Schema.Struct({ password }),
      success: HttpApiSchema.NoContent,
      error: [Problems.Forbidden, Problems.Invalid, Problems.Locked, Problems.NotFound],
    }),
    HttpApiEndpoint.get("tokens", "/v1/tokens", {
      success: Schema.Struct({ items: Schema.Array(Shapes.ApiToken) }),
    }),
    HttpApiEndpoint.post("makeToken", "/v1/tokens", {
      payload: Schema.Struct({
        password,
        name: text(1000),
        scopes: Schema.Array(Scope).check(Schema.isMaxLength(100)),
        networks: Schema.optionalKey(Schema.Array(text(100)).check(Schema.isMaxLength(100))),
        /** In days. */
        validFor: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 730 })),
      }),
      /** The token is shown this once. */
      success: Schema.Struct({ ...Shapes.ApiToken.fields, token: Schema.String }).pipe(HttpApiSchema.status(201)),
      error: [Problems.Forbidden, Problems.Invalid, Problems.Locked],
    }),
    HttpApiEndpoint.delete("removeToken", "/v1/tokens/:id", {
      params: { id: Schema.String },
      success: HttpApiSchema.NoContent,
      error: Problems.NotFound,
    }),
    /** The right to become the first administrator, for whoever has the token of the machine. Shown once. */
    HttpApiEndpoint.post("offerFirstRun", "/v1/first-run", {
      success: Schema.Struct({ token: Schema.String, expiresAt: Schema.String }),
      error: Problems.Forbidden,
    }),
  )
  .middleware(Authenticated)

export const audit = HttpApiGroup.make("audit")
  .add(
    HttpApiEndpoint.get("list", "/v1/audit", {
      query: {
        action: Schema.optionalKey(Shapes.AuditEvent.fields.action),
        outcome: Schema.optionalKey(Shapes.AuditEvent.fields.outcome),
        actor: Schema.optionalKey(Schema.String),
        since: Schema.optionalKey(Shapes.AuditEvent.fields.at),
        until: Schema.optionalKey(Shapes.AuditEvent.fields.at),
        limit: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1000 }))),
        after: Schema.optionalKey(Schema.String),
      },
      /** Newest first. */
      success: Schema.Struct({ items: Schema.Array(Shapes.AuditEvent), next: Schema.NullOr(Schema.String) }),
    }),
  )
  .middleware(Authenticated)

export const chain = HttpApiGroup.make("chain")
  .add(
    /** Computes the whole chain again: revisions, drift and the audit trail. */
    HttpApiEndpoint.get("verify", "/v1/verify", { success: Shapes.Verified }),
  )
  .middleware(Authenticated)
