/**
 * The first administrator: an installation has no account that anybody could know. Whoever has the token of the machine asks for
 * a right to become one, which works once, within a day, and only while there is none.
 */
import { PgClient } from "@effect/sql-pg/PgClient"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type { Flaw } from "../../spec/grammar.ts"
import * as Security from "../config/security.ts"
import { Forbidden, Invalid, type Mistake } from "../problems.ts"
import { transaction } from "../store/database.ts"
import { PasswordHashes } from "./argon2.ts"
import * as Audit from "./audit.ts"
import { emailOf } from "./email.ts"
import { nameFlaw } from "./names.ts"
import { passwordFlaw } from "./password-rules.ts"
import { hashOf, makeToken } from "./tokens.ts"
import * as Users from "./users.ts"

const validFor = { hours: 24 }

/** One that is asked for twice is good once: the earlier one is gone. */
export const offer = Effect.fn("firstRun.offer")(function* (actor: {
  readonly id: string | null
  readonly name: string
}) {
  const sql = yield* PgClient
  const now = yield* DateTime.now
  const expires = DateTime.toDateUtc(DateTime.add(now, validFor))
  const token = makeToken()
  return yield* transaction(sql)(
    Effect.gen(function* () {
      if (yield* Users.hasAdministrator)
        return yield* new Forbidden({ detail: "There is an administrator already. Ask that one for a user." })
      yield* sql`delete from first_runs`
      yield* sql`
        insert into first_runs (hash, created_at, expires_at)
        values (${hashOf(token)}, ${DateTime.toDateUtc(now)}, ${expires})`
      yield* Audit.note({ action: "first-run.offered", outcome: "succeeded", actor })
      return { token, expiresAt: expires.toISOString() }
    }),
  )
})

export interface Wish {
  readonly token: string
  readonly email: string
  readonly name: string
  readonly password: Redacted.Redacted
}

const notGood = new Forbidden({
  detail: "This token is not good, or no longer. `plumb first-run` gives another while there is no administrator.",
})

export const redeem = Effect.fn("firstRun.redeem")(function* ({ email: typed, name, password, token }: Wish) {
  const sql = yield* PgClient
  const hashes = yield* PasswordHashes
  const now = yield* DateTime.nowAsDate
  const hash = hashOf(token)
  const offered = sql`select from first_runs where hash = ${hash} and expires_at > ${now}`
  // Before the mistakes: strangers are not told what would be right.
  if ((yield* offered).length === 0) {
    yield* Audit.note({ action: "first-run.redeemed", outcome: "refused" })
    return yield* notGood
  }
  const { leastPasswordLength } = yield* Security.read
  const email = emailOf(typed)
  const flaws: ReadonlyArray<readonly [string, Flaw | undefined]> = [
    ["email", Result.isFailure(email) ? email.failure : undefined],
    ["name", nameFlaw(name)],
    ["password", passwordFlaw(Redacted.value(password), [typed, name], leastPasswordLength)],
  ]
  const problems = flaws.flatMap(
    ([field, found]): ReadonlyArray<Mistake> => (found === undefined ? [] : [{ field, ...found }]),
  )
  if (Result.isFailure(email) || problems.length > 0)
    return yield* new Invalid({ detail: "Nobody was made an administrator.", problems })
  const hashed = yield* hashes.hash(password)
  return yield* transaction(sql)(
    Effect.gen(function* () {
      // Of several at once one finds it.
      const spent = yield* sql`delete from first_runs where hash = ${hash} and expires_at > ${now} returning 1`
      if (spent.length === 0 || (yield* Users.hasAdministrator)) return yield* notGood
      const user = yield* Users.create({
        email: email.success,
        name: name.trim(),
        role: "super-admin",
        locale: "en",
        expiresAt: null,
        tenant: null,
        records: [],
        verbs: [],
        password: hashed,
      })
      if (user === undefined) return yield* notGood
      yield* Audit.note({
        action: "first-run.redeemed",
        outcome: "succeeded",
        actor: { id: user.id, name: user.email },
        target: `User/${user.id}`,
        after: Users.toUser(user),
      })
      return user
    }),
  )
})
