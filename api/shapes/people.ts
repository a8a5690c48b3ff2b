/** Users, log-ins, factors, tokens and what was done by whom, as the API takes and shows them. */
import * as Schema from "effect/Schema"
import { Instant } from "../../spec/record.ts"
import { Role, Verb } from "../identity/role.ts"
import { Scope } from "../identity/scopes.ts"

/** Somebody who may log in. */
export const User = Schema.Struct({
  id: Schema.String,
  email: Schema.String,
  name: Schema.String,
  role: Role,
  locale: Schema.Literals(["en", "de"]),
  /** False until they have followed their invitation. */
  hasPassword: Schema.Boolean,
  suspendedAt: Schema.NullOr(Instant),
  suspendReason: Schema.String,
  /** When an auditor's access ends. */
  expiresAt: Schema.NullOr(Instant),
  /** The id of the reseller or customer that they are of; null for those who run the installation. */
  tenant: Schema.NullOr(Schema.String),
  /** Of a technical user: the records that they are for, `Site/blog`, and what they may do with them besides looking. */
  records: Schema.Array(Schema.String),
  verbs: Schema.Array(Verb),
  createdAt: Instant,
})
export type User = typeof User.Type

/** What a log-in gives. In a browser the tokens are cookies and stand nowhere else. */
export const LoggedIn = Schema.Struct({
  user: User,
  session: Schema.String,
  /** Seconds until the access token is renewed with /auth/refresh. */
  expiresIn: Schema.Int,
  accessToken: Schema.optionalKey(Schema.String),
  /** Works once. */
  refreshToken: Schema.optionalKey(Schema.String),
  /** Send it with the next log-in: a device that is known is not locked out by strangers. Only where it is new. */
  deviceToken: Schema.optionalKey(Schema.String),
})
export type LoggedIn = typeof LoggedIn.Type

export const OwnTenant = Schema.Struct({
  id: Schema.String,
  kind: Schema.Literals(["reseller", "customer"]),
  /** As accounts name it. */
  slug: Schema.String,
  name: Schema.String,
})
export type OwnTenant = typeof OwnTenant.Type

/** Somebody sees what another user sees: what the portal shows above every page. */
export const ActingAs = Schema.Struct({
  by: Schema.Struct({ id: Schema.String, email: Schema.String, name: Schema.String }),
  reason: Schema.String,
  until: Instant,
  /** False while they only look. */
  canWrite: Schema.Boolean,
})

/** The password was right; a code of the authenticator app, or one on paper, goes to /auth/2fa/verify with this ticket. */
export const CodeNeeded = Schema.Struct({
  ticket: Schema.String,
  /** In seconds. */
  expiresIn: Schema.Int,
  factors: Schema.Array(Schema.Literals(["totp", "passkey", "recovery-code"])),
  /** For `navigator.credentials.get`, where a passkey may be shown instead of a code. */
  passkey: Schema.optionalKey(Schema.JsonObject),
})

const base64url = (most: number) => Schema.String.check(Schema.isMaxLength(most), Schema.isPattern(/^[A-Za-z0-9_-]*$/))
const credential = {
  id: base64url(2000),
  rawId: base64url(2000),
  type: Schema.Literal("public-key"),
  authenticatorAttachment: Schema.optionalKey(Schema.NullOr(Schema.String.check(Schema.isMaxLength(100)))),
  clientExtensionResults: Schema.JsonObject,
}

/** What `navigator.credentials.create` gives, as `toJSON()` has it (WebAuthn level 3, RegistrationResponseJSON). */
export const PasskeyMade = Schema.Struct({
  ...credential,
  response: Schema.Struct({
    clientDataJSON: base64url(8000),
    attestationObject: base64url(40_000),
    /** Browsers say once more what is in the attestation; nobody looks at it here. */
    authenticatorData: Schema.optionalKey(base64url(40_000)),
    publicKey: Schema.optionalKey(Schema.NullOr(base64url(8000))),
    publicKeyAlgorithm: Schema.optionalKey(Schema.Int),
    transports: Schema.optionalKey(
      Schema.Array(Schema.String.check(Schema.isMaxLength(100))).check(Schema.isMaxLength(20)),
    ),
  }),
})
export type PasskeyMade = typeof PasskeyMade.Type

