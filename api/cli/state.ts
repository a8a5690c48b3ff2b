// A record's state in words: what the conditions of all its nodes come to, and why it is not ready when it is not.

import type { State } from "../../spec/record.ts"
import type { NodeStatus, StatusEntry, StoredRecord } from "../shapes.ts"
import { clean } from "./terminal.ts"

/** The condition that says why: `Stalled`, else a `Ready` that is not true, else `Reconciling`. */
const reasonOf = (status: NodeStatus) =>
  status.conditions.find(({ type, status }) => type === "Stalled" && status === "True") ??
  status.conditions.find(({ type, status }) => type === "Ready" && status !== "True") ??
  status.conditions.find(({ type, status }) => type === "Reconciling" && status === "True")

/** Of a record that is ready and rests all the same: `Suspended`. */
const restOf = (status: NodeStatus) =>
  status.conditions.find(({ type, status, reason }) => type === "Ready" && status === "True" && reason !== "Converged")

/** Everything that the nodes say of a record that is not ready, whole: a tool's own words may have many lines. */
export const wordsOfTrouble = (entry: { readonly state: State; readonly status: ReadonlyArray<NodeStatus> }) =>
  entry.state === "ready"
    ? []
    : entry.status.flatMap((status) => {
        const condition = reasonOf(status)
        return condition === undefined ? [] : [`${condition.reason}: ${clean(condition.message)}`]
      })

/** The same on one line of a table, and of a record that rests why it does. */
export const troubleOf = (entry: StoredRecord | StatusEntry): string =>
  (wordsOfTrouble(entry)[0] ?? (entry.state === "waiting" ? "no agent has looked at it yet" : restWords(entry))).split(
    "\n",
  )[0] ?? ""

const restWords = ({ status }: { readonly status: ReadonlyArray<NodeStatus> }): string => {
  const rest = status.map(restOf).find((condition) => condition !== undefined)
  return rest === undefined ? "" : `${rest.reason}: ${clean(rest.message)}`
}

/** What is to be said of a record, whatever its state: that a limit is reached, or not enforced on a node. */
export const noticesOf = (entry: StatusEntry): ReadonlyArray<string> => {
  const said = entry.status.flatMap(({ details: { notices } }) => (Array.isArray(notices) ? notices : []))
  return [...new Set([...(entry.notices ?? []), ...said].map((notice) => clean(String(notice))))]
}

export const keyOf = (entry: { readonly kind: string; readonly name: string }): string => `${entry.kind}/${entry.name}`
