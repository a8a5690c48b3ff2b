/**
 * Statements of requests that come together, as one: to wake Postgres costs more than what most requests ask for. Whoever comes
 * while nothing of the kind is on its way is asked for at once; who comes meanwhile goes with the next.
 *
 * The one thing to know before changing it: who waits with others shares their statement's failure. A statement that fails for
 * one of them is asked again for each alone, so it may do nothing that must not be done twice where it fails.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { SqlError } from "effect/sql/SqlError"
import { inTime, isAway } from "./database.ts"

/** No statement is so long that the one behind it waits for it. */
const most = 64
interface Waiting<In, Out> {
  readonly asked: In
  readonly done: (exit: Exit.Exit<Out, SqlError>) => void
}

/** `all` gives an answer for each, at the same place. */
export const together = <In, Out>(
  all: (asked: ReadonlyArray<In>) => Effect.Effect<ReadonlyArray<Out>, SqlError>,
  /** How many statements may be on their way. */
  { atOnce = 2 }: { readonly atOnce?: number } = {},
) => {
  const waiting: Array<Waiting<In, Out>> = []
  let onTheirWay = 0

  const ask = (asked: ReadonlyArray<In>) => inTime(all(asked))

  const begin = Effect.sync(() => {
    onTheirWay += 1
  })
  const next = Effect.suspend(() => {
    onTheirWay -= 1
    return waiting.length === 0 ? Effect.void : Effect.asVoid(Effect.forkDetach(forAll(waiting.splice(0, most))))
  })
  // Whatever interrupts whoever asked: who is counted as on their way is counted off again.
  const onTheWay = <A, E>(statement: Effect.Effect<A, E>) =>
    Effect.acquireUseRelease(
      begin,
      () => statement,
      () => next,
    )

  const forAll = (those: ReadonlyArray<Waiting<In, Out>>): Effect.Effect<void> =>
    onTheWay(Effect.flatMap(Effect.exit(ask(those.map(({ asked }) => asked))), (exit) => told(those, exit)))

  const told = (those: ReadonlyArray<Waiting<In, Out>>, exit: Exit.Exit<ReadonlyArray<Out>, SqlError>) => {
    const alone =
      Exit.isFailure(exit) &&
      those.length > 1 &&
      !exit.cause.reasons.some((reason) => reason._tag === "Fail" && isAway(reason.error))
    return alone
      ? Effect.forEach(
          those,
          ({ asked, done }) => Effect.map(Effect.exit(ask([asked])), (own) => done(Exit.map(own, first))),
          { discard: true },
        )
      : Effect.sync(() => {
          for (const [place, { done }] of those.entries()) done(Exit.map(exit, (answers) => answers[place] as Out))
        })
  }

  return (asked: In): Effect.Effect<Out, SqlError> =>
    Effect.callback<Out, SqlError>((resume) => {
      if (onTheirWay < atOnce) return resume(onTheWay(Effect.map(ask([asked]), first)))
      const one: Waiting<In, Out> = { asked, done: resume }
      waiting.push(one)
      return Effect.sync(() => {
        const place = waiting.indexOf(one)
        if (place >= 0) waiting.splice(place, 1)
      })
    })
}

const first = <Out>(answers: ReadonlyArray<Out>): Out => answers[0] as Out
