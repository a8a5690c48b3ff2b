/** What became of what is wanted: status, drift, runs, figures, as the API shows them. */
import * as Schema from "effect/Schema"
import { Instant, State } from "../../spec/record.ts"
import { Change, NodeStatus } from "./records.ts"

export const DriftEvent = Schema.Struct({
  seq: Schema.Int,
  node: Schema.String,
  kind: Schema.NullOr(Schema.String),
  name: Schema.NullOr(Schema.String),
  resource: Schema.String,
  driftKind: Schema.Literals(["missing", "changed", "extra", "runtime"]),
  stream: Schema.Literals(["intended", "corrective", "accepted"]),
  outcome: Schema.Literals(["healed", "reported", "adopted", "ignored", "fought"]),
  seenAt: Instant,
})
export type DriftEvent = typeof DriftEvent.Type

export const DriftDetail = Schema.Struct({
  ...DriftEvent.fields,
  /** Unified, secrets masked. */
  diff: Schema.String,
  fields: Schema.Json,
  author: Schema.Json,
  keptCopy: Schema.NullOr(Schema.String),
})
export type DriftDetail = typeof DriftDetail.Type

/** What ran once by a record's will. */
export const Run = Schema.Struct({
  id: Schema.String,
  node: Schema.String,
  kind: Schema.String,
  name: Schema.String,
  /** When somebody asked for it; null: its time had come. */
  requestedAt: Schema.NullOr(Instant),
  startedAt: Instant,
  /** Null where nobody saw its end. */
  endedAt: Schema.NullOr(Instant),
  durationMs: Schema.NullOr(Schema.Number),
  outcome: Schema.Literals(["succeeded", "failed", "timed-out", "killed", "out-of-memory", "skipped", "interrupted"]),
  /** Of its process; null where that did not end by itself. */
  exitStatus: Schema.NullOr(Schema.Int),
  /** How much it has written. */
  outputBytes: Schema.Int,
  /** Of a run that failed: who was told, and what became of it. */
  told: Schema.Array(
    Schema.Struct({
      by: Schema.Literals(["mail", "webhook"]),
      state: Schema.Literals(["trying", "sent", "given-up"]),
      at: Instant,
      /** Why not, as far as it is not. */
      why: Schema.NullOr(Schema.String),
    }),
  ),
})
export type Run = typeof Run.Type

export const RunDetail = Schema.Struct({
  ...Run.fields,
  /** What it has written, the first 64 KiB of it. */
  output: Schema.String,
  /** How many bytes more there were. */
  outputDropped: Schema.Int,
  /** What it found out, in words of its kind: the id and size of a backup, say. */
  details: Schema.NullOr(Schema.Unknown),
})
export type RunDetail = typeof RunDetail.Type

/** What a node has last told of a record beside its conditions. */
export const Report = Schema.Struct({
  node: Schema.String,
  kind: Schema.String,
  name: Schema.String,
  report: Schema.Unknown,
  reportedAt: Instant,
})
export type Report = typeof Report.Type

export const Pause = Schema.Struct({
  id: Schema.String,
  /** Neither: everything. Kind alone: all records of it. Both: one record; ("Node", name) is one node. */
  kind: Schema.NullOr(Schema.String),
  name: Schema.NullOr(Schema.String),
  mode: Schema.Literals(["pause", "observe"]),
  actor: Schema.String,
  reason: Schema.String,
  until: Schema.NullOr(Instant),
  createdAt: Instant,
})
export type Pause = typeof Pause.Type

/** One line of `plumb status`. */
export const StatusEntry = Schema.Struct({
  kind: Schema.String,
  name: Schema.String,
  version: Schema.Int,
  generation: Schema.Int,
  state: State,
  status: Schema.Array(NodeStatus),
  /** What its owner should know, whatever its state: a limit that is reached, say. In /v1/status alone. */
  notices: Schema.optionalKey(Schema.Array(Schema.String)),
})
export type StatusEntry = typeof StatusEntry.Type

export const NodeSeen = Schema.Struct({
  name: Schema.String,
  /** `away`: nothing was heard of the agent for longer than it may be silent. */
  agent: Schema.Literals(["present", "away"]),
  lastSeenAt: Instant,
  facts: Schema.JsonObject,
  /** The newest full sweep: silence is evidence only where silence is recorded. */
  lastSweep: Schema.NullOr(
    Schema.Struct({ at: Instant, resources: Schema.Int, drifted: Schema.Int, durationMs: Schema.Int }),
  ),
})
export type NodeSeen = typeof NodeSeen.Type

export const Status = Schema.Struct({
  at: Instant,
  records: Schema.Array(StatusEntry),
  summary: Schema.Struct({
    total: Schema.Int,
    ready: Schema.Int,
    reconciling: Schema.Int,
    stalled: Schema.Int,
    waiting: Schema.Int,
    deleting: Schema.Int,
  }),
  nodes: Schema.Array(NodeSeen),
  pauses: Schema.Array(Pause),
})
export type Status = typeof Status.Type

