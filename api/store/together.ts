/**
 * Statements of requests that come together, as one: to wake Postgres costs more than what most requests ask for. Whoever comes
 * while nothing of the kind is on its way is asked for at once; who comes meanwhile goes with the next.
 *
 * The one thing to know before changing it: who waits with others shares their statement's failure. A statement that fails for
 * one of them is asked again for each alone, so it may do nothing that must not be done twice where it fails.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { SqlError } from "effect/sql/SqlError"
import { inTime, isAway } from "./database.ts"
import { realTimer, type Timer } from "./pace.ts"

/** No statement is so long that the one behind it waits for it. */
const most = 64

export interface Pace {
  /** How many statements may be on their way. */
  readonly atOnce?: number
  /**
   * How many milliseconds lie at least between the beginnings of two statements: those who come faster go together, and cost
   * less. Who comes later than that waits for nobody.
   */
  readonly apart?: () => number
  readonly timer?: Timer
}

interface Waiting<In, Out> {
  readonly asked: In
  readonly answer: Deferred.Deferred<Out, SqlError>
}

/** `all` gives an answer for each, at the same place. */
export const together = <In, Out>(
  all: (asked: ReadonlyArray<In>) => Effect.Effect<ReadonlyArray<Out>, SqlError>,
  { atOnce = 2, apart = () => 0, timer = realTimer }: Pace = {},
) => {
  const waiting: Array<Waiting<In, Out>> = []
  let onTheirWay = 0
  let began = Number.NEGATIVE_INFINITY
  let nextIsDue = false

  const ask = (asked: ReadonlyArray<In>) => inTime(all(asked))

  const begin = Effect.sync(() => {
    began = timer.now()
    onTheirWay += 1
  })
  const end = Effect.suspend(() => {
    onTheirWay -= 1
    return next
  })
  // Whatever interrupts whoever asked: who is counted as on their way is counted off again.
  const onTheWay = <A, E>(statement: Effect.Effect<A, E>) =>
    Effect.acquireUseRelease(
      begin,
      () => statement,
      () => end,
    )

  /** Those who wait, as soon as they may. */
  const next: Effect.Effect<void> = Effect.suspend(() => {
    if (waiting.length === 0 || nextIsDue || onTheirWay >= atOnce) return Effect.void
    const early = began + apart() - timer.now()
    // Counted before anybody else comes.
    if (early <= 0) return Effect.asVoid(Effect.forkDetach(forAll(waiting.splice(0, most)), { startImmediately: true }))
    nextIsDue = true
    const later = Effect.suspend(() => {
      nextIsDue = false
      return next
    })
    return Effect.asVoid(Effect.forkDetach(Effect.andThen(timer.sleep(early), later)))
  })

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
          ({ asked, answer }) =>
            Effect.map(Effect.exit(ask([asked])), (own) => Deferred.doneUnsafe(answer, Exit.map(own, first))),
          { discard: true },
        )
      : Effect.sync(() => {
          for (const [place, { answer }] of those.entries())
            Deferred.doneUnsafe(
              answer,
              Exit.map(exit, (answers) => answers[place] as Out),
            )
        })
  }

  return (asked: In): Effect.Effect<Out, SqlError> =>
    Effect.suspend(() => {
      if (onTheirWay < atOnce && waiting.length === 0 && began + apart() <= timer.now())
        return onTheWay(Effect.map(ask([asked]), first))
      const one: Waiting<In, Out> = { asked, answer: Deferred.makeUnsafe() }
      waiting.push(one)
      const forgotten = Effect.sync(() => {
        const place = waiting.indexOf(one)
        if (place >= 0) waiting.splice(place, 1)
      })
      return Effect.onInterrupt(Effect.andThen(next, Deferred.await(one.answer)), () => forgotten)
    })
}

const first = <Out>(answers: ReadonlyArray<Out>): Out => answers[0] as Out
