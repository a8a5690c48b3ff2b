// What `plumb` writes: results to stdout, everything else to stderr. Colours only where a terminal reads (NO_COLOR and
// FORCE_COLOR are respected by `styleText`), progress only there too.
//
// Text that came from a host or a record goes through `clean`: a file that a tenant wrote is shown in diffs, and must not be
// able to move the cursor of the person who reads it.

import { stripVTControlCharacters, styleText } from "node:util"
import * as Clock from "effect/Clock"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"

type Format = Parameters<typeof styleText>[0]

/** Styles for stdout. `validateStream` (the default) leaves text alone when stdout is no terminal. */
export const paint = (format: Format, text: string): string => styleText(format, text, { stream: process.stdout })
/** Styles for stderr. */
export const paintError = (format: Format, text: string): string => styleText(format, text, { stream: process.stderr })

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are exactly what must not reach a terminal
const hostile = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g

/** Control and direction-changing characters as visible escapes; newline and tab stay. */
export const clean = (text: string): string =>
  text.replace(hostile, (character) => {
    const code = character.charCodeAt(0)
    return code < 256 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`
  })

export const print = (text: string): Effect.Effect<void> => Console.log(text)
export const note = (text: string): Effect.Effect<void> => Console.error(text)
export const printJson = (value: unknown): Effect.Effect<void> => Console.log(JSON.stringify(value, null, 2))

const width = (text: string): number => stripVTControlCharacters(text).length

/** Columns wide enough for their longest cell, two spaces apart; the last is not padded. */
export const table = (head: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>): string => {
  const widths = head.map((title, column) => Math.max(width(title), ...rows.map((row) => width(row[column] ?? ""))))
  const line = (cells: ReadonlyArray<string>) =>
    cells
      .map((cell, column) =>
        column === cells.length - 1 ? cell : cell + " ".repeat(Math.max(0, (widths[column] ?? 0) - width(cell))),
      )
      .join("  ")
      .trimEnd()
  return [paint("dim", line(head)), ...rows.map(line)].join("\n")
}

/** The colours that people know from `git diff`. */
export const paintDiff = (diff: string): string =>
  clean(diff)
    .split("\n")
    .map((line) =>
      line.startsWith("+++") || line.startsWith("---")
        ? paint("bold", line)
        : line.startsWith("@@")
          ? paint("cyan", line)
          : line.startsWith("+")
            ? paint("green", line)
            : line.startsWith("-")
              ? paint("red", line)
              : line,
    )
    .join("\n")

/** A word for a state, in the colour of its meaning. */
export const paintState = (state: string): string =>
  paint(state === "ready" ? "green" : state === "stalled" ? "red" : "yellow", state)

/** Says on one line of a terminal what is going on; elsewhere in plain lines, and only when it takes long. */
export interface Progress {
  readonly say: (text: string) => Effect.Effect<void>
  readonly end: Effect.Effect<void>
}

export const makeProgress: Effect.Effect<Progress> = Effect.map(Clock.currentTimeMillis, (started) => {
  const live = process.stderr.isTTY === true
  let shown = false
  let next = started + 5000
  return {
    say: (text) =>
      Effect.map(Clock.currentTimeMillis, (now) => {
        if (live) {
          shown = true
          // A line that wraps could not be taken back.
          const line = clean(text).slice(0, (process.stderr.columns ?? 80) - 1)
          process.stderr.write(`\r\u001b[2K${paintError("dim", line)}`)
        } else if (now >= next) {
          next = now + 5000
          process.stderr.write(`${clean(text)}\n`)
        }
      }),
    end: Effect.sync(() => {
      if (shown) process.stderr.write("\r\u001b[2K")
    }),
  }
})
