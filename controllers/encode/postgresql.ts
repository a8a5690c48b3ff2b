/**
 * Names and values of PostgreSQL, checked again where they are rendered. Quoting is the business of whoever writes the
 * statement (`reconciler/host/postgres-text.ts`).
 *
 * The one thing to know before changing it: databases and users are roles of one namespace. A user of a database's name
 * would be what everybody of that database is a member of.
 */
import { shaped, UnsafeValue } from "./unsafe.ts"

const reserved = /^(?:postgres|template[01]|all|sameuser|samerole|replication|public|none|pg_.*|plumb.*)$/

const role = (what: string, value: string): string => {
  const mend = "Use 1 to 51 lower-case letters, digits and underscores."
  const name = shaped(what, value, /^[a-z0-9][a-z0-9_]{0,50}$/, mend)
  if (reserved.test(name)) throw new UnsafeValue(what, value, "This name belongs to the system.")
  return name
}

export const databaseName = (value: string): string => role("the name of a database", value)

export const userName = (value: string, database: string): string => {
  const name = role("the name of a database user", value)
  if (name === database)
    throw new UnsafeValue(
      "the name of a database user",
      value,
      "The database has a role of its own name: choose another.",
    )
  return name
}

/** An address or a network as pg_hba.conf has it, with its prefix; neither a name nor a keyword. */
export const network = (value: string): string => {
  const text = shaped(
    "a host of a user of PostgreSQL",
    value,
    /^(?:\d{1,3}(?:\.\d{1,3}){3}(?:\/\d{1,2})?|[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}(?:\/\d{1,3})?)$/,
    "Use localhost, an address or a network.",
  )
  return text.includes("/") ? text : `${text}/${text.includes(":") ? 128 : 32}`
}

export const verifier = (value: string): string =>
  shaped(
    "what a server keeps of a password",
    value,
    /^SCRAM-SHA-256\$4096:[A-Za-z0-9+/]{22}==\$[A-Za-z0-9+/]{43}=:[A-Za-z0-9+/]{43}=$/,
    "Set the password with `plumb password`.",
  )
