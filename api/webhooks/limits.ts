/**
 * Limits that come near, noticed once each: looked at now and then, since no write tells of them.
 *
 * The one thing to know before changing it: one process looks at a time, in pages. A limit is told again when there was room in
 * between, which wants more of it than a little less.
 */
import { PgClient } from "@effect/sql-pg/PgClient"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import { usingKinds } from "../../spec/kinds.ts"
import type { UsageEntry } from "../shapes.ts"
import { operator, withSight } from "../store/sight.ts"
import * as Usage from "../store/usage.ts"

const atOnce = 200
/** Percent: below it there is room again. */
const roomAgain = 80

interface Named {
  readonly id: string
  readonly kind: string
  readonly name: string
}

const look = Effect.fnUntraced(function* (record: Named, entry: UsageEntry) {
  const sql = yield* PgClient
  for (const use of entry.uses) {
    const [notice] = Usage.noticesOf({ ...entry, uses: [use] })
    if (notice === undefined) {
      if ((use.percent ?? 0) < roomAgain)
        yield* sql`delete from limits_near where record_id = ${record.id} and what = ${use.what}`
      continue
    }
    const news = yield* sql`
      insert into limits_near (record_id, what, at) values (${record.id}, ${use.what}, ${yield* DateTime.nowAsDate})
      on conflict do nothing returning 1`
    if (news.length === 0) continue
    const data = { what: use.what, used: use.used, limit: use.limit, percent: use.percent, unit: use.unit, notice }
    yield* sql`select note_happening('limit.near', ${record.kind}, ${record.name}, ${record.id}::uuid, ${JSON.stringify(data)}::jsonb)`
  }
})

/** Those after this one; the last of them, or none where there are no more. */
const page = (after: Named | undefined) =>
  Effect.gen(function* () {
    const sql = yield* PgClient
    const [free] = yield* sql<{ readonly mine: boolean }>`
      select pg_try_advisory_xact_lock(hashtext('limits that are near')) as mine`
    if (free?.mine !== true) return undefined
    const records = yield* sql<Named>`
      select id::text as id, kind, name from records
      where kind = any (${[...usingKinds]}::text[]) and deleted_at is null
        and (kind, name) > (${after?.kind ?? ""}, ${after?.name ?? ""})
      order by kind, name limit ${atOnce}`
    const entries = yield* Usage.list({ records })
    const byKey = new Map(entries.map((entry) => [`${entry.kind}/${entry.name}`, entry]))
    for (const record of records) {
      const entry = byKey.get(`${record.kind}/${record.name}`)
      if (entry !== undefined) yield* look(record, entry)
    }
    return records.length === atOnce ? records.at(-1) : undefined
  }).pipe(withSight(operator))

/** Of all records. */
export const lookAtLimits = Effect.gen(function* () {
  for (let last = yield* page(undefined); last !== undefined; last = yield* page(last)) yield* Effect.yieldNow
})

export const layer = Layer.effectDiscard(
  Effect.forkScoped(
    lookAtLimits.pipe(
      Effect.catchCause((cause) => Effect.logWarning("Limits were not looked at", cause)),
      Effect.repeat(Schedule.jittered(Schedule.spaced("5 minutes"))),
    ),
  ),
)
