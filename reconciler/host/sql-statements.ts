// What makes an account so: pure, from how it shall be and how it was found. What is missing is granted before what is too
// much goes, and an account is never dropped for its rights alone: views and routines name it as their definer.

import {
  accountLocked,
  otherSettings,
  passwordPlugin,
  type SqlAccount,
  type SqlDatabaseEntry,
  type SqlGrant,
  type WantedAccount,
} from "./sql.ts"
import { account, grantedDatabase, grantPattern, identifier, literal, patternOf, privileges, word } from "./sql-text.ts"

export const createDatabase = (name: string, entry: SqlDatabaseEntry): string =>
  `CREATE DATABASE ${identifier(name)} ${encoding(entry)}`

export const alterDatabase = (name: string, entry: SqlDatabaseEntry): string =>
  `ALTER DATABASE ${identifier(name)} ${encoding(entry)}`

const encoding = ({ characterSet, collation }: SqlDatabaseEntry): string =>
  `CHARACTER SET ${word(characterSet)} COLLATE ${word(collation)}`

export const dropDatabase = (name: string): string => `DROP DATABASE IF EXISTS ${identifier(name)}`

export const dropAccount = (user: string, host: string): string => `DROP USER IF EXISTS ${account(user, host)}`

export const lockAccount = (user: string, host: string, lock: boolean): string =>
  `ALTER USER IF EXISTS ${account(user, host)} ACCOUNT ${lock ? "LOCK" : "UNLOCK"}`

/** Of whatever place they came from. */
export const endSessions = (user: string): string => `KILL USER ${literal(user)}`

export interface AccountChange {
  readonly statements: ReadonlyArray<string>
  /** Sessions that began before have more rights than they should. */
  readonly endsSessions: boolean
}

export const placeOf = (want: Pick<WantedAccount, "database">): string => `${patternOf(want.database)}.*`

export const accountChange = (user: string, want: WantedAccount, seen: SqlAccount | undefined): AccountChange => {
  const who = account(user, want.host)
  const identified = `IDENTIFIED VIA ${passwordPlugin} USING ${literal(want.verifier)}`
  const on = `${grantedDatabase(want.database)}.*`
  const grantAll = `GRANT ${privileges(want.privileges)} ON ${on} TO ${who}`
  if (seen === undefined) {
    const lock = want.locked ? " ACCOUNT LOCK" : ""
    return { statements: [`CREATE USER ${who} ${identified}${lock}`, grantAll], endsSessions: false }
  }

  const sameLogin =
    seen.plugin === passwordPlugin &&
    seen.verifier === want.verifier &&
    seen.settings.includes(accountLocked) === (want.locked ?? false) &&
    otherSettings(seen).length === 0
  const place = placeOf(want)
  const own = seen.grants.find((grant) => grant.on === place)
  const others = seen.grants.filter((grant) => grant.on !== place)
  const missing = without(want.privileges, own?.privileges ?? "")
  const extra = without(own?.privileges ?? "", want.privileges)
  const everything = others.some((grant) => grant.role === undefined && grant.proxied === undefined)
  return {
    statements: [
      ...(missing === "" ? [] : [`GRANT ${privileges(missing)} ON ${on} TO ${who}`]),
      ...others.flatMap((grant) => revoke(grant, who)),
      // Takes rights away everywhere: on the server, tables, columns and routines too.
      ...(everything ? [`REVOKE ALL PRIVILEGES, GRANT OPTION FROM ${who}`, grantAll] : []),
      ...(extra === "" || everything
        ? []
        : [`REVOKE ${privileges(extra)} ON ${grantPattern(patternOf(want.database))}.* FROM ${who}`]),
      ...(sameLogin ? [] : [`SET DEFAULT ROLE NONE FOR ${who}`, `ALTER USER ${who} ${identified} ${plain(want)}`]),
    ],
    endsSessions: !sameLogin || others.length > 0 || extra !== "",
  }
}

/** As CREATE USER leaves it. */
const plain = ({ locked }: WantedAccount): string =>
  "REQUIRE NONE WITH MAX_QUERIES_PER_HOUR 0 MAX_UPDATES_PER_HOUR 0 MAX_CONNECTIONS_PER_HOUR 0 MAX_USER_CONNECTIONS 0 " +
  `MAX_STATEMENT_TIME 0 ACCOUNT ${locked ? "LOCK" : "UNLOCK"} PASSWORD EXPIRE DEFAULT`

const revoke = (grant: SqlGrant, from: string): ReadonlyArray<string> => {
  if (grant.role !== undefined) return [`REVOKE ${identifier(grant.role)} FROM ${from}`]
  if (grant.proxied !== undefined)
    return [`REVOKE PROXY ON ${account(grant.proxied.user, grant.proxied.host)} FROM ${from}`]
  return []
}

const listOf = (words: string): ReadonlyArray<string> => (words === "" ? [] : words.split(", "))

const without = (words: string, others: string): string =>
  listOf(words)
    .filter((each) => !listOf(others).includes(each))
    .join(", ")
