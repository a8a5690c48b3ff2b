/**
 * The rules between records: what one names exists, what only one may have is not had twice. Pure, over whole sets.
 *
 * The one thing to know before changing it: only what an input brings about is reported. A set that is broken already
 * (a restored backup, say) must not stop an unrelated change.
 */
import { additions, type Counted, countedAmong, overLimits } from "./counts.ts"
import { type Flaw, flaw, show } from "./grammar.ts"
import type { Claim, Reference } from "./kind.ts"
import { besideOf, claimsOf, type Envelope, referencesOf } from "./kinds.ts"
import { type FieldPath, parseField } from "./problem.ts"
import { identity, identityOf, type RecordKey } from "./ties.ts"

export interface Change {
  /** The records that are there, or those of them that the change touches (`touchedBy`). */
  readonly existing: ReadonlyArray<Envelope>
  /** The records of the input; each replaces the existing one of the same kind and name. */
  readonly incoming: ReadonlyArray<Envelope>
  readonly removed?: ReadonlyArray<RecordKey>
  /** How many are counted besides those of the change, where `existing` is not all that is there. */
  readonly counted?: Counted
  /** The moment of the write, in milliseconds since 1970. */
  readonly now?: number
}

export interface SetProblem extends Flaw, RecordKey {
  /** The place in `incoming`; none when the problem is a removal. */
  readonly index?: number
  readonly path: FieldPath
  readonly field: string
}

export const validateSet = ({ existing, incoming, removed = [], counted, now }: Change): ReadonlyArray<SetProblem> => {
  const gone = new Map(removed.map((key) => [identity(key), key]))
  const replaced = new Set(incoming.map(identityOf))
  // Last wins for the lookups below; that there are two is reported by itself.
  const after = new Map<string, Placed>()
  for (const record of existing)
    if (!gone.has(identityOf(record)) && !replaced.has(identityOf(record))) after.set(identityOf(record), { record })
  for (const [index, record] of incoming.entries())
    if (!gone.has(identityOf(record))) after.set(identityOf(record), { record, index })
  return [
    ...duplicates(incoming),
    ...incoming.flatMap((record, index) =>
      gone.has(identityOf(record))
        ? [
            problemAt(
              { record, index },
              "metadata.name",
              flaw("The record is given and removed at once.", "Do one of the two."),
            ),
          ]
        : [],
    ),
    ...brokenReferences(after, gone),
    ...[...after.values()].flatMap((placed) =>
      placed.index === undefined
        ? []
        : besideOf(placed.record, {
            lookup: <Spec>(kind: string, name: string) =>
              after.get(identity({ kind, name }))?.record.spec as Spec | undefined,
            now,
          }).map(({ field, ...found }) => problemAt(placed, field, found)),
    ),
    ...doubleClaims([...after.values()]),
    ...overLimits(
      additions({ existing, incoming, removed }),
      counted ?? countedAmong({ existing, incoming, removed }),
    ).flatMap(({ index, field, ...found }) => {
      const record = incoming[index]
      return record === undefined ? [] : [problemAt({ record, index }, field, found)]
    }),
  ]
}

/** A record of the resulting set; the index says that it comes from the input. */
interface Placed {
  readonly record: Envelope
  readonly index?: number
}

const keyOf = (record: Envelope): RecordKey => ({ kind: record.kind, name: record.metadata.name })
const title = ({ kind, name }: RecordKey): string => `${kind}/${name}`

const problemAt = ({ record, index }: Placed, field: string, found: Flaw): SetProblem => ({
  ...found,
  ...keyOf(record),
  ...(index === undefined ? {} : { index }),
  path: parseField(field),
  field,
})

const duplicates = (incoming: ReadonlyArray<Envelope>): ReadonlyArray<SetProblem> => {
  const first = new Map<string, Envelope>()
  return incoming.flatMap((record, index) => {
    const before = first.get(identityOf(record))
    if (before === undefined) {
      first.set(identityOf(record), record)
      return []
    }
    const message = `${title(keyOf(before))} is given twice.`
    return [
      problemAt(
        { record, index },
        "metadata.name",
        flaw(message, "Keep one of the two, or give this one another name."),
      ),
    ]
  })
}

