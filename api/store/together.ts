/**
 * Statements of requests that come together, as one: to wake Postgres and to plan cost more than what most requests ask for.
 *
 * The one thing to know before changing it: who waits with others shares their statement's failure. A statement that fails for
 * one of them is asked again for each alone, so it may do nothing that must not be done twice where it fails.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Request from "effect/Request"
import * as RequestResolver from "effect/RequestResolver"
import * as Semaphore from "effect/Semaphore"
import type { SqlError } from "effect/sql/SqlError"
import { isAway } from "./database.ts"

/** No statement is so long that the one behind it waits for it. */
const most = 64
/** Of one kind. */
const atOnce = 2

/** `all` gives an answer for each, at the same place. */
export const together = <In, Out>(all: (asked: ReadonlyArray<In>) => Effect.Effect<ReadonlyArray<Out>, SqlError>) => {
  interface Asked extends Request.Request<Out, SqlError> {
    readonly asked: In
  }
  const make = Request.of<Asked>()
  const answered = (entries: ReadonlyArray<Request.Entry<Asked>>): Effect.Effect<void> =>
    Effect.matchCauseEffect(all(entries.map(({ request }) => request.asked)), {
      onSuccess: (answers) =>
        Effect.sync(() => {
          for (const [place, entry] of entries.entries()) entry.completeUnsafe(Exit.succeed(answers[place] as Out))
        }),
      onFailure: (cause) =>
        entries.length === 1 || cause.reasons.some((reason) => reason._tag === "Fail" && isAway(reason.error))
          ? Effect.sync(() => {
              for (const entry of entries) entry.completeUnsafe(Exit.failCause(cause))
            })
          : Effect.forEach(entries, (entry) => answered([entry]), { concurrency: "unbounded", discard: true }),
    })
  const turns = Semaphore.makeUnsafe(atOnce)
  const resolver = RequestResolver.make<Asked>((entries) => turns.withPermit(answered(entries))).pipe(
    // Whoever comes while the statements before are on their way goes with the next.
    RequestResolver.setDelayEffect(Effect.andThen(Effect.yieldNow, turns.withPermit(Effect.void))),
    RequestResolver.batchN(most),
  )
  return (asked: In): Effect.Effect<Out, SqlError> => Effect.request(make({ asked }), resolver)
}
