// A timer that starts the service of the same name at times of the calendar. It is transient: after a boot it is missing,
// and put back.

import * as Effect from "effect/Effect"
import type { Resource, ResourceType } from "../contract/resource.ts"
import { Host } from "../host/host.ts"
import { transientFolder } from "../host/timers.ts"
import { changed } from "./differences.ts"
import { type Place, place, unitKey } from "./place.ts"
import { goes } from "./removal.ts"

export interface TimerSpec {
  /**
   * OnCalendar expressions in the form in which systemd prints them (`onCalendar` in spec/cron.ts); any of them will do.
   * Without one, there is no timer.
   */
  readonly calendar: ReadonlyArray<string>
}

/** A timer by its full, escaped name. */
export const timer = (name: `${string}.timer`, spec: TimerSpec, where: Place): Resource<TimerSpec> =>
  place("timer", name, spec, where)

export interface SeenTimer {
  readonly calendar: ReadonlyArray<string>
}

// systemd tells them in an order of its own.
const lines = (calendar: ReadonlyArray<string>): string => calendar.toSorted().join("\n")

export const timerType: ResourceType<TimerSpec, SeenTimer> = {
  kind: "timer",
  owns: (id) => [unitKey(id)],
  observe: (id) =>
    Effect.flatMap(Host, ({ timers }) => timers.calendarOf(id)).pipe(
      Effect.map((calendar) => calendar && { calendar }),
    ),
  diff: (spec, seen) =>
    seen === undefined
      ? spec.calendar.length === 0
        ? []
        : [{ field: "calendar", want: lines(spec.calendar), have: null, kind: "missing" }]
      : changed("calendar", lines(spec.calendar), lines(seen.calendar)),
  apply: (id, spec, seen) =>
    lines(seen?.calendar ?? []) === lines(spec.calendar)
      ? Effect.void
      : Effect.flatMap(Host, ({ timers }) =>
          spec.calendar.length === 0 ? timers.stop(id) : timers.start(id, spec.calendar),
        ),
  remove: (id, removal) =>
    Effect.gen(function* () {
      if (!goes(removal)) return []
      const { timers } = yield* Host
      yield* timers.stop(id)
      return []
    }),
  untilBoot: true,
  // Where systemd keeps what it was told of a transient unit: gone with the timer, and another with another one.
  watch: (id) => [`${transientFolder}/${id}`],
}
