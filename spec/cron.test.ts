import { Cron } from "croner"
import * as Result from "effect/Result"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { cronExpression } from "./arbitrary.ts"
import { nextRuns, onCalendar, parseCron } from "./cron.ts"

const parsed = (text: string) => Result.getOrThrow(parseCron(text))
const refused = (text: string) =>
  Result.match(parseCron(text), { onFailure: (flaw) => flaw, onSuccess: () => undefined })
const at = (text: string, zone: string, after: string, count = 4) =>
  nextRuns(parsed(text), zone, Date.parse(after), count).map((moment) => new Date(moment).toISOString().slice(0, 16))

describe("a cron schedule", () => {
  it("is read from numbers, names, ranges, steps and lists", () => {
    expect(parsed("0,30 9-17/4 1-3,31 jan,Jul-SEP mon-fri")).toEqual({
      minutes: [0, 30],
      hours: [9, 13, 17],
      days: [1, 2, 3, 31],
      months: [1, 7, 8, 9],
      weekdays: [1, 2, 3, 4, 5],
      eitherDay: true,
    })
  })

  it("has Sunday at both ends of the week", () => {
    for (const text of ["0", "7", "sun", "0,7"]) expect(parsed(`0 0 * * ${text}`).weekdays).toEqual([0])
    expect(parsed("0 0 * * sat-sun").weekdays).toEqual([0, 6])
    expect(parsed("0 0 * * 5-7").weekdays).toEqual([0, 5, 6])
  })

  it("may be a word", () => {
    expect(parsed("@daily")).toEqual(parsed("0 0 * * *"))
    expect(parsed("@annually")).toEqual(parsed("0 0 1 1 *"))
  })

  it.each([
    ["* * * *", "has 4 fields"],
    ["* * * * * *", "has 6 fields"],
    ["60 * * * *", '"60" is no minute'],
    ["* 24 * * *", '"24" is no hour'],
    ["* * 0 * *", '"0" is no day of the month'],
    ["* * * 13 *", '"13" is no month'],
    ["* * * foo *", '"foo" is no month'],
    ["* * * * 8", '"8" is no day of the week'],
    ["* * * * fri-mon", "ends before it begins"],
    ["5/15 * * * *", "has a step and no range"],
    ["*/0 * * * *", "has no step"],
    ["*/ * * * *", "has no step"],
    ["1, * * * *", "cannot be read"],
    ["1-2-3 * * * *", "cannot be read"],
    ["-1 * * * *", "is no minute"],
    ["1.5 * * * *", "is no minute"],
    ["? * * * *", "is no minute"],
    ["* * L * *", "is no day of the month"],
    ["* * * * 5#2", "is no day of the week"],
    ["0 0 30 2 *", "names a day that no such month has"],
    ["0 0 31 4,6,sep */1", "names a day that no such month has"],
    ["@reboot", "is no time"],
    ["@often", "is not known"],
    ["", "has 0 fields"],
    [" * * * * *", "has 5 fields"],
  ])("%j is refused: %s", (text, words) => {
    expect(refused(text)?.message).toContain(words)
    expect(refused(text)?.mend).toMatch(/\.$/)
  })

  it("needs either kind of day when both are restricted, and else both", () => {
    expect(at("0 0 13 * fri", "UTC", "2027-08-01T00:00:00Z")).toEqual([
      "2027-08-06T00:00",
      "2027-08-13T00:00",
      "2027-08-20T00:00",
      "2027-08-27T00:00",
    ])
    expect(at("0 0 */2 * fri", "UTC", "2027-08-01T00:00:00Z")).toEqual([
      "2027-08-13T00:00",
      "2027-08-27T00:00",
      "2027-09-03T00:00",
      "2027-09-17T00:00",
    ])
    expect(onCalendar(parsed("0 0 13 * fri"), "UTC")).toEqual(["*-*-13 00:00:00 UTC", "Fri *-*-* 00:00:00 UTC"])
    expect(onCalendar(parsed("0 0 */2 * fri"), "UTC")).toHaveLength(1)
  })

  it("is told to systemd in the form in which systemd prints it", () => {
    expect(onCalendar(parsed("* * * * *"), "UTC")).toEqual(["*-*-* *:*:00 UTC"])
    expect(onCalendar(parsed("*/20 4 1 2 *"), "Europe/Vienna")).toEqual(["*-02-01 04:00,20,40:00 Europe/Vienna"])
    expect(onCalendar(parsed("0 0 * * sun,mon,tue,wed,fri,sat"), "UTC")).toEqual([
      "Mon..Wed,Fri..Sun *-*-* 00:00:00 UTC",
    ])
    expect(onCalendar(parsed("0 0 * * mon,tue,sun"), "UTC")).toEqual(["Mon,Tue,Sun *-*-* 00:00:00 UTC"])
  })

  it("passes over an hour that clocks leave out", () => {
    expect(at("30 2 * * *", "Europe/Vienna", "2027-03-27T12:00:00Z", 2)).toEqual([
      "2027-03-29T00:30",
      "2027-03-30T00:30",
    ])
  })

  it("comes on 29 February alone when that is what it says", () => {
    expect(at("0 0 29 feb *", "UTC", "2097-01-01T00:00:00Z", 2)).toEqual(["2104-02-29T00:00", "2108-02-29T00:00"])
  })
})

describe("the next 1,000 runs of a random schedule", () => {
  const zones = fc.constantFrom(
    ...["UTC", "Europe/Vienna", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "America/Santiago"],
    ...["Pacific/Auckland", "America/St_Johns", "Atlantic/Azores", "Asia/Kathmandu"],
  )
  const moments = fc.integer({ min: Date.UTC(2020), max: Date.UTC(2037) })

  /** What a clock on the wall shows, which tells of an hour that comes twice. */
  const clockOf = (zone: string) => {
    const format = new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short", timeStyle: "short" })
    return (instant: number) => format.format(instant)
  }

  /**
   * croner's rule for the days is an option; its rules for changes of the clocks are others than systemd's. It makes up
   * for a time that is left out, and runs some jobs again in an hour that comes twice: neither is compared. What systemd
   * does there is compared with systemd (fixtures/suite/cron.host.test.ts).
   */
  const compared = (runs: ReadonlyArray<number>, text: string, zone: string): ReadonlyArray<string> => {
    const { hours, minutes } = parsed(text)
    const clock = clockOf(zone)
    const shown = runs.map(clock).filter((time) => {
      const [, h, m] = / (\d\d):(\d\d)$/.exec(time) ?? []
      return hours.includes(Number(h)) && minutes.includes(Number(m))
    })
    return [...new Set(shown)].sort()
  }

  const endOfTheirs = Date.UTC(2999)

  it("are those of another implementation, over changes of the clocks too", () => {
    fc.assert(
      fc.property(cronExpression, zones, moments, (text, zone, after) => {
        const ours = nextRuns(parsed(text), zone, after, 1000).filter((instant) => instant < endOfTheirs)
        const { eitherDay } = parsed(text)
        const cron = new Cron(text, { timezone: zone, paused: true, domAndDow: !eitherDay })
        const theirs = cron.nextRuns(1100, new Date(after)).map((date) => date.getTime())
        const [mine, other] = [compared(ours, text, zone), compared(theirs, text, zone)]
        expect(mine.length).toBeGreaterThan(0)
        expect(other.slice(0, mine.length)).toEqual(mine)
      }),
      { numRuns: 60 },
    )
  })
})
