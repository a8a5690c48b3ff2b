/**
 * From what has happened to whom it concerns: a delivery for each webhook that hears of it, and a letter where people are to know.
 *
 * The one thing to know before changing it: an event is told in the transaction that makes its deliveries. Processes side by side
 * take different ones, and what one leaves when it dies, another takes.
 */
import { PgClient } from "@effect/sql-pg/PgClient"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import { transaction } from "../store/database.ts"
import * as Letters from "./letters.ts"
import { Sender } from "./sender.ts"

const atOnce = 100
/** Of the log: as long as somebody may want to see it, or have it sent again. */
const keptDays = 30

const tellSome = Effect.gen(function* () {
  const sql = yield* PgClient
  const sender = yield* Sender
  const happened = yield* sql<Letters.Happening>`
    select seq::text as seq, type, kind, name, record_id::text as record, tenant_id::text as tenant, reseller_id::text as reseller,
      data
    from happenings
    where not told order by seq limit ${atOnce} for update skip locked`
  if (happened.length === 0) return 0
  const all = happened.map(({ seq }) => seq)
  const made = yield* sql<{ readonly id: string }>`
    insert into webhook_deliveries (webhook_id, happening_id, created_at)
    select w.id, h.id, ${yield* DateTime.nowAsDate}
    from happenings h join webhooks w on w.enabled and (h.type = any (w.events) or '*' = any (w.events))
      and (w.tenant_id is null or w.tenant_id in (h.tenant_id, h.reseller_id))
    where h.seq = any (${all}::bigint[])
    returning id::text as id`
  for (const { id } of made) yield* sender.send(id)
  for (const one of happened) yield* Letters.tell(one)
  yield* sql`update happenings set told = true where seq = any (${all}::bigint[])`
  return happened.length
})

const tidy = Effect.gen(function* () {
  const sql = yield* PgClient
  const before = DateTime.toDateUtc(DateTime.subtract(yield* DateTime.now, { days: keptDays }))
  yield* sql`delete from happenings where told and at < ${before}`
})

export const layer = Layer.effectDiscard(
  Effect.gen(function* () {
    const sql = yield* PgClient
    const again = <A, E, R>(work: Effect.Effect<A, E, R>, spaced: Schedule.Schedule<unknown>) =>
      work.pipe(
        // While the database is away, now and then is often enough to say so.
        Effect.catchCause((cause) =>
          Effect.andThen(Effect.logWarning("What has happened waits to be told", cause), Effect.sleep("10 seconds")),
        ),
        Effect.repeat(spaced),
        Effect.forkScoped,
      )
    const tellAll: Effect.Effect<void, unknown, Sender | Letters.Needs> = Effect.suspend(() =>
      Effect.flatMap(transaction(sql)(tellSome), (told) => (told === atOnce ? tellAll : Effect.void)),
    )
    yield* again(tellAll, Schedule.spaced("1 second"))
    yield* again(tidy, Schedule.jittered(Schedule.spaced("1 hour")))
  }),
)
