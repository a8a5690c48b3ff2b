// What went through the sites: sums that grow with how far a log was read, in one statement.

import type * as PgClient from "@effect/sql-pg/PgClient"
import * as Effect from "effect/Effect"
import { kindOf, nameOf } from "../keys.ts"
import type { DesiredStateShape } from "../store.ts"
import type { Asking } from "./asking.ts"

export const traffic = (
  node: string,
  sql: PgClient.PgClient,
  { ask }: Asking,
): Pick<DesiredStateShape, "trafficLogs" | "writeTraffic"> => ({
  trafficLogs: ask(
    sql<{
      log: string
      position: string
    }>`select log, position::text as position from traffic_logs where node = ${node}`,
  ).pipe(Effect.map((rows) => rows.map(({ log, position }) => [log, Number(position)] as const))),
  writeTraffic: ({ log, from, to, rows }) =>
    Effect.asVoid(
      // Not moved, nothing is added: somebody else has counted it. What is no record's (any more) is nobody's.
      ask(sql`
        with moved as (
          insert into traffic_logs (node, log, position) values (${node}, ${log}, ${to})
          on conflict (node, log) do update set position = excluded.position, read_at = now()
            where traffic_logs.position = ${from}
          returning log
        ), old as (
          -- Logs that nobody can have any more.
          delete from traffic_logs where node = ${node} and read_at < now() - interval '400 days'
        )
        insert into traffic (node, record_id, kind, name, day, requests, bytes_in, bytes_out)
        select ${node}, r.id, r.kind, r.name, w.day, w.requests, w.bytes_in, w.bytes_out
        from jsonb_to_recordset(${sql.json(
          rows.map(({ bytesIn, bytesOut, day, record, requests }) => ({
            ...{ kind: kindOf(record), name: nameOf(record), day, requests },
            ...{ bytes_in: bytesIn, bytes_out: bytesOut },
          })),
        )}) as w(kind text, name text, day date, requests bigint, bytes_in bigint, bytes_out bigint)
        join records r using (kind, name) cross join moved
        on conflict (node, record_id, day) do update set
          requests = traffic.requests + excluded.requests, bytes_in = traffic.bytes_in + excluded.bytes_in,
          bytes_out = traffic.bytes_out + excluded.bytes_out, name = excluded.name`),
    ),
})
