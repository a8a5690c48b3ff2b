/**
 * A log-in, from the address and password that somebody typed, over a code where the user has a second factor, to the session
 * that is open then.
 *
 * The one thing to know before changing it: nothing here may tell whether an address has a user. Each step is taken for both, a
 * hash is computed for both, and both get the same bytes. That there is a second factor hears who knows the password.
 */
import { PgClient } from "@effect/sql-pg/PgClient"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import { Outbox } from "../mail/outbox.ts"
import { Forbidden, Locked, Unauthenticated } from "../problems.ts"
import type { PasskeyProof } from "../shapes.ts"
import { transaction } from "../store/database.ts"
import { PasswordHashes } from "./argon2.ts"
import * as Attempts from "./attempts.ts"
import * as Audit from "./audit.ts"
import { caller } from "./caller.ts"
import * as Devices from "./devices.ts"
import { emailOf } from "./email.ts"
import * as Passkeys from "./passkeys.ts"
import { relyingParty } from "./relying-party.ts"
import * as SecondFactors from "./second-factors.ts"
import * as Sessions from "./sessions.ts"
import * as Tickets from "./tickets.ts"
import { hashOf } from "./tokens.ts"
import * as Users from "./users.ts"

export interface Credentials {
  readonly email: string
  readonly password: Redacted.Redacted
  /** As an earlier log-in gave it. */
  readonly device: string | undefined
}

const wrong = new Unauthenticated({ detail: "The e-mail address or the password is not right." })
const wrongCode = new Unauthenticated({ detail: "This code is not right, or was used before. Wait for the next one." })
const tooLate = new Unauthenticated({ detail: "This took too long, or was done already. Begin again." })

/** What a locked bucket answers, with the seconds that are left. */
export const locked = (seconds: number) =>
  new Locked({
    detail: `There were too many attempts. Try again in ${Math.ceil(seconds / 60)} min.`,
    retryAfter: seconds,
  })

/** Of an address that nobody has is kept what tells two apart, and not what somebody typed. */
const attempted = (email: string) => ({ address: hashOf(email).toString("hex").slice(0, 16) })

const actorOf = (user: Users.UserRow) => ({ id: user.id, name: user.email })

/** Only who knows the password gets to hear it. */
const notSuspended = Effect.fnUntraced(function* (user: Users.UserRow) {
  const isOver = user.expires_at !== null && user.expires_at <= (yield* DateTime.nowAsDate)
  if (user.suspended_at === null && !isOver) return
  const why = user.suspended_at === null ? "expired" : "suspended"
  yield* Audit.note({ action: "login", outcome: "refused", actor: actorOf(user), details: { why } })
  return yield* new Forbidden({
    detail: `${why === "expired" ? "The time of this user is over" : "This user is suspended"}. Whoever looks after the users can change that.`,
  })
})

/** For a user who has proved all that there is to prove. */
const open = Effect.fnUntraced(function* (user: Users.UserRow, device: Buffer | undefined, factor: string) {
  const outbox = yield* Outbox
  const from = yield* caller
  const { refreshToken, session } = yield* Sessions.begin(user.id, from)
  const isFirst = yield* Devices.isFirst(user.id)
  const deviceToken = yield* Devices.remember(user.id, device)
  // The very first one is no news.
  if (deviceToken !== undefined && !isFirst) {
    const at = DateTime.formatIso(yield* DateTime.now)
    yield* outbox.send(user.email, user.locale, { template: "new-login", address: from.address, agent: from.agent, at })
  }
  yield* Audit.note({ action: "login", outcome: "succeeded", actor: actorOf(user), session, details: { factor } })
  return { user, session, refreshToken, deviceToken }
})

export const login = Effect.fn("login")(function* ({ device, email: typed, password }: Credentials) {
  const sql = yield* PgClient
  const hashes = yield* PasswordHashes
  const from = yield* caller
  const email = Result.getOrElse(emailOf(typed), () => "no address")
  const ours = yield* Devices.known(device, email)
  const bucket = Attempts.bucketOf({ email, address: from.address, device: ours })
  const wait = yield* Attempts.begin(bucket)
  const user = yield* Users.byEmail(email)
  const actor = user === undefined ? undefined : actorOf(user)
  if (wait !== undefined) {
    yield* Audit.note({ action: "login.locked", outcome: "refused", actor, details: attempted(email) })
    return yield* locked(wait)
  }
  const right = yield* hashes.verify(password, user?.password ?? null)
  if (!right || user === undefined) {
    yield* Audit.note({ action: "login", outcome: "failed", actor, details: attempted(email) })
    return yield* wrong
  }
  yield* notSuspended(user)
  const better = hashes.isOutdated(user.password ?? "") ? yield* hashes.hash(password) : undefined
  return yield* transaction(sql)(
    Effect.gen(function* () {
      yield* Attempts.forget(bucket)
      if (better !== undefined) yield* Users.setPassword(user.id, better)
      const { passkeys, recoveryCodes, totp } = yield* SecondFactors.of(user.id)
      if (!totp && passkeys === 0) return yield* open(user, ours, "password")
      const step = { purpose: "login", user_id: user.id, bucket, device: ours ?? null, sealed: null } as const
      const ticket = yield* Tickets.issue(step)
      const factors = [
        ...(totp ? ["totp" as const] : []),
        ...(passkeys > 0 ? ["passkey" as const] : []),
        ...(recoveryCodes > 0 ? ["recovery-code" as const] : []),
      ]
      return { ticket, factors, user: user.id }
    }),
  )
})

