// How each record stood after its last pass, as its status says: what a pass compares itself with, and what the agent reads
// back after a restart. A status that would say the same again is not written.

import { type Condition, conditionsOf, type Outcome } from "./conditions.ts"
import type { HostKey } from "./contract/resource.ts"
import { digestOf } from "./drift.ts"
import type { RecordKey } from "./keys.ts"
import type { Stored } from "./records.ts"
import type { StatusDetails, StatusRow } from "./store.ts"

export interface Standing {
  readonly generation: number
  readonly version: number
  readonly conditions: ReadonlyArray<Condition>
  readonly details: StatusDetails
}

/** What a pass leaves behind. */
export interface PassEnd {
  readonly outcome: Outcome
  readonly details: StatusDetails
  readonly unsynced: ReadonlySet<HostKey> | "all"
}

export class Standings {
  readonly #standings = new Map<RecordKey, Standing>()
  readonly #digests = new Map<HostKey, string>()
  // Of every record that this agent has looked at: its keys that are not in sync; "all" when it could not even look.
  readonly #unsynced = new Map<RecordKey, ReadonlySet<HostKey> | "all">()

  constructor(rows: Iterable<Standing & { readonly key: RecordKey }> = []) {
    for (const { key, generation, version, conditions, details } of rows) {
      this.#standings.set(key, { generation, version, conditions, details })
    }
  }

  get(record: RecordKey): Standing | undefined {
    return this.#standings.get(record)
  }

  all(): Iterable<readonly [RecordKey, Standing]> {
    return this.#standings
  }

  forget(record: RecordKey): void {
    this.#standings.delete(record)
    this.#unsynced.delete(record)
  }

  /** In sync since this agent runs; what an earlier run said is not enough for anybody to build on. */
  isConverged(record: RecordKey): boolean {
    const unsynced = this.#unsynced.get(record)
    return unsynced !== undefined && unsynced !== "all" && unsynced.size === 0
  }

  /** Whether others can build on this key of the record's. */
  isInSync(record: RecordKey, key: HostKey): boolean {
    const unsynced = this.#unsynced.get(record)
    return unsynced !== undefined && unsynced !== "all" && !unsynced.has(key)
  }

  /** Whether this run has not looked at this version yet: whoever waits for it is told how it went, whichever way. */
  isNews(record: RecordKey, version: number): boolean {
    return !this.#unsynced.has(record) || this.#standings.get(record)?.version !== version
  }

  /** What is not in sync, as last seen; of a run before this one it is known only whether that was nothing. */
  unsyncedOf(record: RecordKey): ReadonlySet<HostKey> | "all" {
    const known = this.#unsynced.get(record)
    if (known !== undefined) return known
    return this.#standings.get(record)?.details.digest === undefined ? "all" : new Set()
  }

  /** Was this very resource in sync before? Then a difference is drift: nothing that is wanted has changed. */
  wasInSync(key: HostKey, digest: string): boolean {
    return this.#digests.get(key) === digest
  }

  inSync(key: HostKey, digest: string): void {
    this.#digests.set(key, digest)
  }

  gone(keys: Iterable<HostKey>): void {
    for (const key of keys) this.#digests.delete(key)
  }

  /** What was in sync when the agent last ran, told by the digest of the whole; less what cannot have stayed so. */
  recall(record: RecordKey, digests: ReadonlyMap<HostKey, string>, isGone: (key: HostKey) => boolean): void {
    if (this.#standings.get(record)?.details.digest !== wholeDigest(digests)) return
    for (const [key, digest] of digests) {
      if (!this.#digests.has(key) && !isGone(key)) this.#digests.set(key, digest)
    }
  }

  /** Gives the row to write; undefined when the status already says so. */
  end(stored: Stored, key: RecordKey, end: PassEnd, now: string): StatusRow | undefined {
    const before = this.#standings.get(key)
    const standing: Standing = {
      generation: stored.generation,
      version: stored.version,
      conditions: conditionsOf(end.outcome, before?.conditions, now),
      details: end.details,
    }
    this.#unsynced.set(key, end.unsynced)
    if (JSON.stringify(before) === JSON.stringify(standing)) return undefined
    this.#standings.set(key, standing)
    return { key, recordId: stored.id, ...standing }
  }
}

export const wholeDigest = (digests: ReadonlyMap<HostKey, string>): string =>
  digestOf(
    [...digests]
      .map(([key, digest]) => `${key} ${digest}`)
      .sort()
      .join("\n"),
  )
