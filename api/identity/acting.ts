/**
 * Seeing what another user sees: with a reason, in a session of its own that only looks until a password is given once more, and
 * with both names in whatever is done in it.
 *
 * The one thing to know before changing it: the session is the other user's, so that everything that holds for them holds in it,
 * their sight first of all. What changes who may log in is not to be had in one.
 */
import { PgClient } from "@effect/sql-pg/PgClient"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import { flaw } from "../../spec/grammar.ts"
import { Forbidden, Invalid, NotFound } from "../problems.ts"
import { transaction } from "../store/database.ts"
import { Actor } from "./actor.ts"
import * as Audit from "./audit.ts"
import { caller } from "./caller.ts"
import { provedLately } from "./fresh.ts"
import { nameFlaw } from "./names.ts"
import { provenUser } from "./own-password.ts"
import type { Role } from "./role.ts"
import * as Sessions from "./sessions.ts"
import * as Users from "./users.ts"

/** Whom one may look at what they see: whoever stands further down. */
const order: ReadonlyArray<Role> = ["super-admin", "reseller", "customer", "technical"]

const below = (role: Role): ReadonlyArray<Role> => {
  const at = order.indexOf(role)
  return at < 0 ? [] : order.slice(at + 1)
}

const refused = (field: string, message: string, mend: string) =>
  new Invalid({ detail: "Nobody was logged in.", problems: [{ field, message, mend }] })

/** Somebody whom the actor may look at what they see. Asked for with the actor's own sight: others are not there. */
export const target = Effect.fn("acting.target")(function* (id: string) {
  const { role } = yield* Actor
  const now = yield* DateTime.nowAsDate
  const user = yield* Users.byText(id)
  if (user === undefined) return yield* new NotFound({ detail: `There is no user ${id}.` })
  if (!below(role).includes(user.role))
    return yield* refused("id", `Nobody who is ${role} logs in as somebody who is ${user.role}.`, "Ask them to look.")
  if (user.suspended_at !== null || (user.expires_at !== null && user.expires_at <= now))
    return yield* refused("id", "This user is suspended and sees nothing.", "Activate them first.")
  return user
})

export const begin = Effect.fn("acting.begin")(function* (user: Users.UserRow, reason: string) {
  const sql = yield* PgClient
  yield* provedLately
  const { name, role, user: by } = yield* Actor
  if (by === null)
    return yield* new Forbidden({ detail: "The token of this machine is nobody. Log in as a user, and repeat it." })
  const found = reason.trim() === "" ? flaw("There is no reason.", "Say why: the user can read it.") : nameFlaw(reason)
  if (found !== undefined) return yield* refused("reason", found.message.replace("The name", "The reason"), found.mend)
  const from = yield* caller
  return yield* transaction(sql)(
    Effect.gen(function* () {
      const opened = yield* Sessions.begin(user.id, from, { user: by, role, reason: reason.trim() })
      yield* Audit.note({
        action: "session.acted",
        outcome: "succeeded",
        actor: { id: by, name },
        subject: user.id,
        session: opened.session,
        target: `User/${user.id}`,
        details: { reason: reason.trim() },
      })
      return { user, ...opened }
    }),
  )
})

const ownSession = new Forbidden({ detail: "This is a session of your own." })

/** From now on things may be changed in it. The password is that of who looks. */
export const raise = Effect.fn("acting.raise")(function* (password: Redacted.Redacted) {
  const sql = yield* PgClient
  const { acting, session } = yield* Actor
  if (acting === null || session === null) return yield* ownSession
  yield* provenUser(password, "password")
  yield* transaction(sql)(
    Effect.gen(function* () {
      yield* Sessions.raise(session)
      yield* Audit.noteDone({ action: "session.raised", target: `Session/${session}` })
    }),
  )
})

export const end = Effect.gen(function* () {
  const sql = yield* PgClient
  const { acting, session } = yield* Actor
  if (acting === null || session === null) return yield* ownSession
  yield* transaction(sql)(
    Effect.gen(function* () {
      yield* Sessions.end(session, "logout")
      yield* Audit.noteDone({ action: "session.ended", target: `Session/${session}` })
    }),
  )
})
