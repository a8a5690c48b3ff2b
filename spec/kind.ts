/**
 * What a kind is: a name grammar, a spec schema, and two pure questions about a spec. The registry is `kinds.ts`.
 *
 * The one thing to know before changing it: nothing outside a kind's own file may know the kind. Whatever the rest needs
 * (does what it names exist? does another record have that already?) is asked through `references` and `claims`.
 */
import type * as Schema from "effect/Schema"
import type { Flaw } from "./grammar.ts"
import type { SecretPlace } from "./secret.ts"

/** Another record that a spec names. `match` states what that record's spec must hold for the reference to make sense. */
export interface Reference {
  readonly kind: string
  readonly name: string
  /** Where the name stands, such as `spec.php`. */
  readonly field: string
  /** Fields of the other record's spec that must have these values, such as `{ account: "acme" }`. */
  readonly match?: { readonly [field: string]: string }
  /** What the other record comes to depends on this one, so it is looked at again when this one changes. */
  readonly concerned?: true
}

/** What a spec may be judged beside: the records that it names, and the moment of the write. */
export interface Beside {
  readonly lookup: <Spec>(kind: string, name: string) => Spec | undefined
  /** Milliseconds since 1970; undefined where nobody says. */
  readonly now: number | undefined
}

/** Something that only one record may have, such as `domain:shop.example.org`. */
export interface Claim {
  readonly key: string
  readonly field: string
  /**
   * Set where several records may have it. Who has the whole of it shares its parts only with records of the same `by`:
   * a wildcard is beside names of the same account. Parts alone are no matter.
   */
  readonly shared?: { readonly by: string; readonly as: "whole" | "part" }
}

/** That a record is one of those that another one may have only so many of: `{ kind: "Account", name: "acme", what: "sites" }`. */
export interface Count {
  readonly kind: string
  readonly name: string
  readonly what: string
  /** The field by which it is. */
  readonly field: string
}

/** The most that a record may have of something, and where that stands. */
export interface Most {
  readonly most: number
  readonly field: string
  /** The record that says so, "Package/small", where it is another one. */
  readonly in?: string
}

/** Something that a record may have or use, and how much of it. */
export interface Use {
  /** The measure, or what others are counted as. */
  readonly what: string
  readonly unit: "bytes" | "bytes/s" | "operations/s" | "percent" | "count"
  /** Counted among the records, and not measured on a host. */
  readonly counted: boolean
  readonly most?: number
}

/** The spec of another record, where there is one. */
export type Find = <Spec>(kind: string, name: string) => Spec | undefined

/** A schema that needs no services: everything in this folder. */
export type PureCodec<T, E = unknown> = Schema.Codec<T, E, never, never>

/** Of a kind whose records run something by themselves. Their spec has `runNow`, the moment of a run that somebody asked for. */
export interface Runs<Spec> {
  /** The next runs after a moment, in milliseconds since 1970. */
  upcoming(spec: Spec, after: number, count: number): ReadonlyArray<number>
  /** Each record is a run by itself: writing one asks for it. */
  readonly once?: true
}

export interface Kind<K extends string, Name extends string, Spec, Encoded> {
  readonly kind: K
  readonly description: string
  readonly name: PureCodec<Name, string>
  readonly spec: PureCodec<Spec, Encoded>
  // Methods, not function properties: the registry asks kinds whose spec it knows only at run time (see `kinds.ts`).
  references(spec: Spec): ReadonlyArray<Reference>
  claims(name: Name, spec: Spec): ReadonlyArray<Claim>
  /** What this record is counted as. */
  counts?(spec: Spec): ReadonlyArray<Count>
  /** The most of something that a record of this kind may have; nothing is no limit. It may ask what the spec refers to. */
  holds?(spec: Spec, what: string, find: Find): Most | undefined
  /** What a record of this kind may use, to be shown beside what it does. */
  uses?(spec: Spec, find: Find): ReadonlyArray<Use>
  /** The spec as written, with what a write that leaves it out keeps of the record before: a password that was set, say. */
  keeps?(written: Encoded, before: Encoded): Encoded
  /** What is wrong with a spec that is being written, beside the records that it names. */
  beside?(spec: Spec, beside: Beside): ReadonlyArray<Flaw & { readonly field: string }>
  readonly runs?: Runs<Spec>
  /** Whether the record has those that refer to it rest: nothing of them runs meanwhile. */
  suspends?(spec: Spec): boolean
  /** Where the spec holds secrets, or would. */
  secrets?(spec: Spec): ReadonlyArray<SecretPlace>
}

export const defineKind = <const K extends string, Name extends string, Spec, Encoded>(
  kind: Kind<K, Name, Spec, Encoded>,
): Kind<K, Name, Spec, Encoded> => kind
