/**
 * What ran by a record's will, which the agent has written down; when it runs next; and the wish that it runs now, which is
 * a write of the record like any other.
 *
 * The one thing to know before changing it: nothing here knows a kind. Which kinds run, and when, says `runs` of the kind.
 */
import { PgClient } from "@effect/sql-pg/PgClient"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { decodeEnvelope, type Envelope, referencesOf, runsOf, suspendsOf } from "../../spec/kinds.ts"
import { Malformed, NotFound } from "../problems.ts"
import type { Report, Run, RunDetail } from "../shapes.ts"
import { defaultLimit, keysOf, pageOf } from "./page.ts"
import { documentOf } from "./plan.ts"
import * as Records from "./records.ts"

export interface RunFilter {
  readonly kind?: string
  readonly name?: string
  readonly node?: string
  readonly outcome?: Run["outcome"]
  readonly limit?: number
  readonly after?: string
}

interface RunRow {
  readonly run_id: string
  readonly node: string
  readonly kind: string
  readonly name: string
  readonly requested_at: Date | null
  readonly started_at: Date
  readonly ended_at: Date | null
  readonly outcome: Run["outcome"]
  readonly exit_status: number | null
  readonly output_bytes: number
  readonly started_key: string
  readonly told: Readonly<Record<string, Omit<Run["told"][number], "by">>>
}

const columns = `u.run_id::text as run_id, u.node, u.kind, u.name, u.requested_at, u.started_at, u.ended_at, u.outcome,
  u.exit_status, (octet_length(u.output) + u.output_dropped)::float8 as output_bytes, u.started_at::text as started_key, u.told`

// A record that was made anew under the same name has none of the former one's.
const ofRecord = "runs u join records r on r.kind = u.kind and r.name = u.name and r.id = u.record_id"

const show = (row: RunRow): Run => ({
  id: row.run_id,
  node: row.node,
  kind: row.kind,
  name: row.name,
  requestedAt: row.requested_at?.toISOString() ?? null,
  startedAt: row.started_at.toISOString(),
  endedAt: row.ended_at?.toISOString() ?? null,
  durationMs: row.ended_at === null ? null : Math.max(0, row.ended_at.getTime() - row.started_at.getTime()),
  outcome: row.outcome,
  exitStatus: row.exit_status,
  outputBytes: row.output_bytes,
  told: (["mail", "webhook"] as const).flatMap((by) => {
    const how = row.told[by]
    return how === undefined ? [] : [{ by, state: how.state, at: how.at, why: how.why }]
  }),
})

/** How many of the runs to come are told. */
const upcomingRuns = 5

export const list = Effect.fn("runs.list")(function* (filter: RunFilter) {
  const sql = yield* PgClient
  const limit = filter.limit ?? defaultLimit
  const after = filter.after === undefined ? undefined : yield* Effect.fromResult(keysOf(filter.after, 2))
  const rows = yield* sql<RunRow>`
    select ${sql.literal(columns)} from ${sql.literal(ofRecord)}
    where ${sql.and([
      ...(["node", "kind", "name", "outcome"] as const).flatMap((column) =>
        filter[column] === undefined ? [] : [sql`${sql(`u.${column}`)} = ${filter[column]}`],
      ),
      after === undefined ? sql`true` : sql`(u.started_at, u.run_id::text) < (${after[0]}::timestamptz, ${after[1]})`,
    ])}
    order by u.started_at desc, u.run_id::text desc limit ${limit + 1}`
  const page = pageOf(rows, limit, show, (row) => [row.started_key, row.run_id])
  return { ...page, upcoming: yield* upcoming(filter) }
})

/** When one record runs next; nothing where none is named, or none that runs. */
const upcoming = Effect.fnUntraced(function* ({ kind, name }: RunFilter) {
  if (kind === undefined || name === undefined) return []
  const record = yield* Records.read(kind, name)
  const decoded = decodeEnvelope(documentOf({ ...record, name }))
  if (record.deletedAt !== null || Result.isFailure(decoded)) return []
  if ((yield* suspenderOf(decoded.success)) !== undefined) return []
  const now = yield* DateTime.now
  const next = runsOf(decoded.success)?.upcoming(DateTime.toEpochMillis(now), upcomingRuns) ?? []
  return next.map((millis) => DateTime.formatIso(DateTime.makeUnsafe(millis)))
})

/** The record that has this one rest; undefined when none does. */
const suspenderOf = Effect.fnUntraced(function* (record: Envelope) {
  for (const { kind, name } of referencesOf(record)) {
    const other = yield* Records.read(kind, name).pipe(Effect.catchTag("NotFound", () => Effect.succeed(undefined)))
    const decoded = other && decodeEnvelope(documentOf({ ...other, name }))
    if (decoded !== undefined && Result.isSuccess(decoded) && suspendsOf(decoded.success)) return { kind, name }
  }
  return undefined
})

export const read = Effect.fn("runs.read")(function* (id: string) {
  const sql = yield* PgClient
  const [row] = yield* sql<
    RunRow & { readonly output: string; readonly output_dropped: number; readonly details: unknown }
  >`
    select ${sql.literal(columns)}, u.output, u.output_dropped::float8 as output_dropped, u.details from ${sql.literal(ofRecord)}
    where u.run_id::text = ${id}`
  if (row === undefined) return yield* new NotFound({ detail: `There is no run ${id}.` })
  const detail: RunDetail = {
    ...show(row),
    output: row.output,
    outputDropped: row.output_dropped,
    details: row.details ?? null,
  }
  return detail
})

/** What the nodes of a record have last told of it. */
export const reports = Effect.fn("runs.reports")(function* ({ kind, name }: { kind: string; name: string }) {
  const sql = yield* PgClient
  yield* Records.read(kind, name)
  const rows = yield* sql<Omit<Report, "reportedAt"> & { readonly reported_at: Date }>`
    select t.node, t.kind, t.name, t.report, t.reported_at from reports t
    join records r on r.kind = t.kind and r.name = t.name and r.id = t.record_id
    where t.kind = ${kind} and t.name = ${name} order by t.node`
  return { items: rows.map(({ reported_at, ...row }): Report => ({ ...row, reportedAt: reported_at.toISOString() })) }
})

/** The record with the wish that it runs now, as a document to write. Later than any wish before it. */
export const asked = Effect.fn("runs.asked")(function* (kind: string, name: string) {
  const record = yield* Records.read(kind, name)
  const document = documentOf({ ...record, name })
  const decoded = decodeEnvelope(document)
  if (Result.isFailure(decoded) || runsOf(decoded.success) === undefined)
    return yield* new Malformed({
      detail: `A ${kind} does not run by itself.`,
      problems: [{ kind, name, field: "kind", message: `A ${kind} does not run by itself.`, mend: "Name a CronJob." }],
    })
  const suspender = yield* suspenderOf(decoded.success)
  if (suspender !== undefined) {
    const message = `${suspender.kind} ${suspender.name} is suspended: nothing of it runs.`
    const mend = "Lift the suspension first."
    return yield* new Malformed({ detail: message, problems: [{ kind, name, field: "spec.account", message, mend }] })
  }
  const now = DateTime.toEpochMillis(yield* DateTime.now)
  const before = Date.parse(String(record.spec["runNow"] ?? ""))
  const runNow = DateTime.formatIso(DateTime.makeUnsafe(Number.isNaN(before) ? now : Math.max(now, before + 1)))
  return { version: record.version, document: { ...document, spec: { ...record.spec, runNow } } }
})
