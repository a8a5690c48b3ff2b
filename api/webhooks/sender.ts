/**
 * Deliveries on their way: each is tried until it arrives, for three days, whatever happens to the process meanwhile.
 *
 * The one thing to know before changing it: it may arrive twice, when a process dies between the answer and its note; both
 * have the same `webhook-id`. A webhook that does not answer rests, so that those who do are not kept waiting by it.
 */
import { PgClient } from "@effect/sql-pg/PgClient"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as PersistedQueue from "effect/persistence/PersistedQueue"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import { OwnKey } from "../identity/own-key.ts"
import { transaction } from "../store/database.ts"
import { queues } from "../store/queues.ts"
import { bodyOf } from "./body.ts"
import { networksOf } from "./networks.ts"
import { type Attempt, attempt } from "./sending.ts"
import { purpose } from "./webhooks.ts"

/** Comes again later. */
class NotArrived extends Data.TaggedError("NotArrived")<{ readonly message: string }> {}

export class Sender extends Context.Service<
  Sender,
  {
    /** In the transaction in which it is called, if there is one. */
    readonly send: (delivery: string) => Effect.Effect<void>
  }
>()("plumbline/api/webhooks/Sender") {}

const hour = 3_600_000
/** Then it is old news, and a webhook to which nothing has arrived for so long is given up. */
const patience = 72 * hour
/** One that does not answer rests as long as it has not, within these. */
const rest = { least: 5_000, most: hour / 2 }
/** At once as many as this, of all webhooks together. */
const together = 8

interface Row {
  readonly webhook: string
  readonly tenant: string | null
  readonly url: string
  readonly secret: string
  readonly enabled: boolean
  readonly failing_since: Date | null
  readonly rests_until: Date | null
  readonly event: string
  readonly type: string
  readonly at: Date
  readonly data: unknown
  readonly created_at: Date
}

const waiting = Effect.fnUntraced(function* (delivery: string) {
  const sql = yield* PgClient
  const [row] = yield* sql<Row>`
    select w.id::text as webhook, w.tenant_id::text as tenant, w.url, w.secret, w.enabled, w.failing_since, w.rests_until,
      h.id::text as event, h.type, h.at, h.data, d.created_at
    from webhook_deliveries d join webhooks w on w.id = d.webhook_id join happenings h on h.id = d.happening_id
    where d.id::text = ${delivery} and d.state = 'waiting'`
  return row
})

const giveUp = Effect.fnUntraced(function* (delivery: string, why: string) {
  const sql = yield* PgClient
  yield* sql`update webhook_deliveries set state = 'given-up', error = ${why} where id::text = ${delivery}`
})

/** What an attempt says of its delivery, and of the webhook. */
const noteAttempt = Effect.fnUntraced(function* (delivery: string, row: Row, tried: Attempt) {
  const sql = yield* PgClient
  const now = yield* DateTime.now
  const at = DateTime.toDateUtc(now)
  const arrived = tried.error === null
  const since = row.failing_since ?? at
  const failing = DateTime.toEpochMillis(now) - since.getTime()
  const stopped =
    tried.status === 410
      ? "It answered 410: it wants nothing any more."
      : !arrived && failing >= patience
        ? "Nothing has arrived for three days."
        : null
  const rests = DateTime.add(now, { milliseconds: Math.min(rest.most, Math.max(rest.least, failing)) })
  yield* sql`
    update webhook_deliveries set attempts = attempts + 1, tried_at = ${at}, status = ${tried.status}, answer = ${tried.answer},
      error = ${tried.error ?? ""}, took_ms = ${Math.round(tried.tookMillis)},
      state = ${arrived ? "delivered" : stopped === null ? "waiting" : "given-up"}
    where id::text = ${delivery}`
  yield* arrived
    ? sql`update webhooks set failing_since = null, rests_until = null
        where id = ${row.webhook} and (failing_since is not null or rests_until is not null)`
    : sql`update webhooks set failing_since = ${since}, rests_until = ${DateTime.toDateUtc(rests)},
          enabled = enabled and ${stopped === null}, stopped = coalesce(${stopped}::text, stopped)
        where id = ${row.webhook} and url = ${row.url}`
})

export const layer = Layer.effect(
  Sender,
  Effect.gen(function* () {
    const key = yield* OwnKey
    const sql = yield* PgClient
    const queue = yield* PersistedQueue.make({
      name: "webhooks",
      schema: Schema.Struct({ delivery: Schema.String }),
      // More than there is time for: the age of a delivery ends it.
      maxAttempts: 500,
      retrySchedule: Schedule.min([Schedule.exponential("1 second"), Schedule.spaced("30 minutes")]),
    })

    const deliver = Effect.fn("webhooks.deliver")(function* (delivery: string) {
      const row = yield* waiting(delivery)
      if (row === undefined) return
      if (!row.enabled) return yield* giveUp(delivery, "The webhook was switched off.")
      const now = yield* Clock.currentTimeMillis
      if (now - row.created_at.getTime() >= patience)
        return yield* giveUp(delivery, "It has not arrived for three days.")
      if (row.rests_until !== null && row.rests_until.getTime() > now)
        return yield* new NotArrived({ message: `Webhook ${row.webhook} rests` })
      const secret = yield* key.open(purpose, row.secret)
      if (secret === undefined) return yield* giveUp(delivery, "The secret cannot be opened: renew it.")
      const allowed = yield* networksOf(row.tenant)
      // A process that is asked to end waits for the answer: what has arrived is not sent again by another.
      const tried = yield* attempt({ url: row.url, secret, id: row.event, body: bodyOf(row), allowed }).pipe(
        Effect.tap((one) => transaction(sql)(noteAttempt(delivery, row, one))),
        Effect.uninterruptible,
      )
      if (tried.error !== null) return yield* new NotArrived({ message: tried.error })
    })

    const next = queue
      .take(({ delivery }) => Effect.provideService(deliver(delivery), PgClient, sql))
      .pipe(
        // It comes again by itself, later each time, and its row says why.
        Effect.catchTag("NotArrived", () => Effect.void),
        Effect.catchCause((cause) =>
          Effect.andThen(Effect.logWarning("A webhook waits", cause), Effect.sleep("10 seconds")),
        ),
        Effect.forever,
      )
    for (let at = 0; at < together; at++) yield* Effect.forkScoped(next)
    return { send: (delivery) => Effect.orDie(queue.offer({ delivery })) }
  }),
).pipe(Layer.provide(queues))
