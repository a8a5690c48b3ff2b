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
import { countTies, decoded, touched } from "./existing.ts"
import { at } from "./fields.ts"
import { documentOf, keyOf, type Step, type Wanted } from "./plan.ts"
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

export const neighboursOf = Effect.fn("judge.neighboursOf")(function* (change: SetChange) {
  const near = (yield* touched(touchedBy(change))).flatMap(decoded)
  const existing = [...near, ...(yield* touched(heldBy(change.incoming, near))).flatMap(decoded)]
  const ties = additions({ existing, ...change }).map(({ tie }) => tie)
  const counted = yield* countTies(ties, [...change.sent, ...change.removed].map(keyOf))
  return { existing, counted } satisfies Neighbours
})

export const changeOf = Effect.fn("judge.changeOf")(function* (
  steps: ReadonlyArray<Step>,
  wanted: ReadonlyArray<Wanted>,
) {
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
