// Many wishes as few acts. Pure.

import type { Activation } from "../contract/resource.ts"

export type UnitAction = "start" | "reload" | "restart"

const strength: Record<UnitAction, number> = { start: 0, reload: 1, restart: 2 }

/** One act a unit: a restart is also a reload, and a reload also a start. */
export const mergeUnits = (activations: Iterable<Activation>): ReadonlyMap<string, UnitAction> => {
  const units = new Map<string, UnitAction>()
  for (const activation of activations) {
    if (activation.kind !== "unit") continue
    const known = units.get(activation.name)
    if (known === undefined || strength[activation.action] > strength[known]) {
      units.set(activation.name, activation.action)
    }
  }
  return units
}

export const membersOf = (activations: Iterable<Activation>): ReadonlySet<string> =>
  new Set([...activations].flatMap((activation) => (activation.kind === "nginx" ? [activation.member] : [])))

/**
 * The order in which members go live, so that the tree is valid after each step: what others refer to comes first, and goes
 * last. A power cut in between leaves a tree that nginx can start from.
 */
export const goLiveOrder = <Change extends { readonly member: string; readonly removed: boolean }>(
  changes: ReadonlyArray<Change>,
): ReadonlyArray<Change> => {
  const rank = ({ member, removed }: Change) => {
    const depth = member.startsWith("sites/") ? 2 : member.startsWith("php/") ? 1 : 0
    return removed ? 10 - depth : depth
  }
  return changes.toSorted((a, b) => rank(a) - rank(b) || (a.member < b.member ? -1 : 1))
}
