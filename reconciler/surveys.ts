// What no path tells (is the unit running? is the user still there?), looked at for the whole host at once: each resource
// has a short text that changes whenever the resource does.
//
// The one thing to know before changing it: a text becomes the known one only when a pass found the resource in sync after
// the text was read, and changed nothing. Until then every sweep sends the record to be looked at.

import * as Effect from "effect/Effect"
import type { HostKey, ResourceFailure } from "./contract/resource.ts"
import type { Host } from "./host/host.ts"
import type { Inventory } from "./inventory.ts"
import type { RecordKey } from "./keys.ts"
import type { Types, Wanted } from "./types.ts"

export class Surveys {
  readonly #known = new Map<HostKey, string>()
  readonly #read = new Map<HostKey, string>()
  #taken = 0

  /** The number of the latest look: a pass that began before it proves nothing about what it read. */
  get taken(): number {
    return this.#taken
  }

  /** One look at the host for every type that has a survey. Gives the records of which something is not as known. */
  take(types: Types, inventory: Inventory): Effect.Effect<ReadonlySet<RecordKey>, ResourceFailure, Host> {
    return Effect.gen({ self: this }, function* () {
      const texts = new Map<string, (id: string) => string>()
      for (const type of types.values()) if (type.survey !== undefined) texts.set(type.kind, yield* type.survey)
      const moved = new Set<RecordKey>()
      for (const record of inventory.records()) {
        for (const claim of inventory.of(record)) {
          const text = texts.get(claim.resourceKind)?.(claim.resourceId)
          if (text === undefined || text === this.#known.get(claim.key)) continue
          this.#read.set(claim.key, text)
          moved.add(record)
        }
      }
      this.#taken++
      return moved
    })
  }

  /** A pass that began at look `since` found these in sync and did not touch them. */
  confirm(wanted: Iterable<Wanted>, since: number): void {
    if (since !== this.#taken) return
    for (const one of wanted) {
      for (const key of one.keys) {
        const text = this.#read.get(key)
        if (text === undefined) continue
        this.#known.set(key, text)
        this.#read.delete(key)
      }
    }
  }

  forget(keys: Iterable<HostKey>): void {
    for (const key of keys) {
      this.#known.delete(key)
      this.#read.delete(key)
    }
  }
}
