// The desired state as last read: every record in the form it has in the table, decoded only when a pass asks for it, and
// who refers to whom, so that a changed account wakes its sites.
//
// The one thing to know before changing it: specs are kept as text. Ten thousand decoded specs would be most of the
// agent's memory; a decoded one lives in a small cache and can be thrown away at any time.

import * as Option from "effect/Option"
import * as Result from "effect/Result"
import type { Desired } from "./contract/controller.ts"
import { type RecordKey, recordKey } from "./keys.ts"

/** A record as it stands in the table. */
export interface Stored {
  readonly kind: string
  readonly name: string
  readonly id: string
  readonly version: number
  readonly generation: number
  readonly deleted: boolean
  readonly deletionConfirmed: boolean
  readonly annotations: Readonly<Record<string, string>>
  /** JSON text. */
  readonly spec: string
}

/** What the engine has to know of a kind. */
export interface KindSchema {
  readonly decode: (spec: unknown) => Result.Result<unknown, string>
  readonly references: (spec: unknown) => ReadonlyArray<{ readonly kind: string; readonly name: string }>
}

/** The record's spec is beyond what this agent knows. */
export interface NotUnderstood {
  readonly message: string
}

export class Records {
  readonly #kinds: ReadonlyMap<string, KindSchema>
  readonly #stored = new Map<RecordKey, Stored>()
  readonly #dependents = new Map<RecordKey, Set<RecordKey>>()
  readonly #references = new Map<RecordKey, ReadonlyArray<RecordKey>>()
  readonly #decoded = new Map<Stored, Result.Result<Desired<unknown>, NotUnderstood>>()

  constructor(kinds: ReadonlyMap<string, KindSchema>) {
    this.#kinds = kinds
  }

  get(key: RecordKey): Stored | undefined {
    return this.#stored.get(key)
  }

  all(): Iterable<Stored> {
    return this.#stored.values()
  }

  get size(): number {
    return this.#stored.size
  }

  put(stored: Stored): void {
    const key = recordKey(stored.kind, stored.name)
    this.#unlink(key)
    this.#stored.set(key, stored)
    const references = this.#referencesOf(stored)
    if (references.length > 0) this.#references.set(key, references)
    for (const reference of references) {
      const dependents = this.#dependents.get(reference)
      if (dependents === undefined) this.#dependents.set(reference, new Set([key]))
      else dependents.add(key)
    }
  }

  remove(key: RecordKey): void {
    this.#unlink(key)
    this.#stored.delete(key)
  }

  /** Those that refer to it, whether or not it exists. */
  dependentsOf(key: RecordKey): ReadonlyArray<RecordKey> {
    return [...(this.#dependents.get(key) ?? [])]
  }

  referencesOf(key: RecordKey): ReadonlyArray<RecordKey> {
    return this.#references.get(key) ?? []
  }

  decode(stored: Stored): Result.Result<Desired<unknown>, NotUnderstood> {
    const known = this.#decoded.get(stored)
    if (known !== undefined) return known
    const decoded = this.#decode(stored)
    if (this.#decoded.size >= 512) this.#decoded.clear()
    this.#decoded.set(stored, decoded)
    return decoded
  }

  /** What a controller sees of another record: nothing, when there is none or it is not understood. */
  lookup<Spec>(kind: string, name: string): Desired<Spec> | undefined {
    const stored = this.#stored.get(recordKey(kind, name))
    if (stored === undefined) return undefined
    const desired = Option.getOrUndefined(Result.getSuccess(this.decode(stored)))
    return desired as Desired<Spec> | undefined
  }

  #decode(stored: Stored): Result.Result<Desired<unknown>, NotUnderstood> {
    const kind = this.#kinds.get(stored.kind)
    if (kind === undefined) return Result.fail({ message: `This agent knows no kind "${stored.kind}".` })
    return Result.mapBoth(kind.decode(JSON.parse(stored.spec)), {
      onFailure: (message): NotUnderstood => ({ message }),
      onSuccess: (spec): Desired<unknown> => ({
        kind: stored.kind,
        name: stored.name,
        id: stored.id,
        generation: stored.generation,
        annotations: stored.annotations,
        spec,
      }),
    })
  }

  #referencesOf(stored: Stored): ReadonlyArray<RecordKey> {
    const kind = this.#kinds.get(stored.kind)
    const desired = Option.getOrUndefined(Result.getSuccess(this.decode(stored)))
    if (kind === undefined || desired === undefined) return []
    return kind.references(desired.spec).map((reference) => recordKey(reference.kind, reference.name))
  }

  #unlink(key: RecordKey): void {
    const before = this.#stored.get(key)
    if (before !== undefined) this.#decoded.delete(before)
    for (const reference of this.#references.get(key) ?? []) {
      const dependents = this.#dependents.get(reference)
      dependents?.delete(key)
      if (dependents?.size === 0) this.#dependents.delete(reference)
    }
    this.#references.delete(key)
  }
}