/** What `navigator.credentials.get` gives (AuthenticationResponseJSON). */
export const PasskeyProof = Schema.Struct({
  ...credential,
  response: Schema.Struct({
    clientDataJSON: base64url(8000),
    authenticatorData: base64url(8000),
    signature: base64url(8000),
    userHandle: Schema.optionalKey(Schema.NullOr(base64url(200))),
  }),
})
export type PasskeyProof = typeof PasskeyProof.Type

export const Passkey = Schema.Struct({
  id: Schema.String,
  /** As its user calls it. */
  name: Schema.String,
  /** The name that the portal had: it is good at no other. */
  host: Schema.String,
  /** Whether it is on more than one device. */
  synced: Schema.Boolean,
  createdAt: Instant,
  usedAt: Schema.NullOr(Instant),
})
export type Passkey = typeof Passkey.Type

/** `options` goes to the browser's `navigator.credentials`, and what it gives comes back with the ticket. */
export const PasskeyAsked = Schema.Struct({
  ticket: Schema.String,
  /** In seconds. */
  expiresIn: Schema.Int,
  options: Schema.JsonObject,
})

/** Each lets in once, in the place of an authenticator app that is lost. Shown this once. */
export const RecoveryCodes = Schema.Struct({ recoveryCodes: Schema.Array(Schema.String) })

/** An authenticator app to be, until a code of it is shown. */
export const NewFactor = Schema.Struct({
  ticket: Schema.String,
  expiresIn: Schema.Int,
  /** For typing. */
  secret: Schema.String,
  /** For a link: otpauth://. */
  uri: Schema.String,
  /** The same as a picture: SVG. */
  qr: Schema.String,
})

export const Session = Schema.Struct({
  id: Schema.String,
  /** The one that asks. */
  current: Schema.Boolean,
  createdAt: Instant,
  seenAt: Instant,
  expiresAt: Instant,
  address: Schema.String,
  /** What the client said that it is. */
  agent: Schema.String,
  /** Who looks at what you see, by their address; null in a session of your own. */
  actedInBy: Schema.NullOr(Schema.String),
})
export type Session = typeof Session.Type

export const ApiToken = Schema.Struct({
  id: Schema.String,
  name: Schema.String,
  /** Its first characters. */
  prefix: Schema.String,
  scopes: Schema.Array(Scope),
  /** Where it is good from; none: everywhere. */
  networks: Schema.Array(Schema.String),
  createdAt: Instant,
  expiresAt: Instant,
  /** To the minute. */
  usedAt: Schema.NullOr(Instant),
  usedFrom: Schema.NullOr(Schema.String),
})
export type ApiToken = typeof ApiToken.Type

/** What somebody did besides writing records. */
export const AuditEvent = Schema.Struct({
  seq: Schema.Int,
  at: Instant,
  action: Schema.Literals([
    "first-run.offered",
    "first-run.redeemed",
    "login",
    "login.locked",
    "logout",
    "config.changed",
    "email.asked",
    "email.changed",
    "package.changed",
    "password.asked",
    "password.changed",
    "password.forgotten",
    "passkey.added",
    "passkey.removed",
    "recovery-codes.made",
    "records.written",
    "second-factor.added",
    "second-factor.removed",
    "session.acted",
    "session.ended",
    "session.raised",
    "session.reused",
    "tenant.changed",
    "tenant.made",
    "tenant.removed",
    "token.made",
    "token.refused",
    "token.removed",
    "user.activated",
    "user.changed",
    "user.invited",
    "user.removed",
    "user.suspended",
    "webhook.changed",
  ]),
  outcome: Schema.Literals(["succeeded", "failed", "refused"]),
  actorId: Schema.NullOr(Schema.String),
  actor: Schema.String,
  /** As whom, where that is somebody else: the id of the user. */
  subjectId: Schema.NullOr(Schema.String),
  session: Schema.NullOr(Schema.String),
  address: Schema.String,
  agent: Schema.String,
  /** As the answer carried it in X-Request-Id. */
  requestId: Schema.String,
  target: Schema.String,
  before: Schema.NullOr(Schema.JsonObject),
  after: Schema.NullOr(Schema.JsonObject),
  details: Schema.JsonObject,
})
export type AuditEvent = typeof AuditEvent.Type

/** Where no mail can be sent, the token of the invitation: for /auth/reset-password, shown this once. */
export const Invited = Schema.Struct({
  user: User,
  invited: Schema.Boolean,
  token: Schema.optionalKey(Schema.String),
})
