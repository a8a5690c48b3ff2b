// How a command of `plumb` fails: in plain words, with what to do about it, and with an exit code that a script can rely on.
//
// 0 is done; 1 is "looked, and it is not so" (differences, drift, not converged, a broken chain); 2 is "could not look or
// could not do" (usage, an invalid spec, no API). Nothing else is ever used, except 130 for a command that was interrupted.

import * as Data from "effect/Data"
import type { Problem } from "../../spec/problem.ts"
import type { Mistake } from "../problems.ts"

export const exitCode = { done: 0, different: 1, failed: 2 } as const

/**
 * A command ends here. `details` are printed before the message, a line each (problems of a spec, say). `problems` are the
 * same for programs, where they are mistakes with a place.
 */
export class CommandFailure extends Data.TaggedError("CommandFailure")<{
  readonly message: string
  readonly mend?: string
  readonly details?: ReadonlyArray<string>
  readonly problems?: ReadonlyArray<Problem | Mistake>
}> {}

/** A command did its work and found that things are not as they should be: exit 1. Says nothing more when `message` is absent. */
export class NotSo extends Data.TaggedError("NotSo")<{ readonly message?: string }> {}

/** The message of whatever was thrown, without a stack. */
export const wordsOf = (error: unknown): string => {
  if (error instanceof Error) {
    const cause = error.cause instanceof Error && error.cause.message !== "" ? error.cause : undefined
    return error.message === "" && cause !== undefined ? cause.message : error.message || error.name
  }
  return String(error)
}
