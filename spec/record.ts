/**
 * What became of a record: its conditions, and what they come to in one word.
 *
 * The one thing to know before changing it: the agent writes conditions, the API and the portal read them. The shapes of
 * whole records as the API answers with them are the API's (`api/shapes.ts`).
 */
import * as Schema from "effect/Schema"

/** An instant as ISO 8601 in UTC. */
export const Instant = Schema.String.annotate({ format: "date-time" })

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
  lastTransitionTime: Instant,
})
export type Condition = typeof Condition.Type

/** `waiting`: not every node has looked at the newest write yet. */
export const State = Schema.Literals(["ready", "reconciling", "stalled", "waiting", "deleting"])
export type State = typeof State.Type

export const stateOf = (
  record: { readonly version: number; readonly deleted: boolean },
  status: ReadonlyArray<{
    readonly observedVersion: number
    readonly conditions: ReadonlyArray<{ readonly type: string; readonly status: string }>
  }>,
): State => {
  const holds = (type: ConditionType): boolean =>
    status.some(({ conditions }) => conditions.some((one) => one.type === type && one.status === "True"))
  const current = status.length > 0 && status.every((node) => node.observedVersion >= record.version)
  if (record.deleted) return "deleting"
  if (!current) return "waiting"
  if (holds("Stalled")) return "stalled"
  const ready = status.every(({ conditions }) =>
    conditions.some((one) => one.type === "Ready" && one.status === "True"),
  )
  return ready && !holds("Reconciling") ? "ready" : "reconciling"
}
