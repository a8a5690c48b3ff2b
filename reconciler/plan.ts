// What one pass would do, as data: which keys it claims or must not, what it changes, what it removes, what has to be
// activated then. Pure; everything that touches a host or a table reads its decision from here.

import { type Activation, activationKey, type HostKey } from "./contract/resource.ts"
import type { Claim, Inventory } from "./inventory.ts"
import type { RecordKey } from "./keys.ts"
import type { Looked, Wanted } from "./types.ts"

/** Why a key cannot be claimed. */
export type Refusal =
  | { readonly reason: "Conflict"; readonly message: string }
  | { readonly reason: "ClaimedElsewhere"; readonly key: HostKey; readonly owner: RecordKey }

export interface ClaimPlan {
  /** New, or of another generation than the table says. */
  readonly claims: ReadonlyArray<Claim>
  readonly refusals: ReadonlyArray<Refusal>
}

export interface Claimant {
  readonly key: RecordKey
  readonly id: string
  readonly generation: number
  /** A person agreed to take over what stood there before. */
  readonly adopt: boolean
}

/** Wanted resources whose own key nobody has claimed yet: what stands there decides whether it may be. */
export const unclaimed = (wanted: ReadonlyArray<Wanted>, inventory: Inventory): ReadonlyArray<Wanted> =>
  wanted.filter((one) => inventory.ownerOf(one.key) === undefined)

export const planClaims = (
  by: Claimant,
  wanted: ReadonlyArray<Wanted>,
  found: ReadonlyMap<HostKey, Looked>,
  inventory: Inventory,
): ClaimPlan => {
  const claims: Array<Claim> = []
  const refusals: Array<Refusal> = []
  const mine = new Map(inventory.of(by.key).map((claim) => [claim.key, claim]))
  for (const one of wanted) {
    const there = found.get(one.key)
    if (there !== undefined && there.seen !== undefined && there.diffs.length > 0 && !by.adopt) {
      refusals.push({
        reason: "Conflict",
        message:
          `${one.key} was there before this record and differs (${there.diffs.map((diff) => diff.field).join(", ")}). ` +
          `Move it away, or set the annotation plumbline.dev/adopt: "true" to take it over.`,
      })
      continue
    }
    for (const key of one.keys) {
      const owner = inventory.ownerOf(key)
      if (owner !== undefined && owner !== by.key) {
        refusals.push({ reason: "ClaimedElsewhere", key, owner })
        continue
      }
      const claim: Claim = {
        key,
        resourceKind: one.resource.kind,
        resourceId: one.resource.id,
        onDelete: one.resource.onDelete,
        fields: one.resource.fields,
        generation: by.generation,
        recordId: by.id,
      }
      if (!sameClaim(mine.get(key), claim)) claims.push(claim)
    }
  }
  return { claims, refusals }
}

const sameClaim = (a: Claim | undefined, b: Claim): boolean =>
  a !== undefined &&
  a.generation === b.generation &&
  a.recordId === b.recordId &&
  a.onDelete === b.onDelete &&
  a.resourceKind === b.resourceKind &&
  a.resourceId === b.resourceId &&
  a.fields.join("\n") === b.fields.join("\n")

/** A resource that its record no longer wants, with all the keys it held. */
export interface Leaving {
  readonly resourceKind: string
  readonly resourceId: string
  readonly onDelete: Claim["onDelete"]
  readonly keys: ReadonlyArray<HostKey>
}

export interface PrunePlan {
  /** Last claimed first: a resource goes before what it needed. */
  readonly leaving: ReadonlyArray<Leaving>
  /** Keys that a resource which stays no longer holds. */
  readonly released: ReadonlyArray<HostKey>
}

export const planPrune = (record: RecordKey, wanted: ReadonlyArray<Wanted>, inventory: Inventory): PrunePlan => {
  const keys = new Set(wanted.flatMap((one) => one.keys))
  const staying = new Set(wanted.map((one) => `${one.resource.kind} ${one.resource.id}`))
  const leaving = new Map<string, { readonly claim: Claim; readonly keys: Array<HostKey> }>()
  const released: Array<HostKey> = []
  for (const claim of inventory.of(record)) {
    if (keys.has(claim.key)) continue
    const name = `${claim.resourceKind} ${claim.resourceId}`
    if (staying.has(name)) released.push(claim.key)
    else {
      const known = leaving.get(name)
      if (known === undefined) leaving.set(name, { claim, keys: [claim.key] })
      else known.keys.push(claim.key)
    }
  }
  return {
    leaving: [...leaving.values()].reverse().map(({ claim, keys }) => ({
      resourceKind: claim.resourceKind,
      resourceId: claim.resourceId,
      onDelete: claim.onDelete,
      keys,
    })),
    released,
  }
}

/** Each activation once, in the order of first mention. */
export const merged = (activations: Iterable<Activation>): ReadonlyArray<Activation> => [
  ...new Map([...activations].map((activation) => [activationKey(activation), activation])).values(),
]

export const activationsOf = (changes: ReadonlyArray<Wanted>): ReadonlyArray<Activation> =>
  merged(changes.flatMap((one) => one.resource.activates))
