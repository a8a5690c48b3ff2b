/** `answer`, for what is asked of records, users and tenants: in one transaction, which sees what its actor may see. */
import * as Effect from "effect/Effect"
import { Actor } from "../identity/actor.ts"
import { withSight } from "../store/sight.ts"
import { answer } from "./answer.ts"

export const answerActor = <A, E, R>(handle: Effect.Effect<A, E, R>) =>
  answer(Effect.flatMap(Actor, ({ sight }) => withSight(sight)(handle)))
