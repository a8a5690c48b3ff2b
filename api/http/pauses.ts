/** /v1/pauses */
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import * as Option from "effect/Option"
import { isKindName, kindNames } from "../../spec/kinds.ts"
import { Api } from "../contract.ts"
import { Actor } from "../identity/actor.ts"
import { Invalid, type Mistake } from "../problems.ts"
import * as Pauses from "../store/pauses.ts"
import { answerActor } from "./answer-actor.ts"

export const layer = HttpApiBuilder.group(Api, "pauses", (handlers) =>
  handlers
    .handle("list", () => answerActor(Pauses.list))
    .handle("pause", ({ payload }) =>
      answerActor(
        Effect.gen(function* () {
          const { name: actor } = yield* Actor
          const mistakes = yield* mistakesOf(payload)
          if (mistakes.length > 0) return yield* new Invalid({ detail: "Nothing was paused.", problems: mistakes })
          return yield* Pauses.add(payload, { ...payload, actor })
        }),
      ),
    )
    .handle("resume", ({ query }) => answerActor(Pauses.end(query)))
    .handle("resumeOne", ({ params }) => answerActor(Pauses.endOne(params.id))),
)

const mistakesOf = Effect.fnUntraced(function* (pause: {
  readonly kind?: string
  readonly name?: string
  readonly reason: string
  readonly until?: string
}) {
  const mistakes: Array<Mistake> = []
  const add = (field: string, message: string, mend: string) => mistakes.push({ field, message, mend })
  if (pause.kind !== undefined && !isKindName(pause.kind))
    add("kind", "There is no such kind.", `The kinds are ${kindNames.join(", ")}.`)
  if (pause.name !== undefined && pause.kind === undefined)
    add("kind", "A name alone does not say which record is meant.", "Give its kind too.")
  if (pause.reason.trim() === "") add("reason", "The reason is empty.", "Say why, for whoever finds the pause.")
  if (pause.until !== undefined) {
    const until = DateTime.make(pause.until)
    const now = yield* DateTime.now
    if (Option.isNone(until))
      add("until", "This is not an instant.", "Write it as ISO 8601, such as 2030-01-31T12:00:00Z.")
    else if (DateTime.toEpochMillis(until.value) <= DateTime.toEpochMillis(now))
      add("until", "This time has passed.", "Give one in the future.")
  }
  return mistakes
})
