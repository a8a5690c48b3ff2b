// The desired state as last read: every record in the form it has in the table, decoded only when a pass asks for it, and
// who refers to whom, so that a changed account wakes its sites.
//
// The one thing to know before changing it: specs are kept as text. Ten thousand decoded specs would be most of the
// agent's memory; a decoded one lives in a small cache and can be thrown away at any time.

import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import type { SecretPlace } from "../spec/secret.ts"
import type { Desired } from "./contract/controller.ts"

import { kindOf, nameOf, type RecordKey, recordKey } from "./keys.ts"
import {
  type Contents,
  contentsOf,
  mask,
  mayHoldSealed,
  noContents,
  nothingOpened,
  type Open,
  type Opened,
  openAll,
  reveal,
  type SecretsFlaw,
} from "./secrets.ts"

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
  readonly references: (
    spec: unknown,
  ) => ReadonlyArray<{ readonly kind: string; readonly name: string; readonly concerned?: true }>
  /** Where its secrets are. */
  readonly secrets?: (spec: unknown) => ReadonlyArray<SecretPlace>
}

/** The record's spec is beyond what this agent knows. */
export interface NotUnderstood {
  readonly message: string
}

interface Understood {
  readonly desired: Desired<unknown>
  readonly flaw?: SecretsFlaw
}

export class Records {
  readonly #kinds: ReadonlyMap<string, KindSchema>
  readonly #stored = new Map<RecordKey, Stored>()
  readonly #dependents = new Map<RecordKey, Set<RecordKey>>()
  readonly #references = new Map<RecordKey, ReadonlyArray<RecordKey>>()
  /** Of each record, those of its references that it concerns. */
  readonly #concerned = new Map<RecordKey, ReadonlyArray<RecordKey>>()
  readonly #decoded = new Map<Stored, Result.Result<Understood, NotUnderstood>>()
  /** Of the records that have secrets. */
  readonly #opened = new Map<RecordKey, Opened>()

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

  /** Opens the secrets of a record that is about to be put. Those of the record before that are still the same stay open. */
  open(stored: Stored, open: Open): Effect.Effect<Opened> {
    return Effect.suspend(() => {
      if (!mayHoldSealed(stored.spec)) return Effect.succeed(nothingOpened)
      const kind = this.#kinds.get(stored.kind)
      const spec: unknown = JSON.parse(stored.spec)
      const decoded = kind?.decode(spec)
      if (kind?.secrets === undefined || decoded === undefined || Result.isFailure(decoded))
        return Effect.succeed(nothingOpened)
      const before = this.#opened.get(recordKey(stored.kind, stored.name)) ?? nothingOpened
      return openAll(spec, kind.secrets(decoded.success), before, open)
    })
  }

  put(stored: Stored, opened: Opened = nothingOpened): void {
    const key = recordKey(stored.kind, stored.name)
    this.#unlink(key)
    if (opened.size > 0) this.#opened.set(key, opened)
    this.#stored.set(key, stored)
    const all = this.#referencesOf(stored)
    const references = all.map(({ kind, name }) => recordKey(kind, name))
    if (references.length > 0) this.#references.set(key, references)
    const concerned = all.flatMap(({ concerned, kind, name }) => (concerned ? [recordKey(kind, name)] : []))
    if (concerned.length > 0) this.#concerned.set(key, concerned)
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

  /** Those that look otherwise when this one changes. */
  concernedBy(key: RecordKey): ReadonlyArray<RecordKey> {
    return this.#concerned.get(key) ?? []
  }

  /** The records of a kind that concern this one, by name. */
  concerning<Spec>(kind: string, key: RecordKey): ReadonlyArray<Desired<Spec>> {
    return this.dependentsOf(key)
      .filter((other) => kindOf(other) === kind && this.concernedBy(other).includes(key))
      .filter((other) => this.#stored.get(other)?.deleted === false)
      .sort()
      .flatMap((other) => this.lookup<Spec>(kind, nameOf(other)) ?? [])
  }

  decode(stored: Stored): Result.Result<Desired<unknown>, NotUnderstood> {
    return Result.map(this.#understood(stored), ({ desired }) => desired)
  }

  /** Why its secrets cannot be used. */
  flawOf(stored: Stored): SecretsFlaw | undefined {
    return Option.getOrUndefined(Result.getSuccess(this.#understood(stored)))?.flaw
  }

  /** What this host can open of it, and the places of what it cannot. */
  secretsOf(stored: Stored): Contents {
    const spec: unknown = mayHoldSealed(stored.spec) ? JSON.parse(stored.spec) : undefined
    const kind = this.#kinds.get(stored.kind)
    const decoded = spec === undefined ? undefined : kind?.decode(spec)
    if (kind?.secrets === undefined || decoded === undefined || Result.isFailure(decoded)) return noContents
    const opened = this.#opened.get(recordKey(stored.kind, stored.name)) ?? nothingOpened
    return contentsOf(stored, spec, kind.secrets(decoded.success), opened)
  }

  /** The text without the values of the record's secrets: what a tool says of a file or a statement may quote them. */
  masked(key: RecordKey, text: string): string {
    const values = [...(this.#opened.get(key)?.values() ?? [])].flatMap((payload) => payload?.value ?? [])
    return mask(text, values)
  }

  #understood(stored: Stored): Result.Result<Understood, NotUnderstood> {
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

  #decode(stored: Stored): Result.Result<Understood, NotUnderstood> {
    const kind = this.#kinds.get(stored.kind)
    if (kind === undefined) return Result.fail({ message: `This agent knows no kind "${stored.kind}".` })
    const { annotations, generation, id, name } = stored
    const text: unknown = JSON.parse(stored.spec)
    const decoded = Result.mapError(kind.decode(text), (message): NotUnderstood => ({ message }))
    return Result.map(decoded, (spec): Understood => {
      const desired = { kind: stored.kind, name, id, generation, annotations, spec }
      if (!mayHoldSealed(stored.spec) || kind.secrets === undefined) return { desired }
      const opened = this.#opened.get(recordKey(stored.kind, name)) ?? nothingOpened
      const fits = (revealed: unknown) => Result.isSuccess(kind.decode(revealed))
      const { flaw, spec: revealed } = reveal(stored, text, kind.secrets(spec), opened, fits)
      // What was sealed is looked at as closely as what was not.
      const plain = Result.getOrElse(kind.decode(revealed), () => spec)
      return { desired: { ...desired, spec: plain }, ...(flaw === undefined ? {} : { flaw }) }
    })
  }

  #referencesOf(stored: Stored) {
    const kind = this.#kinds.get(stored.kind)
    const desired = Option.getOrUndefined(Result.getSuccess(this.decode(stored)))
    if (kind === undefined || desired === undefined) return []
    return kind.references(desired.spec)
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
    this.#opened.delete(key)
    this.#concerned.delete(key)
  }
}
