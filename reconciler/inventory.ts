// Who owns what on this host: the table `inventory` in memory. A key that is not here is never modified or removed.
//
// The one thing to know before changing it: the table is written first and this after it, and a resource is touched only
// when its keys are here. With Postgres away what is here stays true, since nobody else writes this node's claims.

import type { HostKey, OnDelete } from "./contract/resource.ts"
import type { RecordKey } from "./keys.ts"

export interface Claim {
  readonly key: HostKey
  readonly resourceKind: string
  readonly resourceId: string
  readonly onDelete: OnDelete
  readonly fields: ReadonlyArray<string>
  readonly generation: number
  readonly recordId: string
}

export interface Owned extends Claim {
  readonly record: RecordKey
}

export class Inventory {
  readonly #byRecord = new Map<RecordKey, Array<Claim>>()
  readonly #owners = new Map<HostKey, RecordKey>()
  // Lists of fields are few and repeat for every record of a kind.
  readonly #fields = new Map<string, ReadonlyArray<string>>()

  constructor(rows: Iterable<Owned> = []) {
    for (const { record, ...claim } of rows) this.put(record, [claim])
  }

  ownerOf(key: HostKey): RecordKey | undefined {
    return this.#owners.get(key)
  }

  /** In the order in which they were claimed: a resource after those it needs. */
  of(record: RecordKey): ReadonlyArray<Claim> {
    return this.#byRecord.get(record) ?? []
  }

  claimOf(key: HostKey): Claim | undefined {
    const owner = this.#owners.get(key)
    return owner === undefined ? undefined : this.of(owner).find((claim) => claim.key === key)
  }

  put(record: RecordKey, claims: ReadonlyArray<Claim>): void {
    const replaced = new Set(claims.map((claim) => claim.key))
    const kept = this.of(record).filter((claim) => !replaced.has(claim.key))
    for (const claim of claims) {
      this.#owners.set(claim.key, record)
      kept.push({ ...claim, fields: this.#internal(claim.fields) })
    }
    this.#byRecord.set(record, kept)
  }

  drop(record: RecordKey, keys: ReadonlyArray<HostKey>): void {
    const dropped = new Set(keys)
    for (const key of keys) if (this.#owners.get(key) === record) this.#owners.delete(key)
    const left = this.of(record).filter((claim) => !dropped.has(claim.key))
    if (left.length === 0) this.#byRecord.delete(record)
    else this.#byRecord.set(record, left)
  }

  records(): Iterable<RecordKey> {
    return this.#byRecord.keys()
  }

  get size(): number {
    return this.#owners.size
  }

  #internal(fields: ReadonlyArray<string>): ReadonlyArray<string> {
    const name = fields.join("\n")
    const known = this.#fields.get(name)
    if (known !== undefined) return known
    this.#fields.set(name, fields)
    return fields
  }
}
