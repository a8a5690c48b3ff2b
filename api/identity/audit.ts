/**
 * The audit trail: who did what besides writing records, which revisions tell of.
 *
 * The one thing to know before changing it: rows are in the chain, so nothing in them can be taken back. No secret may stand
 * in one, and no password that somebody typed where the e-mail address belongs: of a failed log-in only a hash is kept.
 */
import { PgClient } from "@effect/sql-pg/PgClient"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { AuditEvent } from "../shapes.ts"
import { defaultLimit, keysOf, malformedParameter, pageOf } from "../store/page.ts"
import { currentSight } from "../store/sight.ts"
import { Actor } from "./actor.ts"
import { caller } from "./caller.ts"

export interface Note {
  readonly action: AuditEvent["action"]
  readonly outcome: AuditEvent["outcome"]
  readonly actor?: { readonly id: string | null; readonly name: string } | undefined
  readonly session?: string | null | undefined
  /** As whom it was done, where that is somebody else. */
  readonly subject?: string | null | undefined
  /** What it was done to. */
  readonly target?: string
  readonly before?: object
  readonly after?: object
  readonly details?: object
}

const json = (value: object | undefined): string | null => (value === undefined ? null : JSON.stringify(value))

const entryOf = Effect.fnUntraced(function* (event: Note) {
  const { address, agent, requestId } = yield* caller
  return {
    at: yield* DateTime.nowAsDate,
    action: event.action,
    outcome: event.outcome,
    actor_id: event.actor?.id ?? null,
    actor: event.actor?.name ?? "nobody",
    subject_id: event.subject ?? null,
    session_id: event.session ?? null,
    ...{ address, agent, request_id: requestId },
    target: event.target ?? "",
    before: event.before,
    after: event.after,
    details: event.details ?? {},
  }
})

/** Takes its place in the transaction that does what it tells of. */
export const note = Effect.fn("audit.note")(function* (event: Note) {
  const sql = yield* PgClient
  const entry = yield* entryOf(event)
  yield* sql`
    insert into audit_events (at, action, outcome, actor_id, actor, subject_id, session_id, address, agent, request_id, target, before,
      after, details)
    values (${entry.at}, ${entry.action}, ${entry.outcome}, ${entry.actor_id}, ${entry.actor}, ${entry.subject_id},
      ${entry.session_id}, ${entry.address}, ${entry.agent}, ${entry.request_id}, ${entry.target}, ${json(entry.before)}::jsonb,
      ${json(entry.after)}::jsonb, ${JSON.stringify(entry.details)}::jsonb)`
})

type Done = Omit<Note, "actor" | "outcome" | "session">

const byActor = (event: Done) =>
  Effect.map(
    Actor,
    ({ acting, name, session, user }): Note => ({
      ...event,
      outcome: "succeeded",
      actor: { id: acting?.user ?? user, name },
      subject: acting === null ? null : user,
      session,
    }),
  )

/** What the actor of the request has done. */
export const noteDone = (event: Done) => Effect.flatMap(byActor(event), note)

/** The same as a row, for a statement that writes it with what it tells of. */
export const entryDone = (event: Done) => Effect.flatMap(byActor(event), entryOf)

interface Row {
  readonly seq: number
  readonly at: Date
  readonly action: AuditEvent["action"]
  readonly outcome: AuditEvent["outcome"]
  readonly actor_id: string | null
  readonly actor: string
  readonly subject_id: string | null
  readonly session_id: string | null
  readonly address: string
  readonly agent: string
  readonly request_id: string
  readonly target: string
  readonly before: AuditEvent["before"]
  readonly after: AuditEvent["after"]
  readonly details: AuditEvent["details"]
}

const toEvent = (row: Row): AuditEvent => ({
  seq: row.seq,
  at: row.at.toISOString(),
  action: row.action,
  outcome: row.outcome,
  actorId: row.actor_id,
  actor: row.actor,
  subjectId: row.subject_id,
  session: row.session_id,
  address: row.address,
  agent: row.agent,
  requestId: row.request_id,
  target: row.target,
  before: row.before,
  after: row.after,
  details: row.details,
})

export interface AuditFilter {
  readonly action?: string
  readonly outcome?: string
  readonly actor?: string
  readonly since?: string
  readonly until?: string
  readonly limit?: number
  readonly after?: string
}

const instantOf = Effect.fnUntraced(function* (field: string, text: string | undefined) {
  if (text === undefined) return undefined
  const instant = DateTime.make(text)
  return Option.isSome(instant)
    ? DateTime.toDateUtc(instant.value)
    : yield* malformedParameter(field, "This is not an instant.", "Write it as ISO 8601, such as 2030-01-31T12:00:00Z.")
})

/** Newest first. Tenants are not told where from and with what somebody came who is not theirs. */
export const list = Effect.fn("audit.list")(function* (filter: AuditFilter) {
  const sql = yield* PgClient
  const limit = filter.limit ?? defaultLimit
  const after = filter.after === undefined ? undefined : yield* Effect.fromResult(keysOf(filter.after, 1))
  const [since, until] = [yield* instantOf("since", filter.since), yield* instantOf("until", filter.until)]
  const sight = yield* currentSight
  const theirs =
    sight.of === "tenant" ? sql`exists (select from users u where u.id = audit_events.actor_id)` : sql`true`
  const rows = yield* sql<Row>`
    select seq::float8 as seq, at, action, outcome, actor_id, actor, subject_id, session_id, request_id, target, before, after,
      details, case when ${theirs} then address else '' end as address, case when ${theirs} then agent else '' end as agent
    from audit_events
    where ${sql.and([
      filter.action === undefined ? sql`true` : sql`action = ${filter.action}`,
      filter.outcome === undefined ? sql`true` : sql`outcome = ${filter.outcome}`,
      filter.actor === undefined ? sql`true` : sql`actor = ${filter.actor}`,
      since === undefined ? sql`true` : sql`at >= ${since}`,
      until === undefined ? sql`true` : sql`at < ${until}`,
      after === undefined ? sql`true` : sql`seq < ${Number(after[0])}::float8`,
    ])}
    order by seq desc limit ${limit + 1}`
  return pageOf(rows, limit, toEvent, (row) => [String(row.seq)])
})
