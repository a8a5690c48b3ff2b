/** Devices on which a user has logged in: each has a token that proves nothing but that. */
import { PgClient } from "@effect/sql-pg/PgClient"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import { hashOf, makeToken } from "./tokens.ts"

/** Who has more of them has not used the oldest for long. */
const most = 20

/** Its hash, where it is a device of the user with this address. */
export const known = Effect.fn("devices.known")(function* (token: string | undefined, email: string) {
  const sql = yield* PgClient
  const hash = hashOf(token ?? "")
  // Asked in any case: it takes as long without a token.
  const rows = yield* sql`
    select from devices d join users u on u.id = d.user_id where d.hash = ${hash} and u.email = ${email}`
  return rows.length === 0 ? undefined : hash
})

/** Whether the user has none yet. */
export const isFirst = Effect.fn("devices.isFirst")(function* (user: string) {
  const sql = yield* PgClient
  return (yield* sql`select from devices where user_id = ${user} limit 1`).length === 0
})

/** Remembers it, or makes one. Gives the token where it is new. */
export const remember = Effect.fn("devices.remember")(function* (user: string, device: Buffer | undefined) {
  const sql = yield* PgClient
  const now = yield* DateTime.nowAsDate
  if (device !== undefined) {
    yield* sql`update devices set used_at = ${now} where hash = ${device}`
    return undefined
  }
  const token = makeToken()
  yield* sql`insert into devices (hash, user_id, created_at, used_at) values (${hashOf(token)}, ${user}, ${now}, ${now})`
  yield* sql`
    delete from devices where user_id = ${user} and hash not in
      (select hash from devices where user_id = ${user} order by used_at desc, hash limit ${most})`
  return token
})

/** All of a user's: after a new password everybody is a stranger until they log in with it. */
export const forgetAll = Effect.fn("devices.forgetAll")(function* (user: string) {
  const sql = yield* PgClient
  yield* sql`delete from devices where user_id = ${user}`
})
