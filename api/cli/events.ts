// What happens, as it happens: the API's server-sent events as one stream that does not end. A lost connection is made
// again; the first event of every connection is `resync`, so that who follows reads the lists anew.

import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import type { Event } from "../shapes.ts"
import { ask, explain, Plumbline } from "./client.ts"
import type { CommandFailure } from "./failure.ts"

const connect = Effect.gen(function* () {
  const connection = yield* (yield* Plumbline).connection
  const events = yield* ask((api) => api.live.events({ query: {}, headers: {} }))
  return Stream.mapError(events, (error) => explain(error, connection))
})

/** Never ends of itself, once the first connection was had. `lost` is told when a connection is lost, once until the next. */
export const events = (
  lost: (why: CommandFailure) => Effect.Effect<void>,
): Stream.Stream<Event, CommandFailure, Plumbline> => {
  let told = false
  const tell = (why: CommandFailure) =>
    Effect.suspend(() => {
      if (told) return Effect.void
      told = true
      return lost(why)
    })
  const heard = Effect.sync(() => {
    told = false
  })
  const again = Stream.unwrap(connect).pipe(
    Stream.tap(() => heard),
    Stream.tapError(tell),
    Stream.retry(Schedule.spaced("1 second")),
    Stream.repeat(Schedule.spaced("200 millis")),
  )
  return Stream.unwrap(
    Effect.map(connect, (first) =>
      Stream.concat(first.pipe(Stream.catch((error) => Stream.fromEffectDrain(tell(error)))), again),
    ),
  )
}
