/**
 * Cron schedules as crontab(5) of Debian defines them: read from five fields or a word such as @daily, told as systemd's
 * OnCalendar, and followed to the next runs. Pure.
 *
 * The one thing to know before changing it: `onCalendar` is what a host runs by and `nextRuns` is what people are told, so
 * the two must agree to the minute, also where clocks are put forward or back. A suite asks a real systemd.
 */
import * as DateTime from "effect/DateTime"
import * as Result from "effect/Result"
import { type Flaw, flaw, show } from "./grammar.ts"

/** Each field as the sorted list of what it holds; days of the week count from Sunday, 0. */
export interface CronSchedule {
  readonly minutes: ReadonlyArray<number>
  readonly hours: ReadonlyArray<number>
  readonly days: ReadonlyArray<number>
  readonly months: ReadonlyArray<number>
  readonly weekdays: ReadonlyArray<number>
  /** Both kinds of day are restricted, so that either is enough. Else a day must fit both. */
  readonly eitherDay: boolean
}

interface Field {
  readonly name: keyof Omit<CronSchedule, "eitherDay">
  readonly one: string
  readonly low: number
  readonly high: number
  readonly words: ReadonlyArray<string>
}

const monthWords = "jan feb mar apr may jun jul aug sep oct nov dec".split(" ")
const weekdayWords = "sun mon tue wed thu fri sat".split(" ")

const fields: ReadonlyArray<Field> = [
  { name: "minutes", one: "minute", low: 0, high: 59, words: [] },
  { name: "hours", one: "hour", low: 0, high: 23, words: [] },
  { name: "days", one: "day of the month", low: 1, high: 31, words: [] },
  { name: "months", one: "month", low: 1, high: 12, words: ["", ...monthWords] },
  { name: "weekdays", one: "day of the week", low: 0, high: 7, words: weekdayWords },
]

const abbreviations: ReadonlyMap<string, string> = new Map([
  ["@yearly", "0 0 1 1 *"],
  ["@annually", "0 0 1 1 *"],
  ["@monthly", "0 0 1 * *"],
  ["@weekly", "0 0 * * 0"],
  ["@daily", "0 0 * * *"],
  ["@midnight", "0 0 * * *"],
  ["@hourly", "0 * * * *"],
])

export const parseCron = (text: string): Result.Result<CronSchedule, Flaw> => {
  if (text.startsWith("@")) return parseAbbreviation(text)
  const parts = text.split(/ +/)
  if (parts.length !== fields.length || parts.includes(""))
    return Result.fail(
      flaw(
        `${show(text)} has ${parts.filter((part) => part !== "").length} fields.`,
        "Write five, with a space between: minute, hour, day of the month, month, day of the week, such as 30 4 * * 1-5.",
      ),
    )
  const read = new Map<string, ReadonlyArray<number>>()
  for (const [index, field] of fields.entries()) {
    const values = parseField(field, parts[index] ?? "")
    if (Result.isFailure(values)) return Result.fail(values.failure)
    read.set(field.name, values.success)
  }
  const of = (name: Field["name"]) => read.get(name) ?? []
  const schedule: CronSchedule = {
    minutes: of("minutes"),
    hours: of("hours"),
    days: of("days"),
    months: of("months"),
    weekdays: of("weekdays"),
    // crontab(5): restricted is what does not begin with a star, so */2 is not.
    eitherDay: !parts[2]?.startsWith("*") && !parts[4]?.startsWith("*"),
  }
  return comes(schedule)
    ? Result.succeed(schedule)
    : Result.fail(
        flaw(`${show(text)} names a day that no such month has.`, "Name a day that comes, such as 28 in February."),
      )
}

const parseAbbreviation = (text: string): Result.Result<CronSchedule, Flaw> => {
  const full = abbreviations.get(text)
  if (full !== undefined) return parseCron(full)
  return Result.fail(
    flaw(
      text === "@reboot" ? "@reboot is no time." : `${show(text)} is not known.`,
      `Write ${[...abbreviations.keys()].join(", ")}, or five fields.`,
    ),
  )
}

