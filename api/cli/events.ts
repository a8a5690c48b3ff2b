// What happens, as it happens: the API's server-sent events as one stream that does not end. A lost connection is made
// again; the first event of every connection is `resync`, so that who follows reads the lists anew.

import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import type { Event } from "../shapes.ts"
import { ask, explain, Plumbline } from "./client.ts"
import type { CommandFailure } from "./failure.ts"

const connect: Stream.Stream<Event, CommandFailure, Plumbline> = Stream.unwrap(
  Effect.gen(function* () {
    const connection = yield* (yield* Plumbline).connection
    const events = yield* ask((api) => api.live.events({}))
    return Stream.mapError(events, (error) => explain(error, connection))
  }),
)

/** Never ends of itself. `lost` is told of each loss; the first connection must succeed. */
export const events = (
  lost: (why: CommandFailure) => Effect.Effect<void>,
): Stream.Stream<Event, CommandFailure, Plumbline> =>
  Stream.concat(
    connect.pipe(Stream.catch((error) => Stream.fromEffectDrain(lost(error)))),
    connect.pipe(Stream.tapError(lost), Stream.retry(Schedule.spaced("1 second")), Stream.forever),
  )
