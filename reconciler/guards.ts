// Nothing is removed by mistake: two guards stand before every removal. A render that gives nothing where the record owned
// something is refused; and when, since the last full look, records ask to remove more than a share of what the node owns,
// all of them stop and ask.
//
// The one thing to know before changing it: the ratio guard looks at what is asked for together, also by records whose turn
// has not come, so that it says no before the first of them has removed anything. One record's deletion on its own is what
// its writer asked for and is never held back by its size.

import type { RecordKey } from "./keys.ts"

export interface Policy {
  /** Percent of what the node owns. */
  readonly maxShare: number
  /** No more than this many never ask. */
  readonly minimum: number
}

export interface Held {
  readonly reason: "PruneGuard"
  readonly message: string
}

export const emptyGuard = (wanted: number, owned: number): Held | undefined =>
  wanted === 0 && owned > 0
    ? {
        reason: "PruneGuard",
        message:
          `The record renders to nothing, but owns ${owned} resources: none was removed. ` +
          "Delete the record if that is meant; otherwise correct its spec.",
      }
    : undefined

/** How much every record asks to remove; kept from one full look to the next. */
export class PruneGuard {
  readonly #asked = new Map<RecordKey, { readonly count: number; readonly deleted: boolean }>()
  readonly #held = new Set<RecordKey>()
  // Measured against what was owned before the first removal: a plan within its share must not stop half-way.
  #owned = 0

  /** A record wants to remove this many. Asked again, the larger counts: what is already gone was asked for too. */
  ask(record: RecordKey, count: number, deleted: boolean): void {
    const before = this.#asked.get(record)?.count ?? 0
    if (count > 0) this.#asked.set(record, { count: Math.max(count, before), deleted })
  }

  /** The record no longer asks: it was taken back, or a person agreed. */
  withdraw(record: RecordKey): void {
    this.#asked.delete(record)
    this.#held.delete(record)
  }

  judge(record: RecordKey, owned: number, policy: Policy): Held | undefined {
    const before = Math.max(this.#owned, owned)
    const [one] = this.#asked.values()
    const asked = [...this.#asked.values()].reduce((sum, each) => sum + each.count, 0)
    const alone = this.#asked.size === 1 && one?.deleted === true
    if (alone || asked <= policy.minimum || asked * 100 <= before * policy.maxShare) {
      this.#held.delete(record)
      return undefined
    }
    this.#held.add(record)
    const share = Math.round((asked * 100) / Math.max(1, before))
    return {
      reason: "PruneGuard",
      message:
        `${this.#asked.size} records together would remove ${asked} of ${before} owned resources (${share} %, ` +
        `allowed are ${policy.maxShare} %): none was removed. Confirm the deletion, or take it back.`,
    }
  }

  held(): ReadonlyArray<RecordKey> {
    return [...this.#held]
  }

  /** A full look: whoever still wants something asks again. Gives those that were held back, to be looked at anew. */
  begin(owned: number): ReadonlyArray<RecordKey> {
    this.#owned = owned
    const held = [...this.#held]
    this.#asked.clear()
    return held
  }
}