/** A list of values and ranges, each range perhaps with a step. */
const parseField = (field: Field, text: string): Result.Result<ReadonlyArray<number>, Flaw> => {
  const values = new Set<number>()
  for (const item of text.split(",")) {
    const [range = "", step, ...more] = item.split("/")
    const ends = range.split("-")
    const whole = range === "*"
    if (item === "" || more.length > 0 || ends.length > 2) return Result.fail(notAField(field, text))
    const low = whole ? field.low : readValue(field, ends[0] ?? "")
    const high = whole ? field.high : ends[1] === undefined ? low : readValue(field, ends[1], true)
    if (low === undefined || high === undefined)
      return Result.fail(notAValue(field, low === undefined ? ends[0] : ends[1]))
    if (low > high)
      return Result.fail(
        flaw(
          `${show(range)} ends before it begins.`,
          "Write the smaller one first, or two ranges with a comma between.",
        ),
      )
    if (step !== undefined && !whole && ends.length === 1)
      return Result.fail(
        flaw(`${show(item)} has a step and no range.`, `Write ${range}-${field.high}/${step}, or */${step}.`),
      )
    const by = step === undefined ? 1 : /^\d{1,2}$/.test(step) ? Number(step) : 0
    if (by === 0)
      return Result.fail(flaw(`${show(item)} has no step after the slash.`, "Write a whole number from 1 to 99."))
    for (let value = low; value <= high; value += by) values.add(field.name === "weekdays" ? value % 7 : value)
  }
  return Result.succeed([...values].sort((a, b) => a - b))
}

const readValue = (field: Field, text: string, ends = false): number | undefined => {
  const word = text === "" ? -1 : field.words.indexOf(text.toLowerCase())
  // A week that ends with Sunday: sat-sun.
  if (word >= 0) return ends && field.name === "weekdays" && word === 0 ? 7 : word
  const value = /^\d{1,2}$/.test(text) ? Number(text) : Number.NaN
  return value >= field.low && value <= field.high ? value : undefined
}

const notAValue = ({ one, low, high, words }: Field, text = ""): Flaw =>
  flaw(
    `${show(text)} is no ${one}.`,
    `Give a whole number from ${low} to ${high}${words.length === 0 ? "" : ` or a name such as ${words[1]}`}.`,
  )

const notAField = ({ one }: Field, text: string): Flaw =>
  flaw(
    `${show(text)} cannot be read as the field for the ${one}.`,
    "Write *, a value, a range such as 1-5, a step such as */5 or 1-9/2, or a list of them with commas between.",
  )

const longest = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

const comes = ({ days, months, eitherDay }: CronSchedule): boolean =>
  eitherDay || months.some((month) => days.some((day) => day <= (longest[month - 1] ?? 0)))

/**
 * The schedule in systemd's words (systemd.time(7)), in the form in which systemd itself prints it. Two when either kind
 * of day is enough: a timer elapses when one of its expressions does.
 */
export const onCalendar = (schedule: CronSchedule, timeZone: string): ReadonlyArray<string> => {
  const { minutes, hours, days, months, weekdays, eitherDay } = schedule
  const zone = isThroughout(schedule, timeZone) ? "UTC" : timeZone
  const time = `${list(hours, 24)}:${list(minutes, 60)}:00 ${zone}`
  const date = (which: ReadonlyArray<number>) => `*-${list(months, 12)}-${list(which, 31)} ${time}`
  const byWeekday = (rest: string) => (weekdays.length === 7 ? rest : `${weekdayList(weekdays)} ${rest}`)
  return eitherDay ? [date(days), byWeekday(date(allDays))] : [byWeekday(date(days))]
}

/**
 * It runs in every hour there is, so no clock that is put back may make it rest: of an hour that comes twice systemd
 * knows the first alone. Minutes are those of UTC wherever clocks differ by whole hours.
 */
const isThroughout = ({ hours, days, months, weekdays }: CronSchedule, timeZone: string): boolean =>
  hours.length === 24 &&
  days.length === 31 &&
  months.length === 12 &&
  weekdays.length === 7 &&
  offsetsOf(timeZone).inWholeHours

