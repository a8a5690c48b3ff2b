/** What was sent to a webhook and what became of it; and the same once more. */
import { PgClient } from "@effect/sql-pg/PgClient"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import { Actor } from "../identity/actor.ts"
import { NotFound } from "../problems.ts"
import { defaultLimit, keysOf, pageOf } from "../store/page.ts"
import { bodyOf } from "./body.ts"
import type { Heard } from "./events.ts"
import { Sender } from "./sender.ts"
import type { Delivery } from "./shapes.ts"
import * as Webhooks from "./webhooks.ts"

interface Row {
  readonly id: string
  readonly webhook: string
  readonly event: string
  readonly type: string
  readonly at: Date
  readonly data: unknown
  readonly created_at: Date
  readonly state: Delivery["state"]
  readonly attempts: number
  readonly replay: boolean
  readonly tried_at: Date | null
  readonly status: number | null
  readonly took_ms: number | null
  readonly error: string
  readonly answer: string
}

const toDelivery = (row: Row): Delivery => ({
  id: row.id,
  webhook: row.webhook,
  event: row.event,
  type: row.type,
  happenedAt: row.at.toISOString(),
  createdAt: row.created_at.toISOString(),
  state: row.state,
  attempts: row.attempts,
  replay: row.replay,
  triedAt: row.tried_at?.toISOString() ?? null,
  status: row.status,
  tookMillis: row.took_ms,
  error: row.error === "" ? null : row.error,
})

const columns = (sql: PgClient) =>
  sql.literal(
    "d.id::text as id, d.webhook_id::text as webhook, h.id::text as event, h.type, h.at, h.data, d.created_at, d.state, d.attempts, d.replay, d.tried_at, d.status, d.took_ms, d.error, d.answer",
  )

export interface Filter {
  readonly state?: Delivery["state"]
  readonly event?: Heard
  readonly limit?: number
  readonly after?: string
}

export const list = Effect.fn("deliveries.list")(function* (webhook: string, filter: Filter) {
  const sql = yield* PgClient
  yield* Webhooks.read(webhook)
  const after = filter.after === undefined ? undefined : yield* Effect.fromResult(keysOf(filter.after, 2))
  const limit = filter.limit ?? defaultLimit
  const rows = yield* sql<Row>`
    select ${columns(sql)} from webhook_deliveries d join happenings h on h.id = d.happening_id
    where d.webhook_id::text = ${webhook}
      and ${filter.state === undefined ? sql`true` : sql`d.state = ${filter.state}`}
      and ${filter.event === undefined || filter.event === "*" ? sql`true` : sql`h.type = ${filter.event}`}
      and ${after === undefined ? sql`true` : sql`(d.created_at, d.id::text) < (${after[0] ?? ""}::timestamptz, ${after[1] ?? ""})`}
    order by d.created_at desc, d.id::text desc limit ${limit + 1}`
  return pageOf(rows, limit, toDelivery, ({ created_at, id }) => [created_at.toISOString(), id])
})

const one = Effect.fnUntraced(function* (webhook: string, id: string) {
  const sql = yield* PgClient
  const [row] = yield* sql<Row>`
    select ${columns(sql)} from webhook_deliveries d join happenings h on h.id = d.happening_id
    where d.webhook_id::text = ${webhook} and d.id::text = ${id}`
  return row ?? (yield* new NotFound({ detail: `Webhook ${webhook} has no delivery ${id}.` }))
})

export const read = Effect.fn("deliveries.read")(function* (webhook: string, id: string) {
  yield* Webhooks.read(webhook)
  const row = yield* one(webhook, id)
  return { ...toDelivery(row), body: bodyOf(row), answer: row.answer }
})

const send = Effect.fnUntraced(function* (webhook: string, happening: string, replay: boolean) {
  const sql = yield* PgClient
  const sender = yield* Sender
  const [made] = yield* sql<{ readonly id: string }>`
    insert into webhook_deliveries (webhook_id, happening_id, created_at, replay)
    values (${webhook}, ${happening}, ${yield* DateTime.nowAsDate}, ${replay}) returning id::text as id`
  if (made === undefined) return yield* Effect.die("a delivery was not made")
  yield* sender.send(made.id)
  return toDelivery(yield* one(webhook, made.id))
})

export const replay = Effect.fn("deliveries.replay")(function* (webhook: string, id: string) {
  yield* Webhooks.read(webhook)
  const { event } = yield* one(webhook, id)
  return yield* send(webhook, event, true)
})

/** Told of nothing but itself. */
export const tryOut = Effect.fn("deliveries.tryOut")(function* (id: string) {
  const sql = yield* PgClient
  const webhook = yield* Webhooks.read(id)
  const { name } = yield* Actor
  const data = JSON.stringify({ webhook: webhook.id, actor: name })
  // Of the webhook's owner, whoever tries it.
  const [made] = yield* sql<{ readonly id: string }>`
    insert into happenings (at, type, tenant_id, reseller_id, data, told)
    values (${yield* DateTime.nowAsDate}, 'webhook.test', ${webhook.tenant}::uuid,
      (select reseller_id from tenants where id = ${webhook.tenant}::uuid), ${data}::jsonb, true)
    returning id::text as id`
  return made === undefined ? yield* Effect.die("an event was not made") : yield* send(id, made.id, false)
})
