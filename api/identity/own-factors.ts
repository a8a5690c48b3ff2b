/** A user's own second factor: set up, given up, and its codes on paper made anew. Each wants the password. */
import { PgClient } from "@effect/sql-pg/PgClient"
import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import { toString as qrCode } from "qrcode"
import { Outbox } from "../mail/outbox.ts"
import { Invalid } from "../problems.ts"
import { transaction } from "../store/database.ts"
import * as Attempts from "./attempts.ts"
import * as Audit from "./audit.ts"
import { caller } from "./caller.ts"
import { locked } from "./login.ts"
import { provenUser } from "./own-password.ts"
import * as SecondFactors from "./second-factors.ts"
import * as Tickets from "./tickets.ts"
import { hashOf } from "./tokens.ts"

/** It counts once a code of it was shown with the ticket: until then the user has what they had. */
export const setUp = Effect.fn("ownFactors.setUp")(function* (password: Redacted.Redacted) {
  const { id, email } = yield* provenUser(password, "password")
  const { sealed, secret, uri } = yield* SecondFactors.makeSecret(id, email)
  const ticket = yield* Tickets.issue({
    purpose: "second-factor",
    user_id: id,
    bucket: hashOf(`new factor of ${id}`),
    device: null,
    sealed,
  })
  const qr = yield* Effect.promise(() => qrCode(uri, { type: "svg", errorCorrectionLevel: "M" }))
  return { ticket, expiresIn: Tickets.ticketLifetime, secret, uri, qr }
})

export interface Proof {
  readonly password: Redacted.Redacted
  readonly code: string
}

/** The user, who has shown both. */
const provenByBoth = Effect.fnUntraced(function* ({ code, password }: Proof) {
  const user = yield* provenUser(password, "password")
  const bucket = hashOf(`factor of ${user.id}`)
  const wait = yield* Attempts.begin(bucket)
  if (wait !== undefined) return yield* locked(wait)
  const right = (yield* SecondFactors.takeTotp(user.id, code)) || (yield* SecondFactors.takeRecoveryCode(user.id, code))
  if (!right)
    return yield* new Invalid({
      detail: "Nothing was changed.",
      problems: [
        { field: "code", message: "This code is not right, or was used before.", mend: "Wait for the next one." },
      ],
    })
  yield* Attempts.forget(bucket)
  return user
})

export const remove = Effect.fn("ownFactors.remove")(function* (proof: Proof) {
  const sql = yield* PgClient
  const user = yield* provenByBoth(proof)
  yield* transaction(sql)(
    Effect.gen(function* () {
      yield* SecondFactors.removeTotp(user.id)
      yield* Tickets.forgetAll(user.id)
      yield* Audit.noteDone({ action: "second-factor.removed" })
      const { address } = yield* caller
      yield* (yield* Outbox).send(user.email, user.locale, { template: "second-factor-removed", address })
    }),
  )
})

export const renewRecoveryCodes = Effect.fn("ownFactors.renewRecoveryCodes")(function* (proof: Proof) {
  const sql = yield* PgClient
  const user = yield* provenByBoth(proof)
  return yield* transaction(sql)(
    Effect.gen(function* () {
      yield* Audit.noteDone({ action: "recovery-codes.made" })
      return { recoveryCodes: yield* SecondFactors.makeRecoveryCodes(user.id) }
    }),
  )
})
