// Who waits for what: a record for a host key of another, or for another record. Waiting is being woken, never polling.

import type { RecordKey } from "./keys.ts"

export class Waits<On extends string> {
  readonly #waiting = new Map<On, Set<RecordKey>>()
  readonly #of = new Map<RecordKey, Set<On>>()

  add(record: RecordKey, on: On): void {
    const waiting = this.#waiting.get(on)
    if (waiting === undefined) this.#waiting.set(on, new Set([record]))
    else waiting.add(record)
    const of = this.#of.get(record)
    if (of === undefined) this.#of.set(record, new Set([on]))
    else of.add(on)
  }

  /** The record begins a pass: what it waited for before is no matter any more. */
  clear(record: RecordKey): void {
    for (const on of this.#of.get(record) ?? []) {
      const waiting = this.#waiting.get(on)
      waiting?.delete(record)
      if (waiting?.size === 0) this.#waiting.delete(on)
    }
    this.#of.delete(record)
  }

  isAwaited(on: On): boolean {
    return this.#waiting.has(on)
  }

  has(record: RecordKey, on: On): boolean {
    return this.#of.get(record)?.has(on) === true
  }

  /** It happened: those who waited, who wait no more. */
  take(on: On): ReadonlyArray<RecordKey> {
    const woken = [...(this.#waiting.get(on) ?? [])]
    for (const record of woken) this.#of.get(record)?.delete(on)
    this.#waiting.delete(on)
    return woken
  }
}
