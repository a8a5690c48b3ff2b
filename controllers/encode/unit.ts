/**
 * systemd's unit files: one encoder for each place where a value stands. Names of units are in `layout.ts`.
 *
 * The one thing to know before changing it: `%` begins a specifier in nearly every value and `$` a variable in a command.
 * So neither comes through from a value; the specifiers in our units are literal text of the templates.
 * systemd.syntax(7), systemd.unit(5).
 */
import { encoded, type Text, template } from "./text.ts"
import { absolutePath, shaped, whole } from "./unsafe.ts"

export type Unit = Text<"unit">

export const unit = template("unit")

/**
 * A path, as one argument of a command or one item of a list: quoted when it has to be. Space and letters of other scripts
 * occur in the folder of a directory host alone.
 */
export const path = (value: string): Unit => {
  const where = absolutePath("a path in a unit", value)
  return encoded("unit", /^[A-Za-z0-9/._~+,=@:-]+$/.test(where) ? where : `"${where}"`)
}

/** A path that goes on with a specifier: `/home/%I`. The rest is literal text of ours. */
export const pathWith = (value: string, rest: "/%I.conf" | "/%I.ini" | "/%I" | "/%I/sftp.log"): Unit => {
  const where = `${absolutePath("a path in a unit", value)}${rest}`
  return encoded("unit", /^[A-Za-z0-9/._~+,=@:%-]+$/.test(where) ? where : `"${where}"`)
}

/** A text of ours as one argument of a command, with nothing in it that systemd would read. systemd.service(5). */
export const quoted = (value: string): Unit =>
  encoded("unit", `'${shaped("an argument in a unit", value, /^[^'$%\\\n]+$/, "Use one line without ' $ % and \\.")}'`)

/** A version of PHP inside names: `php8.2`. */
export const version = (value: string): Unit =>
  encoded("unit", shaped("a version of PHP", value, /^\d{1,2}\.\d{1,2}$/, "Use major and minor: 8.2."))

export const integer = (value: number, minimum = 0, maximum = Number.MAX_SAFE_INTEGER): Unit =>
  encoded("unit", whole("a number in a unit", value, minimum, maximum))

/** A name of our own, such as a template's. */
export const name = (value: string): Unit =>
  encoded(
    "unit",
    shaped("a name in a unit", value, /^[a-z][a-z0-9.-]*$/, "Use lower-case letters, digits, dots, dashes."),
  )
