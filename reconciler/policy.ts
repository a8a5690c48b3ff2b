// What the engine may do with a record: enforce, only look, or leave it alone; heal its drift or only report it; take over
// what stood there before. It comes from pauses, from the node's own record and from annotations, and from nowhere else.

import * as DateTime from "effect/DateTime"
import * as Schema from "effect/Schema"
import { NodeSpec } from "../spec/node.ts"
import { type RecordKey, recordKey } from "./keys.ts"
import type { Records, Stored } from "./records.ts"

/** A row of `pauses`. `kind` undefined is everything; `name` undefined is every record of the kind. */
export interface Pause {
  readonly id: string
  readonly kind: string | undefined
  readonly name: string | undefined
  readonly mode: "pause" | "observe"
  readonly actor: string
  readonly reason: string
  readonly untilMillis: number | undefined
}

export interface Policy {
  readonly mode: "enforce" | "observe" | "pause"
  /** Why it is not "enforce", for people. */
  readonly because: string | undefined
  readonly selfHeal: boolean
  readonly adopt: boolean
}

/** The record that holds the policy of this node. It concerns this node alone, as every other record concerns all. */
export const nodeRecordKey = (node: string): RecordKey => recordKey("Node", node)

export const concerns = (node: string, stored: { readonly kind: string; readonly name: string }): boolean =>
  stored.kind !== "Node" || stored.name === node

/** A node works before it has a record: what its record would say when nobody said anything. */
export const impliedNode = (node: string): Stored => ({
  kind: "Node",
  name: node,
  id: "00000000-0000-0000-0000-000000000000",
  version: 0,
  generation: 0,
  deleted: false,
  deletionConfirmed: false,
  annotations: {},
  spec: "{}",
})

export const isImplied = (stored: Stored): boolean => stored.version === 0

const carefulDefault: NodeSpec = Schema.decodeSync(NodeSpec)({})

export const nodePolicy = (node: string, records: Records): NodeSpec =>
  records.lookup<NodeSpec>("Node", node)?.spec ?? carefulDefault

export const covers = (pause: Pause, node: string, record: { readonly kind: string; readonly name: string }): boolean =>
  pause.kind === undefined ||
  (pause.kind === "Node" && pause.name === node) ||
  (pause.kind === record.kind && (pause.name === undefined || pause.name === record.name))

export const policyOf = (
  node: string,
  spec: NodeSpec,
  pauses: ReadonlyArray<Pause>,
  record: Pick<Stored, "kind" | "name" | "annotations">,
  nowMillis: number,
): Policy => {
  const inForce = pauses.filter(
    (pause) => covers(pause, node, record) && (pause.untilMillis === undefined || pause.untilMillis > nowMillis),
  )
  const pause = inForce.find((one) => one.mode === "pause") ?? inForce[0]
  const rest = {
    selfHeal:
      spec.selfHeal &&
      !spec.selfHealExcept.some((kind) => kind === record.kind) &&
      record.annotations["plumbline.dev/self-heal"] !== "false",
    adopt: record.annotations["plumbline.dev/adopt"] === "true",
  }
  if (pause !== undefined) return { mode: pause.mode, because: saying(pause), ...rest }
  if (spec.mode === "observe") return { mode: "observe", because: `Node/${node} is in observe mode`, ...rest }
  return { mode: "enforce", because: undefined, ...rest }
}

const saying = (pause: Pause): string => {
  const until =
    pause.untilMillis === undefined
      ? "until resumed"
      : `until ${DateTime.formatIso(DateTime.makeUnsafe(pause.untilMillis))}`
  return `${pause.mode === "pause" ? "Paused" : "Only observed"} by ${pause.actor} ${until}: ${pause.reason}`
}