const brokenReferences = (
  after: ReadonlyMap<string, Placed>,
  gone: ReadonlyMap<string, RecordKey>,
): ReadonlyArray<SetProblem> =>
  [...after.values()].flatMap((from) =>
    referencesOf(from.record).flatMap((reference) => {
      const target = after.get(identity(reference))
      if (target === undefined) return missingTarget(from, reference, gone)
      const wrong = Object.entries(reference.match ?? {}).find(
        ([field, value]) => specField(target.record, field) !== value,
      )
      if (wrong === undefined) return []
      const [field, value] = wrong
      const actual = String(specField(target.record, field))
      if (from.index !== undefined)
        return [
          problemAt(
            from,
            reference.field,
            flaw(
              `${title(reference)} has the ${field} ${show(actual)}, and this record ${show(value)}.`,
              `Name a ${reference.kind} of the ${field} ${value}.`,
            ),
          ),
        ]
      if (target.index === undefined) return []
      return [
        problemAt(
          target,
          `spec.${field}`,
          flaw(
            `${title(keyOf(from.record))} uses this record and has the ${field} ${show(value)}.`,
            `Keep ${field}: ${value}, or change ${title(keyOf(from.record))} first.`,
          ),
        ),
      ]
    }),
  )

const missingTarget = (
  from: Placed,
  reference: Reference,
  gone: ReadonlyMap<string, RecordKey>,
): ReadonlyArray<SetProblem> => {
  if (from.index !== undefined)
    return [
      problemAt(
        from,
        reference.field,
        flaw(
          `There is no ${title(reference)}.`,
          `Add a record of kind ${reference.kind} with the name ${reference.name}, or correct the name.`,
        ),
      ),
    ]
  const removed = gone.get(identity(reference))
  if (removed === undefined) return []
  const user = title(keyOf(from.record))
  return [
    {
      ...removed,
      ...flaw(
        `${title(removed)} is still used by ${user} (${reference.field}).`,
        `Remove ${user} too, or change it first.`,
      ),
      path: [],
      field: "",
    },
  ]
}

const specField = (record: Envelope, field: string): unknown => Reflect.get(record.spec, field)

const doubleClaims = (records: ReadonlyArray<Placed>): ReadonlyArray<SetProblem> => {
  const holders = new Map<string, Placed>()
  const shares = new Map<string, Shares>()
  // Existing records first, then the input in its order: who is reported is the newcomer.
  return records.flatMap((placed) =>
    claimsOf(placed.record).flatMap((claim) => {
      const holder = claim.shared === undefined ? holderOf(holders, claim, placed) : sharerOf(shares, claim, placed)
      if (holder === undefined || holder.record === placed.record || placed.index === undefined) return []
      return [problemAt(placed, claim.field, claimedTwice(claim, keyOf(holder.record)))]
    }),
  )
}

const holderOf = (holders: Map<string, Placed>, { key }: Claim, placed: Placed): Placed | undefined => {
  const holder = holders.get(key) ?? placed
  holders.set(key, holder)
  return holder
}

/** For the whole and for the parts of something: the first record of each that shares it. */
type Shares = Readonly<Record<"whole" | "part", Map<string, Placed>>>

/** Whoever stands against this claim: the whole against a part, of another. */
const sharerOf = (known: Map<string, Shares>, { key, shared }: Claim, placed: Placed): Placed | undefined => {
  if (shared === undefined) return undefined
  const shares = known.get(key) ?? { whole: new Map(), part: new Map() }
  known.set(key, shares)
  if (!shares[shared.as].has(shared.by)) shares[shared.as].set(shared.by, placed)
  const against = shares[shared.as === "whole" ? "part" : "whole"]
  return [...against].find(([by]) => by !== shared.by)?.[1]
}

// A claim's key is `what:value`.
const claimedTwice = (claim: Claim, holder: RecordKey): Flaw => {
  const [what = "", ...value] = claim.key.split(":")
  if (claim.shared?.as === "whole")
    return flaw(
      `${title(holder)} has a part of the ${what} ${value.join(":")} and is another's.`,
      `Choose another, or change ${title(holder)} first.`,
    )
  return flaw(
    `The ${what} ${value.join(":")} belongs to ${title(holder)}.`,
    `Choose another, or take it from ${title(holder)} first.`,
  )
}