const allDays = Array.from({ length: 31 }, (_, index) => index + 1)

const list = (values: ReadonlyArray<number>, all: number): string =>
  values.length === all ? "*" : values.map((value) => String(value).padStart(2, "0")).join(",")

/** From Monday on, three and more in a row as a range. */
const weekdayList = (weekdays: ReadonlyArray<number>): string => {
  const order = "Mon Tue Wed Thu Fri Sat Sun".split(" ")
  const at = weekdays.map((day) => (day + 6) % 7).sort((a, b) => a - b)
  const rows: Array<Array<number>> = []
  for (const day of at) {
    const row = rows.at(-1)
    if (row?.at(-1) === day - 1) row.push(day)
    else rows.push([day])
  }
  return rows
    .map((row) =>
      row.length > 2
        ? [row[0], row.at(-1)].map((day) => order[day ?? 0]).join("..")
        : row.map((day) => order[day]).join(","),
    )
    .join(",")
}

const hour = 3_600_000
const day = 24 * hour
/** 29 February of a given weekday comes every 40 years at the latest, when a century is in between. */
const horizon = 41 * 366

/**
 * The next `count` runs after a moment, in milliseconds since 1970. A time that the clocks leave out does not come on that
 * day; of one that they show twice the first counts, unless the job runs in every hour anyway.
 */
export const nextRuns = (
  schedule: CronSchedule,
  timeZone: string,
  after: number,
  count: number,
): ReadonlyArray<number> => {
  const throughout = isThroughout(schedule, timeZone)
  const { at: offsetAt } = offsetsOf(throughout ? "UTC" : timeZone)
  const runs: Array<number> = []
  // Local days as days of UTC, from the one before, for whatever a zone may do.
  const first = Math.floor((after + offsetAt(after)) / day) - 1
  let last = first + horizon
  for (let date = first; date < last && runs.length < count; date++) {
    if (!isDay(schedule, date)) continue
    last = date + horizon
    const offsets = [...new Set([offsetAt(date * day - day), offsetAt(date * day + 2 * day)])]
    const found = schedule.hours.flatMap((h) =>
      schedule.minutes.flatMap((m) => {
        const local = date * day + h * hour + m * 60_000
        const instants = offsets.map((offset) => local - offset)
        const real = offsets.length === 1 ? instants : instants.filter((one) => one + offsetAt(one) === local)
        return real.length > 1 ? [Math.min(...real)] : real
      }),
    )
    runs.push(...found.filter((instant) => instant > after).sort((a, b) => a - b))
  }
  return runs.slice(0, count)
}

const isDay = ({ days, months, weekdays, eitherDay }: CronSchedule, date: number): boolean => {
  const parts = DateTime.toPartsUtc(DateTime.makeUnsafe(date * day))
  if (!months.includes(parts.month)) return false
  const [byDay, byWeekday] = [days.includes(parts.day), weekdays.includes(parts.weekDay)]
  return eitherDay ? byDay || byWeekday : byDay && byWeekday
}

interface Offsets {
  /** How far the zone's clocks are ahead of UTC at a moment, in milliseconds. */
  readonly at: (instant: number) => number
  readonly inWholeHours: boolean
}

const known = new Map<string, Offsets>()

const offsetsOf = (timeZone: string): Offsets => {
  const before = known.get(timeZone)
  if (before !== undefined) return before
  const format = new Intl.DateTimeFormat("en-US", { timeZone, timeZoneName: "longOffset", year: "numeric" })
  const at = (instant: number) => {
    const text = format.formatToParts(instant).find(({ type }) => type === "timeZoneName")?.value ?? ""
    const [, sign, hours = "0", minutes = "0"] = /^GMT([+-])(\d{1,2}):(\d{2})/.exec(text) ?? []
    return (sign === "-" ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000
  }
  // What a zone does in the years ahead is a projection of its present rules; a month apart no rule is missed.
  const months = Array.from({ length: 12 * 15 }, (_, index) => Date.UTC(2025, index, 1))
  const offsets = { at, inWholeHours: months.every((month) => at(month) % hour === 0) }
  known.set(timeZone, offsets)
  return offsets
}
