/**
 * How often somebody may fail to log in: five times, then that bucket waits for a quarter of an hour.
 *
 * The one thing to know before changing it: an attempt counts before its password is looked at, so that a thousand at once are
 * five. A device on which the user has logged in before has a bucket of its own: strangers do not lock its owner out.
 */
import { PgClient } from "@effect/sql-pg/PgClient"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import { networkAround } from "../../spec/network.ts"
import { hashOf } from "./tokens.ts"

const lockedForSeconds = 15 * 60

export interface Place {
  readonly email: string
  readonly address: string
  /** The hash of a device that is known to be the user's. */
  readonly device: Buffer | undefined
}

/** Also for an address that has no user: a lock tells nothing. */
export const bucketOf = ({ address, device, email }: Place): Buffer =>
  device === undefined
    ? hashOf(`stranger ${networkAround(address)} ${email}`)
    : hashOf(`device ${device.toString("hex")} ${email}`)

/** Counts one. Gives the seconds to wait where there were too many, and nothing where the password may be looked at. */
export const begin = Effect.fn("attempts.begin")(function* (bucket: Buffer, most = 5) {
  const sql = yield* PgClient
  const now = yield* DateTime.now
  const at = DateTime.toDateUtc(now)
  const until = DateTime.toDateUtc(DateTime.add(now, { seconds: lockedForSeconds }))
  const [row] = yield* sql<{ readonly failures: number; readonly until: Date }>`
    insert into login_attempts as a (bucket, failures, until) values (${bucket}, 1, ${until})
    on conflict (bucket) do update set
      failures = case when a.until <= ${at} then 1 else a.failures + 1 end,
      until = case when a.until <= ${at} or a.failures < ${most} then ${until} else a.until end
    returning failures, until`
  if (row === undefined || row.failures <= most) return undefined
  // Another that came together with this one may have been a moment later.
  return Math.min(lockedForSeconds, Math.max(1, Math.ceil((row.until.getTime() - at.getTime()) / 1000)))
})

/** It succeeded. */
export const forget = Effect.fn("attempts.forget")(function* (bucket: Buffer) {
  const sql = yield* PgClient
  yield* sql`delete from login_attempts where bucket = ${bucket}`
})
