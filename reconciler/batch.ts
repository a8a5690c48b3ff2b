// Many small requests in few statements: whatever is asked for while one batch runs goes into the next. One request alone
// waits for nobody.

import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FiberSet from "effect/FiberSet"

/** `run` gives one answer for each request, in their order. */
export const make = <Request, Answer, E, R>(options: {
  readonly run: (requests: ReadonlyArray<Request>) => Effect.Effect<ReadonlyArray<Answer>, E, R>
  readonly most: number
}) =>
  Effect.gen(function* () {
    const fork = yield* FiberSet.makeRuntime<R, unknown, never>()
    const waiting: Array<{ readonly request: Request; readonly answer: Deferred.Deferred<Answer, E> }> = []
    let running = false

    const drain = Effect.gen(function* () {
      // Whoever asks in the same turn of the event loop is in the same batch.
      yield* Effect.yieldNow
      while (waiting.length > 0) {
        const batch = waiting.splice(0, options.most)
        const exit = yield* Effect.exit(options.run(batch.map((one) => one.request)))
        batch.forEach((one, index) => {
          const answer = Exit.isSuccess(exit) ? exit.value[index] : undefined
          Deferred.doneUnsafe(
            one.answer,
            Exit.isSuccess(exit) ? Exit.succeed(answer as Answer) : Exit.failCause(exit.cause),
          )
        })
      }
    })

    return (request: Request): Effect.Effect<Answer, E> =>
      Effect.suspend(() => {
        const answer = Deferred.makeUnsafe<Answer, E>()
        waiting.push({ request, answer })
        if (!running) {
          running = true
          fork(
            Effect.ensuring(
              drain,
              Effect.sync(() => {
                running = false
              }),
            ),
          )
        }
        return Deferred.await(answer)
      })
  })
