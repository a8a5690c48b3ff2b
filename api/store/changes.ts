/**
 * What has changed since a moment that somebody names, asked of Postgres: any process of the API can answer, whoever named it.
 *
 * The one thing to know before changing it: a moment is the oldest transaction that was under way then. Whatever was written by
 * it or a later one may be news; what is told twice does no harm, since an event carries the state and not the step.
 */
import { PgClient } from "@effect/sql-pg/PgClient"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Drift from "./drift.ts"

export interface Moment {
  /** Milliseconds since 1970, by the API's clock. */
  readonly at: number
  readonly transaction: string
  /** The newest drift that was told. */
  readonly drift: number
}

export const now = Effect.gen(function* () {
  const sql = yield* PgClient
  const [row] = yield* sql<{ readonly transaction: string }>`
    select pg_snapshot_xmin(pg_current_snapshot())::text as transaction`
  return {
    at: DateTime.toEpochMillis(yield* DateTime.now),
    transaction: row?.transaction ?? "0",
    drift: yield* Drift.newest,
  } satisfies Moment
})

/** As it stands in `id:` of an event. */
export const idOf = ({ at, drift, transaction }: Moment): string => `${at}-${transaction}-${drift}`

/** Undefined for what is none, or too old to be of use. */
export const momentOf = (id: string, newest: number): Moment | undefined => {
  const [, at = "", transaction = "", drift = ""] = /^(\d{1,15})-(\d{1,19})-(\d{1,15})$/.exec(id) ?? []
  const age = newest - Number(at)
  return at === "" || age < -60_000 || age > longest ? undefined : { at: Number(at), transaction, drift: Number(drift) }
}

/** Who was away for longer reads the lists. */
const longest = 60 * 60_000

export interface Changed {
  readonly kind: string
  readonly name: string
  /** Whether what is wanted may have changed, and not only what became of it. */
  readonly record: boolean
}

/**
 * Undefined where the moment is none of this database's, or so much has changed that lists are cheaper. Looked at by who sees
 * everything.
 */
export const since = Effect.fn("changes.since")(function* ({ transaction }: Moment, most: number) {
  const sql = yield* PgClient
  const [known] = yield* sql<{ readonly ours: boolean }>`
    select ${transaction}::numeric <= pg_snapshot_xmax(pg_current_snapshot())::text::numeric as ours`
  if (known?.ours !== true) return undefined
  // A row's xmin has no epoch. One that is newer than all that there is belongs to the epoch before.
  const isNews = (table: string) => {
    const low = sql.literal(`${table}.xmin::text::bigint`)
    return sql`((case when ${low} > next.low then next.epoch - 1 else next.epoch end << 32) | ${low}) >= ${transaction}::bigint`
  }
  const rows = yield* sql<Changed>`
    with next as (
      select xid >> 32 as epoch, xid & 4294967295 as low
      from (select pg_snapshot_xmax(pg_current_snapshot())::text::bigint as xid) as newest
    )
    select kind, name, bool_or(record) as record from (
      select r.kind, r.name, true as record from records r, next where ${isNews("r")}
      union all
      select s.kind, s.name, false from status s, next where ${isNews("s")}
      union all
      select v.kind, v.name, true from next, record_owners o
      join lateral (select kind, name from revisions r where r.record_id = o.record_id order by seq desc limit 1) v on true
      where o.gone_at > now() - interval '2 hours' and ${isNews("o")}
    ) as changed group by kind, name order by kind, name limit ${most + 1}`
  return rows.length > most ? undefined : rows
})
