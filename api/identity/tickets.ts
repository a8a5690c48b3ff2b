/** Tickets: what a first step gives to whoever takes the second, for a few minutes. */
import { PgClient } from "@effect/sql-pg/PgClient"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import { hashOf, makeToken } from "./tokens.ts"

/** In seconds. */
export const ticketLifetime = 300

export interface Ticket {
  readonly purpose: "login" | "second-factor"
  readonly user_id: string
  readonly bucket: Buffer
  readonly device: Buffer | null
  readonly sealed: string | null
}

export const issue = Effect.fn("tickets.issue")(function* (ticket: Ticket) {
  const sql = yield* PgClient
  const now = yield* DateTime.now
  const token = makeToken()
  const until = DateTime.toDateUtc(DateTime.add(now, { seconds: ticketLifetime }))
  // One new factor at a time: an earlier one that was not finished is forgotten.
  if (ticket.purpose === "second-factor")
    yield* sql`delete from tickets where user_id = ${ticket.user_id} and purpose = 'second-factor'`
  yield* sql`
    insert into tickets (hash, purpose, user_id, bucket, device, sealed, expires_at)
    values (${hashOf(token)}, ${ticket.purpose}, ${ticket.user_id}, ${ticket.bucket}, ${ticket.device}, ${ticket.sealed},
      ${until})`
  return token
})

/** Good until it is redeemed: who mistypes a code tries again. */
export const find = Effect.fn("tickets.find")(function* (token: string) {
  const sql = yield* PgClient
  const now = yield* DateTime.nowAsDate
  const [row] = yield* sql<Ticket>`
    select purpose, user_id::text as user_id, bucket, device, sealed from tickets
    where hash = ${hashOf(token)} and expires_at > ${now}`
  return row
})

/** Whether it was there to redeem: of several at once one has it. */
export const redeem = Effect.fn("tickets.redeem")(function* (token: string) {
  const sql = yield* PgClient
  const rows = yield* sql`delete from tickets where hash = ${hashOf(token)} returning 1`
  return rows.length > 0
})

export const forgetAll = Effect.fn("tickets.forgetAll")(function* (user: string) {
  const sql = yield* PgClient
  yield* sql`delete from tickets where user_id = ${user}`
})
