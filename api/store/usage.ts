/**
 * What records use, beside what they may: figures of the hosts and counts of the records, and a sentence for each limit that
 * is near or reached. Derived when it is asked for: no figure ever writes a status.
 *
 * The one thing to know before changing it: nothing here knows a kind. What a record may use says `uses` of its kind.
 */
import { PgClient } from "@effect/sql-pg/PgClient"
import * as Effect from "effect/Effect"
import { words } from "../../spec/counts.ts"
import { type Envelope, referencesOf, usesOf, usingKinds } from "../../spec/kinds.ts"
import { countedIn } from "../../spec/ties.ts"
import { sayAmount } from "../amounts.ts"
import type { UsageEntry } from "../shapes.ts"
import { decoded } from "./decoded.ts"
import { countTies, rowsOf } from "./existing.ts"
import { type RecordRow, recordColumns } from "./rows.ts"

export interface UsageFilter {
  readonly kind?: string
  readonly name?: string
  /** Of these alone. */
  readonly records?: ReadonlyArray<{ readonly kind: string; readonly name: string }>
}

const keyOf = ({ kind, name }: { readonly kind: string; readonly name: string }): string => `${kind}/${name}`
const envelopeKey = (record: Envelope): string => `${record.kind}/${record.metadata.name}`

export const list = Effect.fn("usage.list")(function* (filter: UsageFilter) {
  const sql = yield* PgClient
  const rows = yield* sql<RecordRow>`
    select ${recordColumns(sql)} from records r
    where deleted_at is null and kind = any(${[...usingKinds]}::text[])
      and ${filter.kind === undefined ? sql`true` : sql`kind = ${filter.kind}`}
      and ${filter.name === undefined ? sql`true` : sql`name = ${filter.name}`}
      and ${filter.records === undefined ? sql`true` : sql`kind || '/' || name = any (${filter.records.map(keyOf)}::text[])`}
    order by kind, name`
  const records = rows.flatMap(decoded)
  if (records.length === 0) return []
  const referred = yield* rowsOf(new Set(records.flatMap(referencesOf).map(keyOf)))
  const specs = new Map([...referred.values()].flatMap(decoded).map((record) => [envelopeKey(record), record.spec]))
  const find = <Spec>(kind: string, name: string) => specs.get(`${kind}/${name}`) as Spec | undefined
  const all = records.map((record) => ({ record, uses: usesOf(record, find) }))
  const tieOf = (record: Envelope, what: string) => countedIn({ kind: record.kind, name: record.metadata.name, what })
  const counted = yield* countTies(
    all.flatMap(({ record, uses }) => uses.flatMap((use) => (use.counted ? [tieOf(record, use.what)] : []))),
    [],
  )
  const figures = yield* sql<{ readonly key: string; readonly value: number }>`
    select kind || '/' || name || ' ' || measure as key, max(value)::float8 as value from measurements
    where kind = any(${[...usingKinds]}::text[])
      and ${filter.name === undefined ? sql`true` : sql`name = ${filter.name}`}
      and ${filter.records === undefined ? sql`true` : sql`kind || '/' || name = any (${filter.records.map(keyOf)}::text[])`}
    group by kind, name, measure`
  const measured = new Map(figures.map(({ key, value }) => [key, value]))
  return all.map(
    ({ record, uses }): UsageEntry => ({
      kind: record.kind,
      name: record.metadata.name,
      uses: uses.map(({ most, ...use }) => {
        const used = use.counted
          ? (counted.get(tieOf(record, use.what)) ?? 0)
          : (measured.get(`${envelopeKey(record)} ${use.what}`) ?? null)
        const limit = most ?? null
        return { ...use, used, limit, percent: percentOf(used, limit) }
      }),
    }),
  )
})

/** Of nothing, anything is too much. */
const percentOf = (used: number | null, limit: number | null): number | null => {
  if (used === null || limit === null) return null
  if (limit === 0) return used === 0 ? null : 1000
  return Math.round((used * 1000) / limit) / 10
}

/** From here on a limit is near, and reached: a file system stops a write a little before its last byte. */
const near = 90
const reached = 99.5

/** What its owner should know. What is counted among the records is said once there is no room for one more. */
export const noticesOf = ({ uses }: UsageEntry): ReadonlyArray<string> =>
  uses.flatMap(({ counted, limit, percent, unit, used, what }) => {
    if (used === null || limit === null || percent === null || percent < (counted ? 100 : near)) return []
    const amount = `${sayAmount(used, unit)} of ${sayAmount(limit, unit)}`
    if (counted && used > limit)
      return [`The limit of ${words(what)} is exceeded: ${amount}. What is there stays, and none can be added.`]
    return [`The limit of ${words(what)} is ${percent >= reached ? "reached" : "near"}: ${amount}.`]
  })
