/** Schedules in systemd's words. systemd.time(7). */
import * as Result from "effect/Result"
import { onCalendar, parseCron } from "../../spec/cron.ts"
import { shaped, UnsafeValue } from "./unsafe.ts"

export const calendarOf = (schedule: string, timeZone: string): ReadonlyArray<string> => {
  const zone = shaped("a time zone", timeZone, /^[A-Za-z_]+(\/[A-Za-z0-9_+-]+){0,2}$/, "Use an IANA name.")
  const parsed = parseCron(schedule)
  if (Result.isFailure(parsed)) throw new UnsafeValue("a schedule", schedule, parsed.failure.mend)
  return onCalendar(parsed.success, zone)
}
