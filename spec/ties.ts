/**
 * What ties a record to others, as words that a database can look up: its name, what it claims, what it names. With them a
 * change is judged beside the few records that it touches, however many there are.
 *
 * The one thing to know before changing it: the words of every stored record are kept with it. A kind whose claims or
 * references change needs a migration that sets `tied_version` of its records to null, so that they are read anew.
 */
import type { Count, Reference } from "./kind.ts"
import { claimsOf, countsOf, type Envelope, referencesOf } from "./kinds.ts"

export interface RecordKey {
  readonly kind: string
  readonly name: string
}

/** Names are folded, so that two that people cannot tell apart cannot both be there, whatever a kind's grammar allows. */
export const identity = ({ kind, name }: RecordKey): string => `${kind}/${name.normalize("NFKC").toLowerCase()}`

export const identityOf = (record: Envelope): string => identity({ kind: record.kind, name: record.metadata.name })

const is = (of: string): string => `is ${of}`
const has = (claim: string): string => `has ${claim}`
const hasPart = (claim: string): string => `has of ${claim}`
const names = (of: string): string => `names ${of}`
/** A reference that also asks something of the record's spec: a change there may break it, not only a removal. */
const relies = (of: string): string => `relies on ${of}`

/** That a record is counted in another one. */
export const countedIn = (count: Pick<Count, "kind" | "name" | "what">): string =>
  `counts as ${count.what} of ${identity(count)}`

/** What is kept with a record. */
export const tiesOf = (record: Envelope): ReadonlyArray<string> => [
  is(identityOf(record)),
  ...claimsOf(record).map(({ key, shared }) => (shared?.as === "part" ? hasPart(key) : has(key))),
  ...referencesOf(record).map((reference) => mention(reference)),
  ...countsOf(record).map(countedIn),
]

const mention = (reference: Reference): string =>
  reference.match === undefined ? names(identity(reference)) : relies(identity(reference))

/**
 * The ties by which a change touches existing records: a set that has every record with one of these is, to
 * `validateSet`, as good as the set of all.
 */
export const touchedBy = (change: {
  readonly incoming: ReadonlyArray<Envelope>
  readonly removed?: ReadonlyArray<RecordKey>
}): ReadonlySet<string> =>
  new Set([
    ...change.incoming.flatMap((record) => [
      is(identityOf(record)),
      relies(identityOf(record)),
      ...claimsOf(record).flatMap(({ key, shared }) =>
        shared?.as === "whole" ? [has(key), hasPart(key)] : [has(key)],
      ),
      ...referencesOf(record).map((reference) => is(identity(reference))),
    ]),
    ...(change.removed ?? []).map(identity).flatMap((gone) => [is(gone), names(gone), relies(gone)]),
  ])

/**
 * The ties of what the holders of counts refer to: a limit may stand in a record that the change itself does not touch, such
 * as the package of a site's account.
 */
export const heldBy = (
  incoming: ReadonlyArray<Envelope>,
  /** With the records that `touchedBy` found. */
  existing: ReadonlyArray<Envelope>,
): ReadonlySet<string> => {
  const holders = new Set(incoming.flatMap(countsOf).map((count) => identity(count)))
  return new Set(
    [...existing, ...incoming]
      .filter((record) => holders.has(identityOf(record)))
      .flatMap(referencesOf)
      .map((reference) => is(identity(reference))),
  )
}
