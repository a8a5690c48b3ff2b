// What ran: rows that are written once, and of which each record keeps the newest.

import type * as PgClient from "@effect/sql-pg/PgClient"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import { kindOf, nameOf } from "../keys.ts"
import type { DesiredStateShape } from "../store.ts"
import type { Asking } from "./asking.ts"

const most = 50

const iso = (millis: number | null): string | null =>
  millis === null ? null : DateTime.formatIso(DateTime.makeUnsafe(millis))

export const runs = (
  node: string,
  sql: PgClient.PgClient,
  { ask }: Asking,
): Pick<DesiredStateShape, "writeRuns" | "writeTold"> => ({
  writeTold: (rows) =>
    Effect.asVoid(
      ask(sql`
        update runs set told = told || jsonb_build_object(w.by, jsonb_build_object('state', w.state, 'at', w.at, 'why', w.why))
        from jsonb_to_recordset(${sql.json(rows.map((row) => ({ ...row })))})
             as w(run uuid, kind text, name text, by text, state text, at text, why text)
        where runs.node = ${node} and runs.kind = w.kind and runs.name = w.name and runs.run_id = w.run`),
    ),
  writeRuns: (rows) => {
    const given = sql.json(
      rows.map((run) => ({
        kind: kindOf(run.record),
        name: nameOf(run.record),
        record_id: run.recordId,
        run_id: run.id,
        requested_at: iso(run.requestedAtMillis),
        started_at: iso(run.startedAtMillis),
        ended_at: iso(run.endedAtMillis),
        outcome: run.outcome,
        exit_status: run.exitStatus,
        output: run.output,
        output_dropped: run.outputDropped,
        details: run.details ?? null,
      })),
    )
    const reports = sql.json(
      rows.flatMap(({ endedAtMillis, report, startedAtMillis }) =>
        report === undefined
          ? []
          : [
              {
                kind: kindOf(report.record),
                name: nameOf(report.record),
                record_id: report.recordId,
                report: report.report,
                reported_at: iso(endedAtMillis ?? startedAtMillis),
              },
            ],
      ),
    )
    const tell = ask(sql`
      insert into reports (node, kind, name, record_id, report, reported_at)
      select distinct on (w.kind, w.name) ${node}, w.kind, w.name, w.record_id, w.report, w.reported_at
      from jsonb_to_recordset(${reports})
           as w(kind text, name text, record_id uuid, report jsonb, reported_at timestamptz)
      join records r on r.kind = w.kind and r.name = w.name and r.id = w.record_id
      order by w.kind, w.name, w.reported_at desc
      on conflict (node, kind, name) do update set record_id = excluded.record_id, report = excluded.report,
        reported_at = excluded.reported_at
      where reports.reported_at <= excluded.reported_at or reports.record_id <> excluded.record_id`)
    const written = Effect.andThen(
      // A record that is gone takes its runs along: what comes after it is nobody's.
      ask(sql`
        insert into runs (node, kind, name, run_id, record_id, requested_at, started_at, ended_at, outcome, exit_status,
                          output, output_dropped, details)
        select ${node}, w.kind, w.name, w.run_id, w.record_id, w.requested_at, w.started_at, w.ended_at, w.outcome,
               w.exit_status, w.output, w.output_dropped, nullif(w.details, 'null')
        from jsonb_to_recordset(${given})
             as w(kind text, name text, record_id uuid, run_id uuid, requested_at timestamptz, started_at timestamptz,
                  ended_at timestamptz, outcome text, exit_status integer, output text, output_dropped bigint,
                  details jsonb)
        join records r on r.kind = w.kind and r.name = w.name and r.id = w.record_id
        on conflict do nothing`),
      Effect.asVoid(
        ask(sql`
          delete from runs using (
            select u.node, u.kind, u.name, u.run_id,
                   row_number() over (partition by u.kind, u.name order by u.started_at desc, u.run_id) as place
            from runs u
            join (select distinct kind, name from jsonb_to_recordset(${given}) as w(kind text, name text)) t
              using (kind, name)
            where u.node = ${node}
          ) old
          where old.place > ${most} and runs.node = old.node and runs.kind = old.kind and runs.name = old.name
            and runs.run_id = old.run_id`),
      ),
    )
    // Whoever sees the run sees what it tells too.
    return rows.some(({ report }) => report !== undefined) ? Effect.andThen(tell, written) : written
  },
})
