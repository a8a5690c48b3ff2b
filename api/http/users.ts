/** /v1/users */
import * as Effect from "effect/Effect"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import { Api } from "../contract.ts"
import * as Acting from "../identity/acting.ts"
import * as People from "../identity/people.ts"
import { NotFound } from "../problems.ts"
import { answer } from "./answer.ts"
import { answerActor } from "./answer-actor.ts"
import { loggedIn, ownRefreshToken } from "./identity.ts"

/** The one that is left of a deed on one. */
const one = (id: string, deed: People.Deed, reason?: string) =>
  Effect.flatMap(People.doAll([id], deed, reason), ([user]) =>
    user === undefined
      ? Effect.fail(new NotFound({ detail: `There is no user ${id} any more.` }))
      : Effect.succeed(user),
  )

export const layer = HttpApiBuilder.group(Api, "users", (handlers) =>
  handlers
    .handle("list", ({ query }) => answerActor(People.list(query)))
    .handle("invite", ({ payload }) => answerActor(People.invite(payload)))
    .handle("bulk", ({ payload: { action, ids, reason } }) =>
      answerActor(Effect.map(People.doAll(ids, action, reason), (items) => ({ items }))),
    )
    .handle("read", ({ params }) => answerActor(People.read(params.id)))
    .handle("change", ({ params, payload }) => answerActor(People.change(params.id, payload)))
    .handle("remove", ({ params }) => answerActor(Effect.asVoid(People.doAll([params.id], "remove"))))
    .handle("suspend", ({ params, payload }) => answerActor(one(params.id, "suspend", payload.reason)))
    .handle("activate", ({ params }) => answerActor(one(params.id, "activate")))
    .handle("inviteAgain", ({ params }) => answerActor(People.inviteAgain(params.id)))
    .handle("actAs", ({ params, payload }) =>
      Effect.gen(function* () {
        const user = yield* answerActor(Acting.target(params.id))
        return yield* answer(
          Effect.gen(function* () {
            const opened = yield* Acting.begin(user, payload.reason)
            return yield* loggedIn({ ...opened, returnToken: yield* ownRefreshToken })
          }),
        )
      }),
    )
    .handle("removeFactors", ({ params }) => answerActor(People.removeFactors(params.id))),
)
