/**
 * A forgotten password: a link by mail that sets a new one, once, within an hour.
 *
 * The one thing to know before changing it: whoever asks gets the same answer at the same moment, whether the address has a user or
 * not. The work is done behind their back. A second factor stays what it was.
 */
import { PgClient } from "@effect/sql-pg/PgClient"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Security from "../config/security.ts"
import { Outbox } from "../mail/outbox.ts"
import * as Settings from "../mail/settings.ts"
import { Forbidden, Invalid } from "../problems.ts"
import { transaction } from "../store/database.ts"
import { PasswordHashes } from "./argon2.ts"
import * as Attempts from "./attempts.ts"
import * as Audit from "./audit.ts"
import { caller } from "./caller.ts"
import * as Devices from "./devices.ts"
import { emailOf } from "./email.ts"
import { passwordFlaw } from "./password-rules.ts"
import * as Sessions from "./sessions.ts"
import * as Tickets from "./tickets.ts"
import { hashOf, makeToken } from "./tokens.ts"
import * as Users from "./users.ts"

export const forgetAll = Effect.fn("passwordReset.forgetAll")(function* (user: string) {
  const sql = yield* PgClient
  yield* sql`delete from password_resets where user_id = ${user}`
})

/** Good once; all earlier ones of the user stay good until one is used. */
export const issue = Effect.fn("passwordReset.issue")(function* (
  user: string,
  validFor: { readonly hours: number } | { readonly days: number },
) {
  const sql = yield* PgClient
  const now = yield* DateTime.now
  const token = makeToken()
  yield* sql`
    insert into password_resets (hash, user_id, created_at, expires_at)
    values (${hashOf(token)}, ${user}, ${DateTime.toDateUtc(now)}, ${DateTime.toDateUtc(DateTime.add(now, validFor))})`
  return token
})

export const forgot = Effect.fn("passwordReset.forgot")(function* (typed: string) {
  const sql = yield* PgClient
  const outbox = yield* Outbox
  const email = emailOf(typed)
  if (Result.isFailure(email)) return
  // Nobody's mailbox is filled by others.
  if ((yield* Attempts.begin(hashOf(`reset ${email.success}`))) !== undefined) return
  const user = yield* Users.byEmail(email.success)
  const settings = yield* Settings.read
  if (user === undefined || user.suspended_at !== null || settings === null) return
  yield* transaction(sql)(
    Effect.gen(function* () {
      const token = yield* issue(user.id, { hours: 1 })
      // What stands behind # is sent to no server, and so is in no log.
      const link = `${settings.portal}/reset-password#${token}`
      yield* outbox.send(user.email, user.locale, { template: "reset-password", link })
      const actor = { id: user.id, name: user.email }
      yield* Audit.note({ action: "password.forgotten", outcome: "succeeded", actor })
    }),
  )
})

const notGood = new Forbidden({ detail: "This link is not good, or no longer. Ask for another." })

export const reset = Effect.fn("passwordReset.reset")(function* (token: string, password: Redacted.Redacted) {
  const sql = yield* PgClient
  const outbox = yield* Outbox
  const hashes = yield* PasswordHashes
  const { address } = yield* caller
  const now = yield* DateTime.nowAsDate
  const hash = hashOf(token)
  const [row] = yield* sql<{ readonly user_id: string }>`
    select user_id::text as user_id from password_resets where hash = ${hash} and expires_at > ${now}`
  const user = row === undefined ? undefined : yield* Users.byId(row.user_id)
  if (user === undefined || user.suspended_at !== null) return yield* notGood
  const { leastPasswordLength } = yield* Security.read
  const flaw = passwordFlaw(Redacted.value(password), [user.email, user.name], leastPasswordLength)
  if (flaw !== undefined)
    return yield* new Invalid({ detail: "Nothing was changed.", problems: [{ field: "password", ...flaw }] })
  const hashed = yield* hashes.hash(password)
  yield* transaction(sql)(
    Effect.gen(function* () {
      const spent = yield* sql`delete from password_resets where hash = ${hash} returning 1`
      if (spent.length === 0) return yield* notGood
      yield* forgetAll(user.id)
      yield* Users.setPassword(user.id, hashed)
      yield* Sessions.endOthers(user.id, null, "password")
      yield* Devices.forgetAll(user.id)
      yield* Tickets.forgetAll(user.id)
      yield* outbox.send(user.email, user.locale, { template: "password-changed", address })
      const actor = { id: user.id, name: user.email }
      yield* Audit.note({ action: "password.changed", outcome: "succeeded", actor, details: { by: "reset" } })
    }),
  )
})
