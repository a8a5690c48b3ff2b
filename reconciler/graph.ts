// The order of one record's resources. `after` is the whole ordering model: a resource is applied once the keys it names
// are in sync, and removed before them. Keys of other records are no edges but waits: the record is woken when they are.

import { type HostKey, keyOf, type Resource } from "./contract/resource.ts"
import type { Types, Wanted } from "./types.ts"

export type Graph =
  | {
      readonly outcome: "ordered"
      /** Each after everything it names; otherwise in the order the controller gave. */
      readonly order: ReadonlyArray<Wanted>
      /** Keys that no resource of the record owns. */
      readonly outside: ReadonlyArray<HostKey>
    }
  | { readonly outcome: "refused"; readonly message: string }

export const graphOf = (resources: ReadonlyArray<Resource>, types: Types): Graph => {
  const wanted: Array<Wanted> = []
  const byKey = new Map<HostKey, Wanted>()
  for (const resource of resources) {
    const type = types.get(resource.kind)
    if (type === undefined) return refused(`No resource type is called "${resource.kind}" (${resource.id}).`)
    const keys = type.owns(resource.id, resource.spec)
    const one: Wanted = { resource, type, keys, key: keyOf(type, resource) }
    for (const key of keys) {
      if (byKey.has(key)) return refused(`Two resources of the record claim ${key}.`)
      byKey.set(key, one)
    }
    wanted.push(one)
  }

  const order: Array<Wanted> = []
  const outside = new Set<HostKey>()
  const state = new Map<Wanted, "open" | "placed">()
  const path: Array<HostKey> = []
  const visit = (one: Wanted): string | undefined => {
    if (state.get(one) === "placed") return undefined
    if (state.get(one) === "open") return [...path.slice(path.indexOf(one.key)), one.key].join(" → ")
    state.set(one, "open")
    path.push(one.key)
    for (const key of one.resource.after) {
      const before = byKey.get(key)
      if (before === undefined) outside.add(key)
      else {
        const cycle = visit(before)
        if (cycle !== undefined) return cycle
      }
    }
    path.pop()
    state.set(one, "placed")
    order.push(one)
    return undefined
  }
  for (const one of wanted) {
    const cycle = visit(one)
    if (cycle !== undefined) return refused(`Resources wait for each other in a circle: ${cycle}.`)
  }
  return { outcome: "ordered", order, outside: [...outside] }
}

const refused = (message: string): Graph => ({ outcome: "refused", message })
