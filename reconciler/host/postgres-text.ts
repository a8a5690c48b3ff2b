// Text of PostgreSQL's SQL: one encoder for each place in which a value can stand. The server takes no parameters in CREATE,
// ALTER and GRANT.
//
// The one thing to know before changing it: they hold in a session with standard_conforming_strings on (the connection sets
// it, over whatever a database has set): there a quote is doubled, and no other character means anything.

import { ResourceFailure } from "../contract/resource.ts"

/** The server cuts longer names off without a word (NAMEDATALEN). */
const longest = 63

const refuse = (what: string, value: string): ResourceFailure =>
  new ResourceFailure({
    reason: "InvalidName",
    message: `${JSON.stringify(value.slice(0, 100))} cannot be ${what}`,
    mend: "Choose another name.",
    verdict: { kind: "stall" },
  })

/** A database, a role: "acme_shop" in double quotes. */
export const identifier = (name: string): string => {
  if (name === "" || Buffer.byteLength(name) > longest || /[\0\ud800-\udfff]/u.test(name))
    throw refuse("a name on the database server", name)
  return `"${name.replaceAll('"', '""')}"`
}

/** A text in quotes. */
export const literal = (text: string): string => {
  if (/[\0\ud800-\udfff]/u.test(text)) throw refuse("a text in a statement", text)
  return `'${text.replaceAll("'", "''")}'`
}

/** What the server keeps of a password: RFC 5803, but for the name. */
export const verifierPattern =
  /^SCRAM-SHA-256\$[0-9]{1,7}:[A-Za-z0-9+/]{22,88}={0,2}\$[A-Za-z0-9+/]{43}=:[A-Za-z0-9+/]{43}=$/

/** Never a password: the server would make a verifier of whatever does not look like one. */
export const password = (verifier: string | null): string => {
  if (verifier === null) return "PASSWORD NULL"
  if (!verifierPattern.test(verifier)) throw refuse("what a server keeps of a password", "(hidden)")
  return `PASSWORD ${literal(verifier)}`
}

/** Statements and the server's answers to them are shown and logged: verifiers are not. */
export const withoutSecrets = (text: string): string => text.replace(/SCRAM-SHA-256\$[^'"\s]*/g, "(hidden)")
