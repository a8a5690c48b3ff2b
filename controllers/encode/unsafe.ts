/**
 * What an encoder answers to a value that it cannot vouch for. The agent trusts no record, also none from our own API: a
 * value was validated when it was written, and is validated again where it is rendered, by a grammar of its own.
 *
 * The one thing to know before changing it: it is thrown, because it leaves the middle of a template; `guarded` (in
 * `controllers/outcome.ts`) catches it around every render and makes a stalled record of it, so it never leaves a controller.
 */

export class UnsafeValue extends Error {
  override readonly name = "UnsafeValue"
  readonly place: string
  readonly value: string
  readonly mend: string

  constructor(place: string, value: string, mend: string) {
    super(`${printable(value)} cannot stand as ${place}.`)
    this.place = place
    this.value = value
    this.mend = mend
  }
}

/** One short line, whatever the value holds. */
export const printable = (value: string): string => {
  const line = JSON.stringify(value).replace(
    /[^\x20-\x7e]/gu,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  )
  return line.length <= 80 ? line : `${line.slice(0, 77)}…"`
}

/** The value itself when all of it has the shape. `shape` must be anchored with ^ and $, without the m flag. */
export const shaped = (place: string, value: unknown, shape: RegExp, mend: string): string => {
  // The type of a record says string; a record that comes from elsewhere may say otherwise.
  // Whatever the shape says: no control character and no line separator, which end a line or a token somewhere.
  if (typeof value === "string" && shape.test(value) && !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(value)) return value
  throw new UnsafeValue(place, typeof value === "string" ? value : String(value), mend)
}

/** A whole number in a range, in decimal. */
export const whole = (place: string, value: unknown, minimum: number, maximum: number): string => {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= minimum && value <= maximum)
    return `${value}`
  throw new UnsafeValue(place, String(value), `Give a whole number from ${minimum} to ${maximum}.`)
}

/**
 * An absolute path of a host: no empty, `.` or `..` segment, nothing that one of the formats expands, ends or escapes. The
 * folder of a directory host may hold spaces and letters of any script; every encoder that allows them quotes the path.
 */
export const absolutePath = (place: string, value: unknown): string => {
  const mend = "Use an absolute path of letters, digits, spaces and . _ ~ + , = @ : - without . and .. segments."
  const path = shaped(place, value, /^(\/[\p{L}\p{M}\p{N} ._~+,=@:-]+)+$/u, mend)
  if (path.split("/").some((segment) => segment === "." || segment === ".." || segment.trim() !== segment))
    throw new UnsafeValue(place, path, mend)
  return path
}
