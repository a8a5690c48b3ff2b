// Two writers that fight over one resource: healed three times within ten minutes and different again, it is left to the
// other until a person has looked. A new version of the record, or the end of a pause over it, lets the agent try again.

import type { HostKey } from "./contract/resource.ts"

export const rounds = 3
export const windowMillis = 10 * 60_000

export class Fights {
  readonly #healed = new Map<HostKey, ReadonlyArray<number>>()
  readonly #lost = new Set<HostKey>()

  /** Whether to heal this once more. */
  mayHeal(key: HostKey, nowMillis: number): boolean {
    if (this.#lost.has(key)) return false
    if (this.#recent(key, nowMillis).length < rounds) return true
    this.#lost.add(key)
    return false
  }

  healed(key: HostKey, nowMillis: number): void {
    this.#healed.set(key, [...this.#recent(key, nowMillis), nowMillis])
  }

  /** As an earlier run of the agent left it. */
  restore(keys: Iterable<HostKey>): void {
    for (const key of keys) this.#lost.add(key)
  }

  settle(keys: Iterable<HostKey>): void {
    for (const key of keys) {
      this.#healed.delete(key)
      this.#lost.delete(key)
    }
  }

  /** Drops what has left the window, so that an old host's memory stays that of a new one. */
  expire(nowMillis: number): void {
    for (const key of [...this.#healed.keys()]) {
      const recent = this.#recent(key, nowMillis)
      if (recent.length === 0) this.#healed.delete(key)
      else this.#healed.set(key, recent)
    }
  }

  #recent(key: HostKey, nowMillis: number): ReadonlyArray<number> {
    return (this.#healed.get(key) ?? []).filter((at) => nowMillis - at < windowMillis)
  }
}
