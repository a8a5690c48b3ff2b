// What became of it: statuses, drift, heartbeats, what the node is, and the end of a record.

import type * as PgClient from "@effect/sql-pg/PgClient"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { Conditions } from "../conditions.ts"
import { kindOf, nameOf, recordKey } from "../keys.ts"
import type { DesiredStateShape, StatusDetails } from "../store.ts"
import type { Asking } from "./asking.ts"

const decodeConditions = Schema.decodeUnknownOption(Conditions)

export const outcomes = (
  node: string,
  sql: PgClient.PgClient,
  { ask }: Asking,
): Pick<
  DesiredStateShape,
  "statuses" | "writeStatuses" | "writeDrift" | "writeHeartbeat" | "writeMeasurements" | "writeNode" | "finish"
> => ({
  statuses: ask(
    sql<{
      kind: string
      name: string
      observed_generation: bigint
      observed_version: bigint
      conditions: unknown
      details: StatusDetails
    }>`
      select kind, name, observed_generation, observed_version, conditions, details from status where node = ${node}`,
  ).pipe(
    Effect.map((rows) =>
      rows.map((row) => ({
        key: recordKey(row.kind, row.name),
        generation: Number(row.observed_generation),
        version: Number(row.observed_version),
        conditions: Option.getOrElse(decodeConditions(row.conditions), () => []),
        details: row.details,
      })),
    ),
  ),
  writeStatuses: (rows) =>
    Effect.asVoid(
      ask(sql`
        insert into status (kind, name, node, observed_generation, observed_version, conditions, details, updated_at)
        select w.kind, w.name, ${node}, w.generation, w.version, w.conditions, w.details, now()
        from jsonb_to_recordset(${sql.json(
          rows.map((row) => ({
            kind: kindOf(row.key),
            name: nameOf(row.key),
            record_id: row.recordId,
            generation: row.generation,
            version: row.version,
            conditions: row.conditions,
            details: row.details,
          })),
        )}) as w(kind text, name text, record_id uuid, generation bigint, version bigint, conditions jsonb, details jsonb)
        join records r on r.kind = w.kind and r.name = w.name and r.id = w.record_id and r.generation = w.generation
        on conflict (kind, name, node) do update set
          observed_generation = excluded.observed_generation, observed_version = excluded.observed_version,
          conditions = excluded.conditions, details = excluded.details, updated_at = excluded.updated_at
        where (status.observed_generation, status.observed_version, status.conditions, status.details)
          is distinct from
          (excluded.observed_generation, excluded.observed_version, excluded.conditions, excluded.details)`),
    ),
  writeDrift: (rows) =>
    Effect.asVoid(
      ask(sql`
        insert into drift_events
          (node, kind, name, resource_key, drift_kind, stream, outcome, diff, fields, author, kept_copy, seen_at)
        select ${node}, kind, name, resource_key, drift_kind, stream, outcome, diff, fields, author, kept_copy, seen_at
        from jsonb_to_recordset(${sql.json(
          rows.map((row) => ({
            kind: kindOf(row.record),
            name: nameOf(row.record),
            resource_key: row.resourceKey,
            drift_kind: row.driftKind,
            stream: row.stream,
            outcome: row.outcome,
            diff: row.diff,
            fields: row.fields,
            author: row.author,
            kept_copy: row.keptCopy ?? null,
            seen_at: DateTime.formatIso(DateTime.makeUnsafe(row.seenAtMillis)),
          })),
        )}) as w(kind text, name text, resource_key text, drift_kind text, stream text, outcome text, diff text,
                 fields jsonb, author jsonb, kept_copy text, seen_at timestamptz)`),
    ),
  writeHeartbeat: (beat) =>
    Effect.asVoid(
      ask(sql`
        insert into sweeps (node, at, resources, drifted, duration_ms)
        values (${node}, ${DateTime.toDate(DateTime.makeUnsafe(beat.atMillis))}, ${beat.resources}, ${beat.drifted},
                ${Math.round(beat.durationMillis)})
        on conflict do nothing`),
    ),
  writeMeasurements: (rows) =>
    Effect.asVoid(
      ask(sql`
        insert into measurements (node, kind, name, measure, value, measured_at)
        select ${node}, w.kind, w.name, w.measure, w.value, now()
        from jsonb_to_recordset(${sql.json(
          rows.map(({ record, measure, value }) => ({ kind: kindOf(record), name: nameOf(record), measure, value })),
        )}) as w(kind text, name text, measure text, value bigint)
        join records r using (kind, name)
        on conflict (node, kind, name, measure) do update set
          value = excluded.value, measured_at = excluded.measured_at
        where measurements.value is distinct from excluded.value`),
    ),
  writeNode: (facts, load) =>
    Effect.asVoid(
      ask(sql`
        insert into nodes (name, facts, load)
        values (${node}, ${sql.json(facts)}, ${load === undefined ? null : sql.json(load)})
        on conflict (name) do update
          set facts = excluded.facts, load = coalesce(excluded.load, nodes.load), last_seen_at = now()`),
    ),
  finish: (stored) =>
    ask(
      // Status and figures go with their record; in one statement, so that no reader sees the one without the other.
      sql`
        with gone as (
          delete from records where kind = ${stored.kind} and name = ${stored.name} and id = ${stored.id}
            and version = ${stored.version} and deleted_at is not null returning kind, name
        ), cleared as (delete from status s using gone where s.kind = gone.kind and s.name = gone.name),
        measured as (delete from measurements m using gone where m.kind = gone.kind and m.name = gone.name)
        select kind from gone`,
    ).pipe(Effect.map((rows) => rows.length > 0)),
})
