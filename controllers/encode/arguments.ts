/**
 * Arguments of systemd-run, one a line, and the two texts that go with them: a command and its variables.
 *
 * The one thing to know before changing it: a line end is the only thing that ends an argument, and no encoder lets one
 * through. A property's value is in the syntax of unit files, in which `%` begins a specifier and a space divides.
 * systemd-run(1), systemd.exec(5), systemd.service(5).
 */
import { encoded, type Text } from "./text.ts"
import { absolutePath, shaped, UnsafeValue, whole } from "./unsafe.ts"

export type Argument = Text<"argument">

/** One argument: literal text of ours and encoded values. */
export const argument = (strings: TemplateStringsArray, ...holes: ReadonlyArray<Argument>): Argument =>
  encoded(
    "argument",
    strings.reduce((out, part, index) => `${out}${holes[index - 1]}${part}`),
  )

/** Literal text of ours. */
export const literal = (text: string): Argument => encoded("argument", text)

/** A file of them. */
export const lines = (given: ReadonlyArray<Argument>): string => given.map((line) => `${line}\n`).join("")

export const path = (value: string): Argument => {
  const where = absolutePath("a path in an argument", value)
  return encoded("argument", /^[A-Za-z0-9/._~+,=@:-]+$/.test(where) ? where : `"${where}"`)
}

export const integer = (value: number, minimum: number, maximum: number): Argument =>
  encoded("argument", whole("a number in an argument", value, minimum, maximum))

/** A name of ours: of an account, of a record. */
export const name = (value: string): Argument =>
  encoded(
    "argument",
    shaped("a name in an argument", value, /^[a-z0-9][a-z0-9-]*$/, "Use lower-case letters, digits and dashes."),
  )

/** A unit's escaped name. */
export const unit = (value: string): Argument =>
  encoded(
    "argument",
    shaped("the name of a unit", value, /^[A-Za-z0-9:_.@\\-]+$/, "Use a name as systemd-escape writes it."),
  )

export const word = (value: string, allowed: ReadonlyArray<string>): Argument => {
  if (allowed.includes(value)) return encoded("argument", value)
  throw new UnsafeValue("a setting", String(value), `Use one of ${allowed.join(", ")}.`)
}

export const uuid = (value: string): Argument =>
  encoded(
    "argument",
    shaped("the identity of a record", value, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, "Use a UUID."),
  )

const invisible = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}]/u

/** A command as one argument of `sh -c`, with each dollar twice: systemd.service(5), command lines. */
export const command = (value: string): string => {
  const seen = typeof value === "string" ? value.replaceAll(/[\n\t]/g, " ") : ""
  if (seen.trim() === "" || seen.length > 32_768 || invisible.test(seen))
    throw new UnsafeValue("a command", String(value), "Use text of whole lines, without control characters.")
  return value.replaceAll("$", "$$$$")
}

/** systemd.exec(5), EnvironmentFile: between double quotes a backslash goes before these four. */
export const environment = (variables: { readonly [name: string]: string }): string =>
  Object.entries(variables)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => {
      const variable = shaped("the name of a variable", key, /^[A-Za-z_][A-Za-z0-9_]*$/, "Use letters, digits and _.")
      const text = variableValue(value)
      return `${variable}="${text.replaceAll(/["\\$`]/g, "\\$&")}"\n`
    })
    .join("")

/** Some of them are secrets, so that none is repeated where it cannot stand. */
const variableValue = (value: string): string => {
  if (typeof value === "string" && !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(value)) return value
  throw new UnsafeValue("the value of a variable", "(hidden)", "Use one line without control characters.")
}
