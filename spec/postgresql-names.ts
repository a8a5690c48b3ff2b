/**
 * What PostgreSQL asks of a database beyond what every server does: of its name, its users and their passwords.
 *
 * The one thing to know before changing it: databases and users are roles of one namespace there, and the platform has
 * roles of its own for each database, whose names begin with `plumb_` and have to fit into 63 characters too.
 */
import { type Flaw, flaw, show } from "./grammar.ts"

const reserved = /^(?:postgres|template[01]|all|sameuser|samerole|replication|public|none|pg_.*|plumb.*)$/
const longest = 51

/** Of a database or a user; `what` completes "cannot be the name of …". */
export const postgresqlNameFlaw = (name: string, what: string): Flaw | undefined => {
  if (!/^[a-z0-9][a-z0-9_]*$/.test(name) || name.length > longest)
    return flaw(
      `${show(name)} cannot be the name of ${what} of PostgreSQL.`,
      `Use 1 to ${longest} lower-case letters, digits and underscores, beginning with a letter or a digit.`,
    )
  return reserved.test(name)
    ? flaw(`${show(name)} belongs to the database server or to the platform.`, "Choose another name.")
    : undefined
}

export const scramPattern = "SCRAM-SHA-256\\$4096:[A-Za-z0-9+/]{22}==\\$[A-Za-z0-9+/]{43}=:[A-Za-z0-9+/]{43}="
