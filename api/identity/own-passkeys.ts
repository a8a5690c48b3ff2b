/** A user's own passkeys: made, listed, removed. What changes them wants the password. */
import { PgClient } from "@effect/sql-pg/PgClient"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { Outbox } from "../mail/outbox.ts"
import { Forbidden, Invalid, NotFound } from "../problems.ts"
import type { PasskeyMade } from "../shapes.ts"
import { transaction } from "../store/database.ts"
import { Actor } from "./actor.ts"
import * as Audit from "./audit.ts"
import { caller } from "./caller.ts"
import { nameFlaw } from "./names.ts"
import { provenUser } from "./own-password.ts"
import * as Passkeys from "./passkeys.ts"
import { relyingParty } from "./relying-party.ts"
import * as SecondFactors from "./second-factors.ts"
import { ticketLifetime } from "./tickets.ts"
import { makeToken } from "./tokens.ts"
import * as Users from "./users.ts"

const most = 20

export const setUp = Effect.fn("ownPasskeys.setUp")(function* (password: Redacted.Redacted) {
  const rp = yield* relyingParty
  const user = yield* provenUser(password, "password")
  if ((yield* Passkeys.list(user.id)).length >= most)
    return yield* new Invalid({
      detail: "No passkey was made.",
      problems: [{ field: "", message: `You have ${most} passkeys.`, mend: "Remove one that you no longer use." }],
    })
  const ticket = makeToken()
  return { ticket, expiresIn: ticketLifetime, options: yield* Passkeys.creationOptions(ticket, user, rp) }
})

export interface NewPasskey {
  readonly ticket: Redacted.Redacted
  readonly name: string
  readonly credential: PasskeyMade
}

const refused = (field: string, message: string, mend: string) =>
  new Invalid({ detail: "No passkey was made.", problems: [{ field, message, mend }] })

/** With the codes for when it is lost, where it is the first second factor. */
export const add = Effect.fn("ownPasskeys.add")(function* ({ credential, name, ticket }: NewPasskey) {
  const sql = yield* PgClient
  const rp = yield* relyingParty
  const actor = yield* Actor
  const user = actor.user === null ? undefined : yield* Users.byId(actor.user)
  if (user === undefined) return yield* new Forbidden({ detail: "Only a user who has logged in has passkeys." })
  const flaw = nameFlaw(name)
  if (flaw !== undefined) return yield* refused("name", flaw.message, "Say where it is: Laptop, or Key on the ring.")
  const asked = yield* Passkeys.takeChallenge(Redacted.value(ticket), "add")
  if (asked === undefined || asked.user !== user.id)
    return yield* refused("ticket", "This took too long, or was done already.", "Begin again.")
  const verified = yield* Passkeys.verifyNew(credential, asked.challenge, rp)
  if (verified === undefined)
    return yield* refused(
      "credential",
      "This is no passkey for this portal.",
      "Make it on a page of the portal itself.",
    )
  return yield* transaction(sql)(
    Effect.gen(function* () {
      const before = yield* SecondFactors.of(user.id)
      const passkey = yield* Passkeys.keep(user.id, name.trim(), rp, verified)
      if (passkey === undefined)
        return yield* refused("credential", "This passkey is known already.", "Make another one.")
      yield* Audit.noteDone({ action: "passkey.added", target: `Passkey/${passkey.id}`, after: passkey })
      const { address } = yield* caller
      yield* (yield* Outbox).send(user.email, user.locale, { template: "passkey-added", address })
      const isFirst = !before.totp && before.passkeys === 0
      return { passkey, ...(isFirst ? { recoveryCodes: yield* SecondFactors.makeRecoveryCodes(user.id) } : {}) }
    }),
  )
})

export const remove = Effect.fn("ownPasskeys.remove")(function* (id: string, password: Redacted.Redacted) {
  const sql = yield* PgClient
  const user = yield* provenUser(password, "password")
  yield* transaction(sql)(
    Effect.gen(function* () {
      if (!(yield* Passkeys.remove(user.id, id))) return yield* new NotFound({ detail: `You have no passkey ${id}.` })
      yield* SecondFactors.forgetIdleCodes(user.id)
      yield* Audit.noteDone({ action: "passkey.removed", target: `Passkey/${id}` })
      const { address } = yield* caller
      yield* (yield* Outbox).send(user.email, user.locale, { template: "passkey-removed", address })
    }),
  )
})
