/**
 * What users change of themselves: their name and language, and their address, which counts once a link that was sent there was
 * followed.
 *
 * The one thing to know before changing it: whoever asks for an address hears nothing of whose it is. One that somebody has gets
 * no letter, and the answer is the same.
 */
import { PgClient } from "@effect/sql-pg/PgClient"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import { Outbox } from "../mail/outbox.ts"
import * as Settings from "../mail/settings.ts"
import { Forbidden, Invalid } from "../problems.ts"
import { sqlState, transaction } from "../store/database.ts"
import { Actor } from "./actor.ts"
import * as Attempts from "./attempts.ts"
import * as Audit from "./audit.ts"
import { emailOf } from "./email.ts"
import { locked } from "./login.ts"
import { nameFlaw } from "./names.ts"
import { provenUser } from "./own-password.ts"
import { hashOf, makeToken } from "./tokens.ts"
import * as Users from "./users.ts"

const validFor = { hours: 24 }

export interface Change {
  readonly name?: string
  readonly locale?: "en" | "de"
}

export const change = Effect.fn("profile.change")(function* (wish: Change) {
  const sql = yield* PgClient
  const actor = yield* Actor
  const before = actor.user === null ? undefined : yield* Users.byId(actor.user)
  if (before === undefined) return yield* new Forbidden({ detail: "Only a user who has logged in has a name." })
  const flaw = wish.name === undefined ? undefined : nameFlaw(wish.name)
  if (flaw !== undefined)
    return yield* new Invalid({ detail: "Nothing was changed.", problems: [{ field: "name", ...flaw }] })
  return yield* transaction(sql)(
    Effect.gen(function* () {
      const after = yield* Users.change(before.id, {
        name: wish.name?.trim() ?? before.name,
        locale: wish.locale ?? before.locale,
        role: before.role,
        expiresAt: before.expires_at,
        records: before.records,
        verbs: before.verbs,
      })
      if (after === undefined) return yield* new Forbidden({ detail: "This user is gone." })
      const [was, is] = [Users.toUser(before), Users.toUser(after)]
      yield* Audit.noteDone({ action: "user.changed", target: `User/${is.id}`, before: was, after: is })
      return is
    }),
  )
})

export interface NewEmail {
  readonly email: string
  readonly password: Redacted.Redacted
}

const refused = (field: string, message: string, mend: string) =>
  new Invalid({ detail: "Nothing was changed.", problems: [{ field, message, mend }] })

/** Sends a link there. Until it is followed, everything is as it was. */
export const askForEmail = Effect.fn("profile.askForEmail")(function* ({ email: typed, password }: NewEmail) {
  const sql = yield* PgClient
  const outbox = yield* Outbox
  const user = yield* provenUser(password, "password")
  const email = emailOf(typed)
  if (Result.isFailure(email))
    return yield* new Invalid({ detail: "Nothing was changed.", problems: [{ field: "email", ...email.failure }] })
  if (email.success === user.email) return yield* refused("email", "This is your address.", "Give another one.")
  const settings = yield* Settings.read
  if (settings === null)
    return yield* refused(
      "email",
      "No mail can leave from here yet.",
      "An administrator says how, at /v1/config/email.",
    )
  // Nobody's mailbox is filled by others.
  const wait = yield* Attempts.begin(hashOf(`new address of ${user.id}`))
  if (wait !== undefined) return yield* locked(wait)
  const now = yield* DateTime.now
  const token = makeToken()
  yield* transaction(sql)(
    Effect.gen(function* () {
      yield* sql`
        insert into email_changes (hash, user_id, email, expires_at)
        values (${hashOf(token)}, ${user.id}, ${email.success}, ${DateTime.toDateUtc(DateTime.add(now, validFor))})
        on conflict (user_id) do update
          set hash = excluded.hash, email = excluded.email, expires_at = excluded.expires_at`
      const link = `${settings.portal}/verify-email#${token}`
      if ((yield* Users.byEmail(email.success)) === undefined)
        yield* outbox.send(email.success, user.locale, { template: "verify-address", link })
      yield* Audit.noteDone({ action: "email.asked", target: `User/${user.id}` })
    }),
  )
})

const notGood = new Forbidden({ detail: "This link is not good, or no longer. Ask for another." })

/** Whoever has the link reads what is sent there. */
export const verifyEmail = Effect.fn("profile.verifyEmail")(function* (token: string) {
  const sql = yield* PgClient
  const outbox = yield* Outbox
  const now = yield* DateTime.nowAsDate
  yield* transaction(sql)(
    Effect.gen(function* () {
      const [asked] = yield* sql<{ readonly user: string; readonly email: string }>`
        delete from email_changes where hash = ${hashOf(token)} and expires_at > ${now}
        returning user_id::text as user, email`
      const before = asked === undefined ? undefined : yield* Users.byId(asked.user)
      if (asked === undefined || before === undefined || before.suspended_at !== null) return yield* notGood
      if (!(yield* Users.setEmail(before.id, asked.email))) return yield* notGood
      yield* outbox.send(before.email, before.locale, { template: "address-changed", to: asked.email })
      yield* Audit.note({
        action: "email.changed",
        outcome: "succeeded",
        actor: { id: before.id, name: asked.email },
        target: `User/${before.id}`,
        before: { email: before.email },
        after: { email: asked.email },
      })
    }),
  ).pipe(
    // Somebody else got it at this very moment.
    Effect.catchTag("SqlError", (error) => Effect.fail(sqlState(error) === "23505" ? notGood : error)),
  )
})
