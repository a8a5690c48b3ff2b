// Text of MariaDB's SQL: one encoder for each place in which a value can stand. Where a value can be bound it is, but the
// server takes no parameters in CREATE, DROP, GRANT and the like.
//
// The one thing to know before changing it: they hold in a session whose sql_mode has NO_BACKSLASH_ESCAPES (the connection
// sets it): there a quote is doubled, and no other character means anything.

import { ResourceFailure } from "../contract/resource.ts"

/** The server's limit for names of databases, in characters; also for a name in a grant, with its escapes. */
const longest = 64

const refuse = (what: string, value: string): ResourceFailure =>
  new ResourceFailure({
    reason: "InvalidName",
    message: `${JSON.stringify(value.slice(0, 100))} cannot be ${what}`,
    mend: "Choose another name.",
    verdict: { kind: "stall" },
  })

/** The server's identifiers are UTF-8 of up to three bytes, without NUL and without a space at the end. */
const isName = (text: string, most: number): boolean =>
  text.length > 0 && text.length <= most && !/[\0\u{10000}-\u{10ffff}\ud800-\udfff]| $/u.test(text)

/** A database, a table, a role: `acme_shop` in backticks. */
export const identifier = (name: string): string => {
  if (!isName(name, longest)) throw refuse("a name on the database server", name)
  return `\`${name.replaceAll("`", "``")}\``
}

/** The database of a GRANT is a pattern: `_` and `%` stand for themselves only behind a backslash. */
export const patternOf = (database: string): string => database.replace(/[\\_%]/g, "\\$&")

/** A pattern as the server has it, which may hold wildcards: for a REVOKE of what was found. */
export const grantPattern = (pattern: string): string => identifier(pattern)

/** A database in a GRANT, and no other that looks like it. */
export const grantedDatabase = (database: string): string => {
  // A backslash in a pattern cannot be told from an escape.
  if (database.includes("\\")) throw refuse("a database in a grant", database)
  return grantPattern(patternOf(database))
}

/** A text in quotes. */
export const literal = (text: string): string => {
  if (text.includes("\0")) throw refuse("a text in a statement", text)
  return `'${text.replaceAll("'", "''")}'`
}

/** 'shop'@'192.0.2.0/255.255.255.0' */
export const account = (user: string, host: string): string => {
  if (!isName(user, 80)) throw refuse("a user of the database server", user)
  if (host.length > 255) throw refuse("a host", host)
  return `${literal(user)}@${literal(host)}`
}

/** Privileges are words of ours or of the server's own tables. */
export const privileges = (words: string): string => {
  if (!/^[A-Z]+(?: [A-Z]+)*(?:, [A-Z]+(?: [A-Z]+)*)*$/.test(words)) throw refuse("a list of privileges", words)
  return words
}

/** A word of the server's, such as a character set. */
export const word = (text: string): string => {
  if (!/^[a-z0-9_]{1,64}$/.test(text)) throw refuse("a character set or collation", text)
  return text
}

/** Statements and the server's answers to them are shown and logged: verifiers are not. */
export const withoutSecrets = (text: string): string => text.replace(/\*[0-9A-Fa-f]{40}/g, "(hidden)")
