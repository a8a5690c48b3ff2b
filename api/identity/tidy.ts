/** What has had its time goes: at the start of each process, and every hour. Several at once do each other no harm. */
import { PgClient } from "@effect/sql-pg/PgClient"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import { forgetFull } from "../gateway/rate-limit-store.ts"
import { wordsOf } from "../store/database.ts"

const tidy = Effect.gen(function* () {
  const sql = yield* PgClient
  const now = yield* DateTime.now
  const at = DateTime.toDateUtc(now)
  // With them go their refresh tokens.
  yield* sql`delete from sessions where expires_at < ${at}`
  yield* sql`delete from refresh_tokens where expires_at < ${at}`
  yield* sql`delete from password_resets where expires_at < ${at}`
  yield* sql`delete from email_changes where expires_at < ${at}`
  yield* sql`delete from passkey_challenges where expires_at < ${at}`
  yield* sql`delete from tickets where expires_at < ${at}`
  yield* sql`delete from login_attempts where until < ${at}`
  yield* sql`delete from signing_keys where expires_at < ${at}`
  yield* sql`delete from devices where used_at < ${DateTime.toDateUtc(DateTime.subtract(now, { days: 365 }))}`
  yield* sql`delete from idempotency_keys where created_at < ${DateTime.toDateUtc(DateTime.subtract(now, { days: 1 }))}`
  yield* forgetFull
  yield* sql`delete from first_runs where expires_at < ${at}`
})

export const layer = Layer.effectDiscard(
  Effect.forkScoped(
    tidy.pipe(
      Effect.catch((error) => Effect.logWarning(`What has expired stays for now: ${wordsOf(error)}`)),
      Effect.repeat(Schedule.jittered(Schedule.spaced("1 hour"))),
    ),
  ),
)
