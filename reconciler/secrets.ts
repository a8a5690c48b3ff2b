// The secrets of the records as this host can read them: opened when a record is read from the store, so that a pass, and
// whoever looks the record up, has them at hand.
//
// The one thing to know before changing it: what a sealed value says it is for is compared with where it stands, each time.
// A record is written by others, and one of another customer's sealed values can be copied by whoever may read it.

import { hash } from "node:crypto"
import * as Effect from "effect/Effect"
import { bindingOf, type Identity, type Payload, unseal } from "../spec/sealing.ts"
import { isSealed, type SecretPlace, valueAt, withValueAt } from "../spec/secret.ts"

/** What a sealed text is when it is opened; undefined when this host cannot. */
export type Open = (sealed: { readonly sealed: string }) => Effect.Effect<Payload | undefined>

export const openWith = (identity: Identity | undefined): Open =>
  identity === undefined
    ? () => Effect.succeed(undefined)
    : (sealed) => Effect.orElseSucceed(unseal(identity, sealed), () => undefined)

/** By the digest of the sealed text, which is long. */
export type Opened = ReadonlyMap<string, Payload | undefined>

export const nothingOpened: Opened = new Map()

/** Cheap, for the many records without: no spec with a sealed value is without the word. */
export const mayHoldSealed = (text: string): boolean => text.includes('"sealed"')

const digestOf = (sealed: string): string => hash("sha256", sealed, "base64")

/** Opens what is sealed in a spec; what `before` has is not opened again. */
export const openAll = Effect.fnUntraced(function* (
  spec: unknown,
  places: ReadonlyArray<SecretPlace>,
  before: Opened,
  open: Open,
) {
  const opened = new Map<string, Payload | undefined>()
  for (const { path } of places) {
    const value = valueAt(spec, path)
    if (!isSealed(value)) continue
    const digest = digestOf(value.sealed)
    opened.set(digest, before.has(digest) ? before.get(digest) : yield* open(value))
  }
  return opened as Opened
})

/** Of a record's secrets. */
export interface Contents {
  readonly open: ReadonlyArray<Payload>
  /** Names of the places (`Kind/name#label`) of which nothing is known here. */
  readonly closed: ReadonlyArray<string>
}

export const noContents: Contents = { open: [], closed: [] }

export const contentsOf = (
  record: { readonly kind: string; readonly name: string },
  spec: unknown,
  places: ReadonlyArray<SecretPlace>,
  opened: Opened,
): Contents => {
  const open: Array<Payload> = []
  const closed: Array<string> = []
  for (const { label, path } of places) {
    const value = valueAt(spec, path)
    const payload = isSealed(value) ? opened.get(digestOf(value.sealed)) : undefined
    const binding = bindingOf(record, label)
    if (payload?.for === binding) open.push(payload)
    else if (isSealed(value)) closed.push(binding)
  }
  return { open, closed }
}

/** Shorter ones would hide half of every sentence. */
const shortestMasked = 6

export const mask = (text: string, values: ReadonlyArray<string>): string =>
  values
    .filter((value) => value.length >= shortestMasked)
    .reduce((shown, value) => shown.replaceAll(value, "(hidden)"), text)

/** Why a record's secrets cannot be used. */
export interface SecretsFlaw {
  readonly reason: "SecretMisplaced" | "SecretUnreadable" | "SecretInvalid"
  readonly message: string
  readonly mend: string
}

export interface Revealed {
  /** With plain values where they can be had. */
  readonly spec: unknown
  readonly flaw?: SecretsFlaw
}

/** The spec with its secrets in plain. `fits`: whether the kind takes such a spec. */
export const reveal = (
  record: { readonly kind: string; readonly name: string },
  spec: unknown,
  places: ReadonlyArray<SecretPlace>,
  opened: Opened,
  fits: (spec: unknown) => boolean,
): Revealed => {
  const misplaced: Array<string> = []
  const closed: Array<string> = []
  const found = places.flatMap((place) => {
    const value = valueAt(spec, place.path)
    if (!isSealed(value)) return []
    const payload = opened.get(digestOf(value.sealed))
    if (payload === undefined) closed.push(place.label)
    else if (payload.for !== bindingOf(record, place.label))
      misplaced.push(`${place.label} is sealed for ${payload.for}`)
    else return [{ ...place, value: payload.value }]
    return []
  })
  const insert = (some: typeof found) => some.reduce((into, { path, value }) => withValueAt(into, path, value), spec)
  const whole = insert(found)
  const unfit = fits(whole) ? [] : found.filter((one) => !fits(insert([one])))
  const revealed = fits(whole) ? whole : spec
  if (misplaced.length > 0)
    return {
      spec: revealed,
      flaw: {
        reason: "SecretMisplaced",
        message: `A secret stands where it does not belong: ${misplaced.join(", ")}.`,
        mend: "A sealed value cannot be copied to another place. Set the secret itself there.",
      },
    }
  if (closed.length > 0)
    return {
      spec: revealed,
      flaw: {
        reason: "SecretUnreadable",
        message: `This node cannot open what is sealed for ${closed.join(", ")}: it was sealed for another key.`,
        mend: "Bring the secrets back from where they were kept (plumb apply --secrets), or set them anew.",
      },
    }
  if (revealed === spec && found.length > 0 && whole !== spec)
    return {
      spec,
      flaw: {
        reason: "SecretInvalid",
        message: `What is sealed for ${(unfit.length > 0 ? unfit : found).map(({ label }) => label).join(", ")} is not what belongs there.`,
        mend: "Set the secret anew.",
      },
    }
  return { spec: revealed }
}
