/**
 * What the set of all records would become, judged as a whole: nobody refers to nothing, nobody has what another has.
 *
 * The one thing to know before changing it: the rules are those of `spec/`; here is only what of a plan they concern.
 */
import * as Effect from "effect/Effect"
import { additions } from "../../spec/counts.ts"
import type { Envelope } from "../../spec/kinds.ts"
import { heldBy, type RecordKey, touchedBy } from "../../spec/ties.ts"
import { type SetProblem, validateSet } from "../../spec/validate-set.ts"
import type { Mistake } from "../problems.ts"
import { decoded } from "./decoded.ts"
import { countTies, touched } from "./existing.ts"
import { at } from "./fields.ts"
import { documentOf, keyOf, type Step, type Wanted } from "./plan.ts"
import type { TouchedRow } from "./rows.ts"
import { lookingAs, operator, type Sight } from "./sight.ts"
import { inTurns } from "./turns.ts"

/** The part of a plan that may break a rule. */
export interface SetChange {
  readonly sent: ReadonlyArray<Wanted>
  /** `sent`, each at the same place. */
  readonly incoming: ReadonlyArray<Envelope>
  readonly removed: ReadonlyArray<RecordKey>
}

/** What the change is judged beside. */
export interface Neighbours {
  /** The records that the change touches, or more. */
  readonly existing: ReadonlyArray<Envelope>
  /** How many there are of what the change adds to, where that has a limit. */
  readonly counted: ReadonlyMap<string, number>
}

interface Neighbour {
  readonly record: Envelope
  readonly seen: boolean
}

/** Most changes have few; after an import past the API it is whatever came that way. */
export const neighboursIn = (rows: ReadonlyArray<TouchedRow>): Effect.Effect<ReadonlyArray<Neighbour>> =>
  Effect.map(
    inTurns(rows, (row) => decoded(row).map((record) => ({ record, seen: row.seen }))),
    (found) => found.flat(),
  )

/** With how many there are as `by` sees it, where the change adds to any. */
const counting = (change: SetChange, existing: ReadonlyArray<Envelope>, by: Sight) => {
  const ties = additions({ existing, ...change }).map(({ tie }) => tie)
  if (ties.length === 0) return Effect.succeed<Neighbours>({ existing, counted: new Map() })
  const keys = [...change.sent, ...change.removed].map(keyOf)
  return Effect.map(lookingAs(by)(countTies(ties, keys)), (counted): Neighbours => ({ existing, counted }))
}

/** All that the change touches. */
export const neighboursOf = Effect.fnUntraced(function* (change: SetChange) {
  const found = yield* near(change, touched)
  return yield* counting(
    change,
    found.map(({ record }) => record),
    operator,
  )
})

/** What of it is a tenant's own, and all of it. */
export const neighboursFor = Effect.fnUntraced(function* (change: SetChange, own: Sight) {
  const found = yield* near(change, touched)
  const seen = found.filter((one) => one.seen).map(({ record }) => record)
  const all = found.map(({ record }) => record)
  return {
    own: yield* counting(change, seen, own),
    all: yield* counting(change, all, operator),
  }
})

type LookUp<E, R> = (ties: ReadonlySet<string>) => Effect.Effect<ReadonlyArray<TouchedRow>, E, R>

export const near = Effect.fnUntraced(function* <E, R>(
  change: SetChange,
  lookUp: LookUp<E, R>,
  /** What was found before, and is not found again. */
  early: ReadonlyArray<Neighbour> = [],
) {
  const next = [...early, ...(yield* neighboursIn(yield* lookUp(touchedBy(change))))]
  const holders = heldBy(
    change.incoming,
    next.map(({ record }) => record),
  )
  return [...next, ...(yield* neighboursIn(yield* lookUp(holders)))]
})

export const changeOf = Effect.fnUntraced(function* (steps: ReadonlyArray<Step>, wanted: ReadonlyArray<Wanted>) {
  // What changes nothing cannot break anything either; leaving it out keeps its place as an existing record.
  const unchanged = new Set(steps.filter(({ action }) => action === "unchanged").map(keyOf))
  const repeated = new Set(wanted.map(({ key }) => key)).size < wanted.length
  const sent = repeated ? wanted : wanted.filter(({ key }) => !unchanged.has(key))
  const incoming = (yield* inTurns(sent, decoded)).flat()
  const removed = steps.filter(({ deleted }) => deleted).map(({ kind, name }) => ({ kind, name }))
  return { sent, incoming, removed } satisfies SetChange
})

export const judge = (
  { sent, incoming, removed }: SetChange,
  { existing, counted }: Neighbours,
  /** Keys of records that were sent too, but have mistakes of their own. */
  broken: ReadonlySet<string>,
  /** Milliseconds since 1970. */
  now: number,
): ReadonlyArray<Mistake> => {
  return fewUsers(validateSet({ existing, incoming, removed, counted, now })).flatMap(
    ({ index, kind, name, field, message, mend }): ReadonlyArray<Mistake> => {
      const culprit = index === undefined ? undefined : sent[index]
      const target = culprit === undefined || field === "" ? undefined : at(documentOf(culprit), field)
      if (typeof target === "string" && [...broken].some((key) => key.endsWith(`/${target}`))) return []
      return [{ ...(culprit?.index === undefined ? {} : { index: culprit.index }), kind, name, field, message, mend }]
    },
  )
}

const usersShown = 10

/** A record that is to go may be used by thousands: some of them are named, and how many more there are. */
const fewUsers = (problems: ReadonlyArray<SetProblem>): ReadonlyArray<SetProblem> => {
  const users = Map.groupBy(
    problems.filter(({ index }) => index === undefined),
    keyOf,
  )
  return [
    ...problems.filter(({ index }) => index !== undefined),
    ...[...users].flatMap(([key, all]) => {
      const more = all.slice(usersShown)
      const message = `${key} is still used by ${more.length} more.`
      return [
        ...all.slice(0, usersShown),
        ...more.slice(0, 1).map((one) => ({ ...one, message, mend: "Remove them too, or change them first." })),
      ]
    }),
  ]
}
