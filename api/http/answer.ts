/**
 * What every handler ends with: what the database refuses becomes a problem document.
 *
 * The one thing to know before changing it: only what the client can wait out is `Unavailable`. Any other refusal is a
 * mistake of ours and stays a defect, which is logged and answered without its words.
 */
import * as Effect from "effect/Effect"
import { isSqlError, type SqlError } from "effect/sql/SqlError"
import { Malformed, Unavailable } from "../problems.ts"
import { inTime, isAway, sqlState, wordsOf } from "../store/database.ts"

export const answer = <A, E, R>(handle: Effect.Effect<A, E, R>) => answerGlance(inTime(handle))

/** What only asks by `Glances`, which see to the time that it takes. */
export const answerGlance = <A, E, R>(
  handle: Effect.Effect<A, E, R>,
): Effect.Effect<A, Exclude<E, SqlError> | Malformed | Unavailable, R> =>
  Effect.catch(handle, (error): Effect.Effect<never, Exclude<E, SqlError> | Malformed | Unavailable> => {
    if (!isSqlError(error)) return Effect.fail(error as Exclude<E, SqlError>)
    if (isAway(error))
      return Effect.andThen(Effect.logWarning(`Postgres is away: ${wordsOf(error)}`), Effect.fail(databaseAway))
    // A NUL, which JSON can hold and no text of Postgres can.
    if (["22021", "22P05"].includes(sqlState(error) ?? ""))
      return Effect.fail(
        new Malformed({
          detail: "The request holds a NUL character.",
          problems: [{ field: "", message: "A text holds the character U+0000.", mend: "Remove it." }],
        }),
      )
    return Effect.die(error)
  })

export const databaseAway = new Unavailable({
  detail: "Postgres does not answer. Hosts stay as they are, and the agents go on healing. Try again in a moment.",
})
