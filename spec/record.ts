/**
 * A record as it is read from the API: what is wanted, the store's own knowledge of it, and what became of it on each node.
 *
 * The one thing to know before changing it: `spec` stays plain JSON here, so that an older client can still list and show
 * kinds and fields that it does not know. Whoever acts on a spec decodes it (`decodeEnvelope`) and refuses what fails.
 */
import * as Schema from "effect/Schema"
import { Generation, Version } from "./names.ts"

/** An instant as ISO 8601 in UTC. */
export const Timestamp = Schema.String.annotate({ format: "date-time" })

/** The standard conditions of kstatus, and of every kind: https://github.com/kubernetes-sigs/cli-utils/tree/master/pkg/kstatus */
export const ConditionType = Schema.Literals(["Ready", "Reconciling", "Stalled"])
export type ConditionType = typeof ConditionType.Type

export const Condition = Schema.Struct({
  type: ConditionType,
  status: Schema.Literals(["True", "False", "Unknown"]),
  /** One word in CamelCase, for programs: `Converged`, `NoSpace`, `InvalidSpec`. */
  reason: Schema.String,
  /** A sentence, for people. */
  message: Schema.String,
  lastTransitionTime: Timestamp,
})
export type Condition = typeof Condition.Type

/** What became of a record on one node. */
export const StatusView = Schema.Struct({
  node: Schema.String,
  observedGeneration: Generation,
  conditions: Schema.Array(Condition),
  details: Schema.JsonObject,
  updatedAt: Timestamp,
})
export type StatusView = typeof StatusView.Type

export const RecordMetadata = Schema.Struct({
  name: Schema.String,
  labels: Schema.Record(Schema.String, Schema.String),
  annotations: Schema.Record(Schema.String, Schema.String),
  id: Schema.String,
  version: Version,
  generation: Generation,
  createdAt: Timestamp,
  updatedAt: Timestamp,
  /** Set on a tombstone: the agent still removes what the record owned. */
  deletedAt: Schema.optionalKey(Timestamp),
})

export const Record = Schema.Struct({
  apiVersion: Schema.String,
  kind: Schema.String,
  metadata: RecordMetadata,
  spec: Schema.JsonObject,
  status: Schema.Array(StatusView),
})
export type Record = typeof Record.Type

/** The conditions in one word. `waiting`: not every node has looked at this generation yet. */
export type State = "ready" | "reconciling" | "stalled" | "waiting" | "deleting"

export const stateOf = (
  record: { readonly generation: number; readonly deleted: boolean },
  status: ReadonlyArray<{
    readonly observedGeneration: number
    readonly conditions: ReadonlyArray<{ readonly type: string; readonly status: string }>
  }>,
): State => {
  const holds = (type: ConditionType): boolean =>
    status.some(({ conditions }) => conditions.some((one) => one.type === type && one.status === "True"))
  const current = status.length > 0 && status.every((node) => node.observedGeneration >= record.generation)
  if (record.deleted) return "deleting"
  if (!current) return "waiting"
  if (holds("Stalled")) return "stalled"
  const ready = status.every(({ conditions }) =>
    conditions.some((one) => one.type === "Ready" && one.status === "True"),
  )
  return ready && !holds("Reconciling") ? "ready" : "reconciling"
}
