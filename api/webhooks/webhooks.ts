/**
 * Who hears of what: the webhooks of the operator, of each reseller and of each customer.
 *
 * The one thing to know before changing it: which of them somebody sees is Postgres's to say (migration 0029). The secret is shown
 * when it is made, and stands sealed in the table.
 */

import { randomBytes } from "node:crypto"
import { PgClient } from "@effect/sql-pg/PgClient"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import type { Flaw } from "../../spec/grammar.ts"
import { hiddenFlaw } from "../../spec/grammar.ts"
import { urlFlaw } from "../../spec/on-failure.ts"
import * as Audit from "../identity/audit.ts"
import { OwnKey } from "../identity/own-key.ts"
import { Invalid, type Mistake, NotFound } from "../problems.ts"
import { currentSight } from "../store/sight.ts"
import type { Heard } from "./events.ts"
import type { Webhook } from "./shapes.ts"

/** How many anybody may have. */
const most = 20

export const purpose = "the secret of a webhook"

interface Row {
  readonly id: string
  readonly tenant: string | null
  readonly url: string
  readonly description: string
  readonly events: ReadonlyArray<Heard>
  readonly enabled: boolean
  readonly stopped: string | null
  readonly failing_since: Date | null
  readonly created_at: Date
  readonly updated_at: Date
  readonly version: number
}

const toWebhook = (row: Row): Webhook => ({
  id: row.id,
  tenant: row.tenant,
  url: row.url,
  description: row.description,
  events: row.events,
  enabled: row.enabled,
  stopped: row.stopped,
  failingSince: row.failing_since?.toISOString() ?? null,
  createdAt: row.created_at.toISOString(),
  updatedAt: row.updated_at.toISOString(),
  version: row.version,
})

const columns = (sql: PgClient) =>
  sql.literal(
    "id::text as id, tenant_id::text as tenant, url, description, events, enabled, stopped, failing_since, created_at, updated_at, version::float8 as version",
  )

/** The oldest first. */
export const list = Effect.gen(function* () {
  const sql = yield* PgClient
  const rows = yield* sql<Row>`select ${columns(sql)} from webhooks order by created_at, id`
  return rows.map(toWebhook)
})

const missing = (id: string) => new NotFound({ detail: `There is no webhook ${id}.` })

export const read = Effect.fn("webhooks.read")(function* (id: string) {
  const sql = yield* PgClient
  const [row] = yield* sql<Row>`select ${columns(sql)} from webhooks where id::text = ${id}`
  return row === undefined ? yield* missing(id) : toWebhook(row)
})

export interface Wish {
  readonly url?: string
  readonly description?: string
  readonly events?: ReadonlyArray<Heard>
  readonly enabled?: boolean
}

const mistakesOf = ({ description, url }: Wish): ReadonlyArray<Mistake> => {
  const found: ReadonlyArray<readonly [string, Flaw | undefined]> = [
    ["url", url === undefined ? undefined : urlFlaw(url)],
    ["description", description === undefined || description === "" ? undefined : hiddenFlaw(description)],
  ]
  return found.flatMap(([field, flaw]) => (flaw === undefined ? [] : [{ field, ...flaw }]))
}

const refuse = (problems: ReadonlyArray<Mistake>) =>
  problems.length === 0 ? Effect.void : Effect.fail(new Invalid({ detail: "Nothing was changed.", problems }))

/** As whatever checks signatures wants it: https://www.standardwebhooks.com. */
const makeSecret = () => `whsec_${randomBytes(24).toString("base64")}`

const shown = ({ description, enabled, events, url }: Webhook) => ({ url, description, events, enabled })

export const make = Effect.fn("webhooks.make")(function* (wish: Wish & Required<Pick<Wish, "url" | "events">>) {
  const sql = yield* PgClient
  const key = yield* OwnKey
  yield* refuse(mistakesOf(wish))
  const sight = yield* currentSight
  const tenant = sight.of === "tenant" ? sight.tenant : null
  // One after the other, so that all see how many there are.
  yield* sql`select pg_advisory_xact_lock(hashtext(${`webhooks of ${tenant ?? "the operator"}`}))`
  const [counted] = yield* sql<{ readonly count: number }>`
    select count(*)::int as count from webhooks where tenant_id is not distinct from ${tenant}::uuid`
  if ((counted?.count ?? 0) >= most)
    yield* refuse([
      { field: "", message: `There are ${most} webhooks already, which is all there may be.`, mend: "Remove one." },
    ])
  const secret = makeSecret()
  const now = yield* DateTime.nowAsDate
  const [row] = yield* sql<Row>`
    insert into webhooks (tenant_id, url, description, events, secret, enabled, created_at, updated_at)
    values (${tenant}, ${wish.url}, ${wish.description ?? ""}, ${[...new Set(wish.events)]}, ${yield* key.seal(purpose, secret)},
      ${wish.enabled ?? true}, ${now}, ${now})
    returning ${columns(sql)}`
  if (row === undefined) return yield* Effect.die("a webhook was not made")
  const webhook = toWebhook(row)
  yield* Audit.noteDone({ action: "webhook.changed", target: `Webhook/${row.id}`, after: shown(webhook) })
  return { ...webhook, secret }
})

export const change = Effect.fn("webhooks.change")(function* (id: string, wish: Wish) {
  const sql = yield* PgClient
  const before = yield* read(id)
  yield* refuse(mistakesOf(wish))
  const { description, enabled, events, url } = { ...before, ...wish }
  // Whoever says that it works again, or where, is believed.
  const fresh = wish.enabled === true || url !== before.url
  const now = yield* DateTime.nowAsDate
  const [row] = yield* sql<Row>`
    update webhooks set url = ${url}, description = ${description}, events = ${[...new Set(events)]}, enabled = ${enabled},
      stopped = ${enabled ? null : before.stopped}, updated_at = ${now}, version = version + 1,
      failing_since = case when ${fresh} then null else failing_since end,
      rests_until = case when ${fresh} then null else rests_until end
    where id::text = ${id} returning ${columns(sql)}`
  if (row === undefined) return yield* missing(id)
  const after = toWebhook(row)
  yield* Audit.noteDone({
    action: "webhook.changed",
    target: `Webhook/${id}`,
    before: shown(before),
    after: shown(after),
  })
  return after
})

export const renew = Effect.fn("webhooks.renew")(function* (id: string) {
  const sql = yield* PgClient
  const key = yield* OwnKey
  const secret = makeSecret()
  const now = yield* DateTime.nowAsDate
  const [row] = yield* sql<Row>`
    update webhooks set secret = ${yield* key.seal(purpose, secret)}, updated_at = ${now}, version = version + 1
    where id::text = ${id} returning ${columns(sql)}`
  if (row === undefined) return yield* missing(id)
  yield* Audit.noteDone({ action: "webhook.changed", target: `Webhook/${id}`, details: { secret: "renewed" } })
  return { ...toWebhook(row), secret }
})

export const remove = Effect.fn("webhooks.remove")(function* (id: string) {
  const sql = yield* PgClient
  const before = yield* read(id)
  yield* sql`delete from webhooks where id::text = ${id}`
  yield* Audit.noteDone({ action: "webhook.changed", target: `Webhook/${id}`, before: shown(before) })
})
