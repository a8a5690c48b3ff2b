/** What may only be done by somebody who has proved lately to be the one: a browser that was left open is not enough. */
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import { Forbidden } from "../problems.ts"
import { Actor } from "./actor.ts"

const lately = 10 * 60_000

/** Whoever has the token of the machine's administrator could read it again. */
export const provedLately = Effect.gen(function* () {
  const { authenticatedAt, user } = yield* Actor
  const now = DateTime.toEpochMillis(yield* DateTime.now)
  if (user === null || (authenticatedAt !== null && now - authenticatedAt < lately)) return
  return yield* new Forbidden({ detail: "This wants a log-in of the last ten minutes. Log in again, and repeat it." })
})
