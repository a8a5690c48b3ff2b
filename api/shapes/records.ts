/** Records, what was written of them and by whom, as the API takes and shows them. */
import * as Schema from "effect/Schema"
import { Condition, Instant, State } from "../../spec/record.ts"

export const Metadata = Schema.Struct({
  name: Schema.String,
  labels: Schema.optionalKey(Schema.Record(Schema.String, Schema.String)),
  annotations: Schema.optionalKey(Schema.Record(Schema.String, Schema.String)),
})

/** A record as it is written and exported. */
export const DesiredRecord = Schema.Struct({
  apiVersion: Schema.String,
  kind: Schema.String,
  metadata: Metadata,
  spec: Schema.JsonObject,
})
export type DesiredRecord = typeof DesiredRecord.Type

/** What became of a record on one node. */
export const NodeStatus = Schema.Struct({
  node: Schema.String,
  observedGeneration: Schema.Int,
  /** The write of the record that this is about: moves also when the generation does not, as when a deletion is taken back. */
  observedVersion: Schema.Int,
  conditions: Schema.Array(Condition),
  details: Schema.JsonObject,
  updatedAt: Instant,
})
export type NodeStatus = typeof NodeStatus.Type

/** A record as it is read: what is wanted, the store's own knowledge of it, and its status. */
export const StoredRecord = Schema.Struct({
  ...DesiredRecord.fields,
  id: Schema.String,
  version: Schema.Int,
  generation: Schema.Int,
  /** The set (a folder, say) that the record was applied with; only that source prunes it. */
  source: Schema.NullOr(Schema.String),
  createdAt: Instant,
  updatedAt: Instant,
  /** Set on a tombstone: the agent still removes what the record owned. */
  deletedAt: Schema.NullOr(Instant),
  state: State,
  status: Schema.Array(NodeStatus),
})
export type StoredRecord = typeof StoredRecord.Type

export const FieldChange = Schema.Struct({
  /** Path of the field, such as `spec.domains[0]`. */
  field: Schema.String,
  /** Absent where the field is new or gone. */
  before: Schema.optionalKey(Schema.Json),
  after: Schema.optionalKey(Schema.Json),
})
export type FieldChange = typeof FieldChange.Type

/** What a write did, or in a dry run would do, to one record. */
export const Change = Schema.Struct({
  kind: Schema.String,
  name: Schema.String,
  action: Schema.Literals(["created", "updated", "restored", "unchanged", "deleted"]),
  /** Those after the write. */
  version: Schema.Int,
  generation: Schema.Int,
  fields: Schema.Array(FieldChange),
  /** Unified diff of the canonical YAML; empty when nothing changes. Given by a dry run and by /v1/diff. */
  diff: Schema.optionalKey(Schema.String),
  /** The source that the record belonged to until this write took it over. */
  takenFrom: Schema.optionalKey(Schema.String),
  /** Fields of the input that were dropped, and why (`status` for one). */
  notes: Schema.optionalKey(Schema.Array(Schema.String)),
})
export type Change = typeof Change.Type

export const Applied = Schema.Struct({
  dryRun: Schema.Boolean,
  changes: Schema.Array(Change),
  summary: Schema.Struct({
    created: Schema.Int,
    updated: Schema.Int,
    restored: Schema.Int,
    unchanged: Schema.Int,
    deleted: Schema.Int,
  }),
})
export type Applied = typeof Applied.Type

export const Revision = Schema.Struct({
  seq: Schema.Int,
  kind: Schema.String,
  name: Schema.String,
  recordId: Schema.String,
  generation: Schema.Int,
  version: Schema.Int,
  action: Schema.Literals(["create", "update", "delete", "restore"]),
  actor: Schema.String,
  source: Schema.String,
  at: Instant,
  metadata: Schema.JsonObject,
  spec: Schema.JsonObject,
  /** Against the revision before it. */
  fields: Schema.Array(FieldChange),
})
export type Revision = typeof Revision.Type

/** What differs between two revisions of a record. */
export const RevisionDiff = Schema.Struct({
  from: Schema.Int,
  to: Schema.Int,
  fields: Schema.Array(FieldChange),
  /** Unified, of the YAML. */
  diff: Schema.String,
})
export type RevisionDiff = typeof RevisionDiff.Type

/** The outcome of recomputing the append-only chain over revisions and drift events. */
export const Verified = Schema.Struct({
  ok: Schema.Boolean,
  links: Schema.Int,
  /** Hash of the newest link, in hex: what an auditor notes down. */
  head: Schema.String,
  /** The first place where the chain does not hold. */
  broken: Schema.NullOr(
    Schema.Struct({
      chainSeq: Schema.NullOr(Schema.Int),
      table: Schema.String,
      rowSeq: Schema.Int,
      what: Schema.Literals(["link-missing", "link-changed", "row-changed", "row-missing", "row-unchained"]),
      message: Schema.String,
    }),
  ),
})
export type Verified = typeof Verified.Type