/**
 * What /v1/events sends. `resync` comes first and whenever events may have been lost: read the lists again. Events carry an id;
 * whoever comes back with it hears what has changed since, and `resync` only where that was too long ago or too much. `entry` is
 * null when the record is gone for good. The same may be told twice.
 */
export const Event = Schema.Union([
  Schema.Struct({ type: Schema.Literal("resync") }),
  Schema.Struct({
    type: Schema.Literals(["record", "status"]),
    kind: Schema.String,
    name: Schema.String,
    entry: Schema.NullOr(StatusEntry),
  }),
  Schema.Struct({ type: Schema.Literal("drift"), drift: DriftEvent }),
  Schema.Struct({ type: Schema.Literal("pauses") }),
])
export type Event = typeof Event.Type

/** Who owns a path, a unit or a user of a host. */
export const Owner = Schema.Struct({
  node: Schema.String,
  /** `exact`, or the nearest owned ancestor of a path. */
  match: Schema.Literals(["exact", "ancestor"]),
  /** The key in the inventory, such as `file:/etc/plumbline/nginx/next/sites/shop.conf`. */
  key: Schema.String,
  resourceKind: Schema.String,
  resourceId: Schema.String,
  kind: Schema.String,
  name: Schema.String,
  onDelete: Schema.String,
  generation: Schema.Int,
  claimedAt: Instant,
  /** The fields of the record that explain it, each with its value and the revision that last set it. */
  fields: Schema.Array(
    Schema.Struct({
      field: Schema.String,
      value: Schema.optionalKey(Schema.Json),
      revision: Schema.NullOr(
        Schema.Struct({ seq: Schema.Int, actor: Schema.String, source: Schema.String, at: Instant }),
      ),
    }),
  ),
})
export type Owner = typeof Owner.Type

/** A figure of what a record has on a node, such as the bytes of a database. */
export const Measurement = Schema.Struct({
  node: Schema.String,
  kind: Schema.String,
  name: Schema.String,
  measure: Schema.String,
  value: Schema.Number,
  /** When it became so: a figure that stays the same is not written again. */
  measuredAt: Instant,
})
export type Measurement = typeof Measurement.Type

/** One thing of which a record may use only so much; nulls where nobody measures it, or nobody limits it. */
export const Usage = Schema.Struct({
  what: Schema.String,
  unit: Schema.Literals(["bytes", "bytes/s", "operations/s", "percent", "count"]),
  used: Schema.NullOr(Schema.Number),
  limit: Schema.NullOr(Schema.Number),
  percent: Schema.NullOr(Schema.Number),
  /** Counted among the records, and not measured on a host. */
  counted: Schema.Boolean,
})
export type Usage = typeof Usage.Type

export const UsageEntry = Schema.Struct({ kind: Schema.String, name: Schema.String, uses: Schema.Array(Usage) })
export type UsageEntry = typeof UsageEntry.Type

/** What went through a record's sites on one day in UTC, on all nodes. */
export const TrafficDay = Schema.Struct({
  kind: Schema.String,
  name: Schema.String,
  day: Schema.String,
  requests: Schema.Number,
  bytesIn: Schema.Number,
  bytesOut: Schema.Number,
})
export type TrafficDay = typeof TrafficDay.Type

/** A password that was set. */
export const PasswordSet = Schema.Struct({
  user: Schema.String,
  /** Only where it was made here, and only in this answer: nobody keeps it. */
  password: Schema.optionalKey(Schema.String),
  change: Change,
})
export type PasswordSet = typeof PasswordSet.Type

/** All secrets that a node could open, on their way to a file. */
export const SecretExport = Schema.Struct({
  id: Schema.String,
  node: Schema.String,
  requestedAt: Instant,
  state: Schema.Literals(["waiting", "done", "failed"]),
  /** An age file in ASCII armour, for the recovery key of the node's host. */
  file: Schema.NullOr(Schema.String),
  secrets: Schema.Int,
  /** Names of the places (`Kind/name#label`) whose secrets the node could not open. */
  closed: Schema.Array(Schema.String),
  failure: Schema.NullOr(Schema.String),
  mend: Schema.NullOr(Schema.String),
})
export type SecretExport = typeof SecretExport.Type

export const Readiness = Schema.Struct({
  /** `degraded`: all is answered, and on some node nothing is done about it for now. */
  status: Schema.Literals(["ready", "degraded"]),
  database: Schema.Literal("up"),
  /** The number of the newest. */
  migration: Schema.Int,
  agents: Schema.Array(Schema.Struct({ node: Schema.String, lastSeenAt: Instant, alive: Schema.Boolean })),
})
export type Readiness = typeof Readiness.Type
