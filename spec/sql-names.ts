/**
 * The names and small values of a database server: databases, users, where a user may come from, and what it proves a
 * password by.
 *
 * The one thing to know before changing it: `_` is a wildcard in the database name of a GRANT and is escaped there by a
 * backslash, which has to fit into the 64 characters of the server's table too. Hence the odd rule on the length.
 */
import * as Schema from "effect/Schema"
import { type Flaw, flaw, hiddenFlaw, rule, show } from "./grammar.ts"
import { canonicalNetwork, networkFlaw } from "./network.ts"
import { scramPattern } from "./postgresql-names.ts"

/** What the server, its package and its standards call their own. */
const reservedDatabases: ReadonlySet<string> = new Set(
  "mysql information_schema performance_schema sys innodb test phpmyadmin lost_found".split(" "),
)
const reservedUsers: ReadonlySet<string> = new Set(
  `root mysql mariadb mariadb_sys mariabackup debian-sys-maint public none default current_user current_role session_user
  system_user user role admin administrator anonymous replication galera`.split(/\s+/),
)

const longest = 64

/** Whether a grant on the database can be written down: each underscore needs an escape there. */
export const fitsGrants = (name: string): boolean => name.length + name.replace(/[^_]/g, "").length <= longest

const databasePattern = "^[a-z0-9][a-z0-9_-]{0,63}$"

export const databaseNameFlaw = (name: string): Flaw | undefined => {
  const invisible = hiddenFlaw(name)
  if (invisible !== undefined) return invisible
  if (!new RegExp(databasePattern).test(name))
    return flaw(
      `${show(name)} cannot be the name of a database.`,
      "Use 1 to 64 lower-case letters, digits, underscores and dashes, beginning with a letter or a digit.",
    )
  if (!fitsGrants(name))
    return flaw(`${show(name)} is too long.`, "Use at most 64 characters, of which each underscore counts twice.")
  return reservedDatabases.has(name) || name.startsWith("plumb")
    ? flaw(`${show(name)} belongs to the database server or to the platform.`, "Choose another name.")
    : undefined
}

/** A database as the server knows it. */
export const DatabaseName = Schema.String.annotate({ examples: ["acme_shop"] })
  .check(rule<string>(databaseNameFlaw, { pattern: databasePattern }))
  .pipe(Schema.brand("DatabaseName"))
export type DatabaseName = typeof DatabaseName.Type

const userPattern = "^[a-z0-9][a-z0-9_-]{0,31}$"

const userNameFlaw = (name: string): Flaw | undefined => {
  const invisible = hiddenFlaw(name)
  if (invisible !== undefined) return invisible
  if (!new RegExp(userPattern).test(name))
    return flaw(
      `${show(name)} cannot be the name of a database user.`,
      "Use 1 to 32 lower-case letters, digits, underscores and dashes, beginning with a letter or a digit.",
    )
  return reservedUsers.has(name) || name.startsWith("plumb")
    ? flaw(`${show(name)} belongs to the database server or to the platform.`, "Choose another name.")
    : undefined
}

/** A user of the database server. */
export const DatabaseUserName = Schema.String.annotate({ examples: ["shop"] })
  .check(rule<string>(userNameFlaw, { pattern: userPattern }))
  .pipe(Schema.brand("DatabaseUserName"))
export type DatabaseUserName = typeof DatabaseUserName.Type

const hostFlaw = (host: string): Flaw | undefined => {
  if (host === "localhost") return undefined
  const wrong = networkFlaw(host)
  if (wrong !== undefined) return flaw(wrong.message, `${wrong.mend} "localhost" is the host itself.`)
  // The server compares with the text of an address as it prints it.
  const canonical = canonicalNetwork(host)
  if (canonical !== host) return flaw(`${show(host)} has a canonical form.`, `Write ${canonical}.`)
  const [, prefix] = host.split("/")
  if (prefix === undefined) return undefined
  return Number(prefix) < 8
    ? flaw(`${show(host)} is half of the internet.`, "Use networks of /8 or smaller.")
    : undefined
}

/** Where a database user may come from. `localhost` is the socket, and the server itself over TCP. */
export const DatabaseHost = Schema.String.annotate({ examples: ["localhost", "192.0.2.0/24"] })
  .check(rule<string>(hostFlaw, { maxLength: 43 }))
  .pipe(Schema.brand("DatabaseHost"))
export type DatabaseHost = typeof DatabaseHost.Type

/** As the server writes a host: a network has its mask spelled out. */
export const serverHost = (host: DatabaseHost): string => {
  const [address = "", bits] = host.split("/")
  if (bits === undefined) return address
  const mask = 2 ** 32 - 2 ** (32 - Number(bits))
  return `${address}/${[24, 16, 8, 0].map((shift) => Math.floor(mask / 2 ** shift) % 256).join(".")}`
}

/** What each server keeps of a password: https://mariadb.com/kb/en/authentication-plugin-mysql_native_password/, RFC 5803. */
const verifierPatterns = { mariadb: "\\*[0-9A-F]{40}", postgresql: scramPattern } as const
const verifierPattern = `^(?:${Object.values(verifierPatterns).join("|")})$`

export const isVerifierOf = (engine: keyof typeof verifierPatterns, text: string): boolean =>
  new RegExp(`^${verifierPatterns[engine]}$`).test(text)

export const PasswordVerifier = Schema.String.check(
  rule<string>(
    (text) =>
      new RegExp(verifierPattern).test(text)
        ? undefined
        : flaw(
            "This is not what the server keeps of a password.",
            "Leave it out and set the password with `plumb password`, or copy it from the server as it is.",
          ),
    { pattern: verifierPattern },
  ),
).pipe(Schema.brand("PasswordVerifier"))
export type PasswordVerifier = typeof PasswordVerifier.Type
