/** A user's own new password: whoever sets it knows the present one, and every other session ends. */
import { PgClient } from "@effect/sql-pg/PgClient"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Security from "../config/security.ts"
import { Outbox } from "../mail/outbox.ts"
import { Invalid } from "../problems.ts"
import { transaction } from "../store/database.ts"
import { Actor } from "./actor.ts"
import { PasswordHashes } from "./argon2.ts"
import * as Audit from "./audit.ts"
import { caller } from "./caller.ts"
import * as Devices from "./devices.ts"
import { provenUser } from "./own-password.ts"
import { passwordFlaw } from "./password-rules.ts"
import * as Sessions from "./sessions.ts"
import * as Tickets from "./tickets.ts"
import * as Users from "./users.ts"

export interface Wish {
  readonly current: Redacted.Redacted
  readonly password: Redacted.Redacted
}

export const changePassword = Effect.fn("changePassword")(function* ({ current, password }: Wish) {
  const sql = yield* PgClient
  const hashes = yield* PasswordHashes
  const { session } = yield* Actor
  const user = yield* provenUser(current, "current")
  const { leastPasswordLength } = yield* Security.read
  const flaw = passwordFlaw(Redacted.value(password), [user.email, user.name], leastPasswordLength)
  if (flaw !== undefined)
    return yield* new Invalid({ detail: "Nothing was changed.", problems: [{ field: "password", ...flaw }] })
  const hash = yield* hashes.hash(password)
  yield* transaction(sql)(
    Effect.gen(function* () {
      yield* Users.setPassword(user.id, hash)
      const ended = yield* Sessions.endOthers(user.id, session, "password")
      yield* Devices.forgetAll(user.id)
      yield* Tickets.forgetAll(user.id)
      const { address } = yield* caller
      yield* (yield* Outbox).send(user.email, user.locale, { template: "password-changed", address })
      yield* Audit.noteDone({ action: "password.changed", details: { ended } })
    }),
  )
})
