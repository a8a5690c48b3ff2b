/**
 * Second factors: the codes of an authenticator app (TOTP, RFC 6238) and ten codes on paper for when it is lost.
 *
 * The one thing to know before changing it: each code is taken once. That is one statement that finds it untaken, so that of
 * two who come with the same code at the same moment one is let in.
 */
import { randomBytes } from "node:crypto"
import { PgClient } from "@effect/sql-pg/PgClient"
import { base32 } from "@scure/base"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import { generateSecret, generateURI, verify } from "otplib"
import { OwnKey } from "./own-key.ts"
import { hashOf } from "./tokens.ts"

/** Seconds that a clock may be off, either way. */
const tolerance = 30
const codes = 10

const purpose = (user: string) => `totp of ${user}`

export const makeSecret = Effect.fn("secondFactors.makeSecret")(function* (user: string, email: string) {
  const key = yield* OwnKey
  const secret = generateSecret()
  return {
    secret,
    uri: generateURI({ issuer: "Plumbline", label: email, secret }),
    sealed: yield* key.seal(purpose(user), secret),
  }
})

/** The step of 30 seconds that a code is of, where it is right and later than the last one that was taken. */
const stepOf = Effect.fnUntraced(function* (secret: string, code: string, last: number) {
  const token = code.replaceAll(/[\s-]/g, "")
  if (!/^\d{6}$/.test(token)) return undefined
  const epoch = Math.floor(DateTime.toEpochMillis(yield* DateTime.now) / 1000)
  const found = yield* Effect.promise(() =>
    verify({ secret, token, epoch, epochTolerance: tolerance, ...(last > 0 ? { afterTimeStep: last } : {}) }),
  )
  return found.valid && "timeStep" in found ? found.timeStep : undefined
})

/** Whether the user has an app, and how many passkeys and codes on paper. */
export const of = Effect.fn("secondFactors.of")(function* (user: string) {
  const sql = yield* PgClient
  const [row] = yield* sql<{ readonly totp: boolean; readonly passkeys: number; readonly recovery: number }>`
    select exists (select from totp_secrets where user_id = ${user}) as totp,
      (select count(*)::int from passkeys where user_id = ${user}) as passkeys,
      (select count(*)::int from recovery_codes where user_id = ${user} and used_at is null) as recovery`
  return { totp: row?.totp === true, passkeys: row?.passkeys ?? 0, recoveryCodes: row?.recovery ?? 0 }
})

/** Whether a code of the app is right, and was not taken before. */
export const takeTotp = Effect.fn("secondFactors.takeTotp")(function* (user: string, code: string) {
  const sql = yield* PgClient
  const key = yield* OwnKey
  const [row] = yield* sql<{ readonly sealed: string; readonly last_step: number }>`
    select sealed, last_step::float8 as last_step from totp_secrets where user_id = ${user}`
  const secret = row === undefined ? undefined : yield* key.open(purpose(user), row.sealed)
  const step = secret === undefined ? undefined : yield* stepOf(secret, code, row?.last_step ?? 0)
  if (step === undefined) return false
  const taken = yield* sql`
    update totp_secrets set last_step = ${step} where user_id = ${user} and last_step < ${step} returning 1`
  return taken.length > 0
})

/** As it was typed: case, dashes and spaces are nobody's business. */
const recoveryHash = (user: string, code: string) => hashOf(`${user} ${code.replaceAll(/[\s-]/g, "").toUpperCase()}`)

/** Whether it is one of the codes on paper, and was not taken before. */
export const takeRecoveryCode = Effect.fn("secondFactors.takeRecoveryCode")(function* (user: string, code: string) {
  const sql = yield* PgClient
  const now = yield* DateTime.nowAsDate
  const taken = yield* sql`
    update recovery_codes set used_at = ${now}
    where hash = ${recoveryHash(user, code)} and user_id = ${user} and used_at is null returning 1`
  return taken.length > 0
})

/** Takes the place of all earlier ones. */
export const makeRecoveryCodes = Effect.fn("secondFactors.makeRecoveryCodes")(function* (user: string) {
  const sql = yield* PgClient
  const now = yield* DateTime.nowAsDate
  const made = Array.from({ length: codes }, () => (base32.encode(randomBytes(10)).match(/.{4}/g) ?? []).join("-"))
  yield* sql`delete from recovery_codes where user_id = ${user}`
  for (const code of made)
    yield* sql`insert into recovery_codes (hash, user_id, created_at) values (${recoveryHash(user, code)}, ${user}, ${now})`
  return made
})

/** Whether the code is the new secret's: only then is it the user's. */
export const adopt = Effect.fn("secondFactors.adopt")(function* (user: string, sealed: string, code: string) {
  const sql = yield* PgClient
  const key = yield* OwnKey
  const now = yield* DateTime.nowAsDate
  const secret = yield* key.open(purpose(user), sealed)
  const step = secret === undefined ? undefined : yield* stepOf(secret, code, 0)
  if (step === undefined) return false
  yield* sql`
    insert into totp_secrets (user_id, sealed, last_step, created_at) values (${user}, ${sealed}, ${step}, ${now})
    on conflict (user_id) do update set sealed = excluded.sealed, last_step = excluded.last_step, created_at = excluded.created_at`
  return true
})

/** Codes on paper stand in for something: with nothing left they are none. */
export const forgetIdleCodes = Effect.fn("secondFactors.forgetIdleCodes")(function* (user: string) {
  const sql = yield* PgClient
  yield* sql`
    delete from recovery_codes where user_id = ${user}
      and not exists (select from totp_secrets where user_id = ${user})
      and not exists (select from passkeys where user_id = ${user})`
})

export const removeTotp = Effect.fn("secondFactors.removeTotp")(function* (user: string) {
  const sql = yield* PgClient
  yield* sql`delete from totp_secrets where user_id = ${user}`
  yield* forgetIdleCodes(user)
})

/** Of whoever has lost them. */
export const removeAll = Effect.fn("secondFactors.removeAll")(function* (user: string) {
  const sql = yield* PgClient
  yield* sql`delete from totp_secrets where user_id = ${user}`
  yield* sql`delete from passkeys where user_id = ${user}`
  yield* sql`delete from recovery_codes where user_id = ${user}`
})
