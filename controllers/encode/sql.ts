/**
 * Names and values of the database servers, checked again where they are rendered: one encoder for each place. Quoting is the
 * business of whoever writes the statement (`reconciler/host/sql-text.ts`).
 *
 * The one thing to know before changing it: `_` is a wildcard in the database of a GRANT. It is escaped there, and has to
 * fit; `%`, backticks, quotes and capitals never come through.
 */
import { collations } from "../../spec/database.ts"
import { shaped, UnsafeValue } from "./unsafe.ts"

export const databaseName = (value: string): string => {
  const mend = "Use 1 to 64 lower-case letters, digits, underscores (each counts twice) and dashes."
  const name = shaped("the name of a database", value, /^[a-z0-9][a-z0-9_-]{0,63}$/, mend)
  if (name.length + name.replace(/[^_]/g, "").length > 64) throw new UnsafeValue("the name of a database", value, mend)
  if (/^(?:mysql|sys|information_schema|performance_schema|plumb.*)$/.test(name))
    throw new UnsafeValue("the name of a database", value, "This name belongs to the system.")
  return name
}

export const userName = (value: string): string => {
  const mend = "Use 1 to 32 lower-case letters, digits, underscores and dashes."
  const name = shaped("the name of a database user", value, /^[a-z0-9][a-z0-9_-]{0,31}$/, mend)
  if (/^(?:root|mysql|mariadb|public|none|debian-sys-maint|plumb.*)$/.test(name))
    throw new UnsafeValue("the name of a database user", value, "This name belongs to the system.")
  return name
}

/** An address, a network with its mask, or localhost: nothing with a wildcard. */
export const host = (value: string): string =>
  shaped(
    "a host of a database user",
    value,
    /^(?:localhost|\d{1,3}(?:\.\d{1,3}){3}(?:\/\d{1,3}(?:\.\d{1,3}){3})?|[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7})$/,
    "Use localhost, an address or a network.",
  )

export const verifier = (value: string): string =>
  shaped("what a server keeps of a password", value, /^\*[0-9A-F]{40}$/, "Set the password with `plumb password`.")

/** A character set with one of its collations: words of the server's own, from a list. */
export const encoding = (
  characterSet: string,
  collation: string | undefined,
): { readonly characterSet: string; readonly collation: string } => {
  const known = Object.entries<ReadonlyArray<string>>(collations).find(([name]) => name === characterSet)?.[1]
  if (known === undefined) throw new UnsafeValue("a character set", String(characterSet), "Choose one of the list.")
  const chosen = known.find((name) => name === (collation ?? known[0]))
  if (chosen === undefined)
    throw new UnsafeValue("a collation", String(collation), "Choose one of the character set's.")
  return { characterSet, collation: chosen }
}
