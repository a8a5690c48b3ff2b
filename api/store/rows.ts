/**
 * A record's row as SQL gives it, and as the API shows it.
 *
 * The one thing to know before changing it: 64-bit counters are read as float8, which is a JavaScript number and exact up
 * to 2^53.
 */
import type { PgClient } from "@effect/sql-pg/PgClient"
import { apiVersion } from "../../spec/envelope.ts"
import { stateOf } from "../../spec/record.ts"
import type { NodeStatus, StatusEntry, StoredRecord } from "../shapes.ts"

export type JsonObject = { readonly [key: string]: import("effect/Schema").Json }

export interface RecordRow {
  readonly kind: string
  readonly name: string
  readonly id: string
  readonly version: number
  readonly generation: number
  readonly metadata: JsonObject
  readonly spec: JsonObject
  readonly source: string | null
  readonly created_at: Date
  readonly updated_at: Date
  readonly deleted_at: Date | null
}

export interface TouchedRow extends RecordRow {
  /** By the tenant who asks. */
  readonly seen: boolean
}

export interface RecordWithStatus extends RecordRow {
  readonly status: ReadonlyArray<NodeStatus>
}

export const recordColumns = (sql: PgClient) =>
  sql.literal(`r.kind, r.name, r.id::text as id, r.version::float8 as version, r.generation::float8 as generation,
    r.metadata, r.spec, r.source, r.created_at, r.updated_at, r.deleted_at`)

/** An instant as text inside a jsonb value, as `toISOString` would write it. */
const iso = (column: string) => `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`

/** The status of a record `r` on every node, as one jsonb list. */
export const statusColumn = (sql: PgClient) =>
  sql.literal(`coalesce((
    select jsonb_agg(jsonb_build_object(
      'node', s.node, 'observedGeneration', s.observed_generation, 'observedVersion', s.observed_version,
      'conditions', s.conditions,
      'details', s.details, 'updatedAt', ${iso("s.updated_at")}
    ) order by s.node)
    from status s where s.kind = r.kind and s.name = r.name
  ), '[]'::jsonb) as status`)

export const toStatusEntry = (
  row: Pick<RecordWithStatus, "kind" | "name" | "version" | "generation" | "deleted_at" | "status">,
): StatusEntry => ({
  kind: row.kind,
  name: row.name,
  version: row.version,
  generation: row.generation,
  state: stateOf({ version: row.version, deleted: row.deleted_at !== null }, row.status),
  status: row.status,
})

/** In the contract's form, and nothing besides: it is sent as it is. */
export const toStoredRecord = (row: RecordWithStatus): StoredRecord => ({
  apiVersion,
  kind: row.kind,
  version: row.version,
  generation: row.generation,
  state: stateOf({ version: row.version, deleted: row.deleted_at !== null }, row.status),
  status: row.status,
  metadata: { name: row.name, ...row.metadata },
  spec: row.spec,
  id: row.id,
  source: row.source,
  createdAt: row.created_at.toISOString(),
  updatedAt: row.updated_at.toISOString(),
  deletedAt: row.deleted_at?.toISOString() ?? null,
})