/** Guesses of one user's codes, wherever they come from: who knows the password and has many addresses gets no further. */
const mostOfAll = 20

/** A code, or what a passkey has signed. */
export type Second = { readonly code: string } | { readonly credential: PasskeyProof }

/** Which factor it was; undefined where it is not right. */
const taken = Effect.fnUntraced(function* (user: string, token: string, second: Second) {
  if ("credential" in second) {
    const asked = yield* Passkeys.takeChallenge(token, "second-factor")
    if (asked === undefined) return undefined
    const rp = yield* relyingParty
    const whose = yield* Passkeys.prove(second.credential, asked.challenge, rp, { user, verified: false })
    return whose === user ? "passkey" : undefined
  }
  if (yield* SecondFactors.takeTotp(user, second.code)) return "totp"
  return (yield* SecondFactors.takeRecoveryCode(user, second.code)) ? "recovery-code" : undefined
})

const secondStep = Effect.fnUntraced(function* (token: string, ticket: Tickets.Ticket, second: Second) {
  const sql = yield* PgClient
  const user = yield* Users.byId(ticket.user_id)
  if (user === undefined) return yield* tooLate
  const [here, anywhere] = [hashOf(`code ${ticket.bucket.toString("hex")}`), hashOf(`codes of ${user.id}`)]
  const wait = (yield* Attempts.begin(here)) ?? (yield* Attempts.begin(anywhere, mostOfAll))
  if (wait !== undefined) {
    yield* Audit.note({ action: "login.locked", outcome: "refused", actor: actorOf(user), details: { factor: "code" } })
    return yield* locked(wait)
  }
  yield* notSuspended(user)
  const opened = yield* transaction(sql)(
    Effect.gen(function* () {
      const factor = yield* taken(user.id, token, second)
      if (factor === undefined) return undefined
      if (!(yield* Tickets.redeem(token))) return yield* tooLate
      yield* Attempts.forget(here)
      yield* Attempts.forget(anywhere)
      return yield* open(user, ticket.device ?? undefined, factor)
    }),
  )
  if (opened !== undefined) return opened
  yield* Audit.note({ action: "login", outcome: "failed", actor: actorOf(user), details: { factor: "code" } })
  return yield* wrongCode
})

/** A new app shows that it has the secret. Gives the codes for when it is lost. */
const adopt = Effect.fnUntraced(function* (token: string, ticket: Tickets.Ticket, code: string) {
  const sql = yield* PgClient
  const user = yield* Users.byId(ticket.user_id)
  if (user === undefined || ticket.sealed === null) return yield* tooLate
  const { sealed } = ticket
  const wait = yield* Attempts.begin(ticket.bucket)
  if (wait !== undefined) return yield* locked(wait)
  yield* notSuspended(user)
  const recoveryCodes = yield* transaction(sql)(
    Effect.gen(function* () {
      if (!(yield* SecondFactors.adopt(user.id, sealed, code))) return undefined
      if (!(yield* Tickets.redeem(token))) return yield* tooLate
      yield* Attempts.forget(ticket.bucket)
      yield* Audit.note({ action: "second-factor.added", outcome: "succeeded", actor: actorOf(user) })
      const { address } = yield* caller
      yield* (yield* Outbox).send(user.email, user.locale, { template: "second-factor-added", address })
      return yield* SecondFactors.makeRecoveryCodes(user.id)
    }),
  )
  return recoveryCodes === undefined ? yield* wrongCode : { recoveryCodes }
})

/** The second step of whatever gave the ticket. */
export const verifySecond = Effect.fn("verifySecond")(function* (token: string, second: Second) {
  const ticket = yield* Tickets.find(token)
  if (ticket === undefined) return yield* tooLate
  if (ticket.purpose === "login") return yield* secondStep(token, ticket, second)
  return yield* "code" in second ? adopt(token, ticket, second.code) : wrongCode
})

const notKnown = new Unauthenticated({
  detail: "This passkey is not known here, or no longer. Log in with a password.",
})

/** With a passkey alone, which has made sure of its user itself: something one has, and something one knows or is. */
export const loginWithPasskey = Effect.fn("loginWithPasskey")(function* (
  token: string,
  credential: PasskeyProof,
  device: string | undefined,
) {
  const sql = yield* PgClient
  const rp = yield* relyingParty
  const asked = yield* Passkeys.takeChallenge(token, "login")
  if (asked === undefined) return yield* tooLate
  const whose = yield* Passkeys.prove(credential, asked.challenge, rp, { user: null, verified: true })
  const user = whose === undefined ? undefined : yield* Users.byId(whose)
  if (user === undefined) {
    yield* Audit.note({ action: "login", outcome: "failed", details: { factor: "passkey" } })
    return yield* notKnown
  }
  yield* notSuspended(user)
  const ours = yield* Devices.known(device, user.email)
  return yield* transaction(sql)(open(user, ours, "passkey"))
})
