// Times as people write them: `30s`, `5m`, `2h`, `3d` for a length; the same or ISO 8601 for a moment.

import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { CommandFailure } from "./failure.ts"

const unitMillis: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

const millisOf = (text: string): number | undefined => {
  const match = /^(\d{1,9})([smhd])$/.exec(text)
  const unit = match?.[2] === undefined ? undefined : unitMillis[match[2]]
  return match?.[1] === undefined || unit === undefined ? undefined : Number(match[1]) * unit
}

export const durationOf = (text: string): Effect.Effect<Duration.Duration, CommandFailure> => {
  const millis = millisOf(text)
  return millis === undefined || millis === 0
    ? Effect.fail(new CommandFailure({ message: `"${text}" is not a duration`, mend: "write 30s, 5m, 2h or 3d" }))
    : Effect.succeed(Duration.millis(millis))
}

/** A moment in the future, as ISO 8601 in UTC. */
export const momentOf = (text: string): Effect.Effect<string, CommandFailure> =>
  Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    const length = millisOf(text)
    const moment = length === undefined ? DateTime.make(text) : DateTime.make(now + length)
    if (Option.isNone(moment)) {
      return yield* new CommandFailure({
        message: `"${text}" is not a time`,
        mend: "write a length (2h, 3d) or a moment (2031-04-05T18:00:00Z)",
      })
    }
    if (DateTime.toEpochMillis(moment.value) <= now) {
      return yield* new CommandFailure({ message: `"${text}" is over already`, mend: "name a moment in the future" })
    }
    return DateTime.formatIso(moment.value)
  })

/** `12 s ago`, `3 h ago`: as coarse as people read it. */
export const agoOf = (iso: string, now: number): string => {
  const seconds = Math.max(0, Math.round((now - Date.parse(iso)) / 1000))
  if (seconds < 90) return `${seconds} s ago`
  if (seconds < 5400) return `${Math.round(seconds / 60)} min ago`
  if (seconds < 129_600) return `${Math.round(seconds / 3600)} h ago`
  return `${Math.round(seconds / 86_400)} d ago`
}
