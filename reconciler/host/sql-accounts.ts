// Accounts of MariaDB as its own tables have them: who there is, and everything that each may do anywhere. SHOW GRANTS says
// the same, one account at a time; here it is a handful of statements for all.
// https://mariadb.com/kb/en/the-mysql-database-tables/

import type { SqlAccount, SqlGrant } from "./sql.ts"

/** One row of a table, by column. */
export type Row = Readonly<Record<string, unknown>>

/** Each takes the name of a user, or is asked of everybody. */
export const accountQueries = {
  accounts: "SELECT User, Host, Priv FROM mysql.global_priv",
  databases: "SELECT * FROM mysql.db",
  tables: "SELECT User, Host, Db, Table_name, Table_priv, Column_priv FROM mysql.tables_priv",
  columns: "SELECT User, Host, Db, Table_name, Column_name, Column_priv FROM mysql.columns_priv",
  routines: "SELECT User, Host, Db, Routine_name, Routine_type, Proc_priv FROM mysql.procs_priv",
  proxies: "SELECT User, Host, Proxied_user, Proxied_host, With_grant FROM mysql.proxies_priv",
  roles: "SELECT User, Host, Role, Admin_option FROM mysql.roles_mapping",
} as const

export type AccountTables = Readonly<Record<keyof typeof accountQueries, ReadonlyArray<Row>>>

export const accountsOf = (tables: AccountTables): ReadonlyMap<string, ReadonlyArray<SqlAccount>> => {
  const grants = new Map<string, Array<SqlGrant>>()
  const give = (row: Row, grant: SqlGrant) => {
    const key = keyOf(row)
    const known = grants.get(key)
    if (known === undefined) grants.set(key, [grant])
    else known.push(grant)
  }
  for (const row of tables.databases) give(row, { on: `${text(row, "Db")}.*`, privileges: databasePrivileges(row) })
  for (const row of tables.tables) {
    const [table, columns] = [setOf(row, "Table_priv"), setOf(row, "Column_priv")]
    give(row, {
      on: `table ${text(row, "Db")}.${text(row, "Table_name")}`,
      privileges: [table, columns === "" ? "" : `columns: ${columns}`].filter(Boolean).join("; "),
    })
  }
  for (const row of tables.columns) {
    const on = `column ${text(row, "Db")}.${text(row, "Table_name")}.${text(row, "Column_name")}`
    give(row, { on, privileges: setOf(row, "Column_priv") })
  }
  for (const row of tables.routines) {
    const on = `${text(row, "Routine_type").toLowerCase()} ${text(row, "Db")}.${text(row, "Routine_name")}`
    give(row, { on, privileges: setOf(row, "Proc_priv") })
  }
  for (const row of tables.proxies) {
    const proxied = { user: text(row, "Proxied_user"), host: text(row, "Proxied_host") }
    give(row, { on: `proxy ${proxied.user}@${proxied.host}`, privileges: "PROXY", proxied })
  }
  for (const row of tables.roles) {
    give(row, { on: `role ${text(row, "Role")}`, privileges: "MEMBER", role: text(row, "Role") })
  }

  const users = new Map<string, Array<SqlAccount>>()
  for (const row of tables.accounts) {
    const priv = settingsOf(text(row, "Priv"))
    if (priv["is_role"] === true) continue
    const name = text(row, "User")
    const { access, plugin, authentication_string: verifier, ...rest } = priv
    const everywhere = globalPrivileges(access)
    const account: SqlAccount = {
      host: text(row, "Host"),
      plugin: typeof plugin === "string" && plugin !== "" ? plugin : "mysql_native_password",
      verifier: typeof verifier === "string" ? verifier : "",
      grants: [
        ...(everywhere === "" ? [] : [{ on: "*.*", privileges: everywhere }]),
        ...(grants.get(keyOf(row)) ?? []),
      ].sort((a, b) => (a.on < b.on ? -1 : 1)),
      settings: Object.entries(rest)
        .filter(([key, value]) => !isPlain(key, value))
        // Another way to log in has a verifier of its own, which is nobody's to read.
        .map(([key, value]) => `${key}: ${key === "auth_or" ? "another way to log in" : JSON.stringify(value)}`)
        .sort(),
    }
    const known = users.get(name)
    if (known === undefined) users.set(name, [account])
    else known.push(account)
  }
  for (const accounts of users.values()) accounts.sort((a, b) => (a.host < b.host ? -1 : 1))
  return users
}

const keyOf = (row: Row): string => JSON.stringify([text(row, "User"), text(row, "Host")])

const text = (row: Row, column: string): string => {
  const value = row[column]
  return typeof value === "string" ? value : value instanceof Uint8Array ? Buffer.from(value).toString("utf8") : ""
}

/** A set as the server prints it: "Select,Show view". */
const setOf = (row: Row, column: string): string =>
  text(row, column)
    .split(",")
    .filter(Boolean)
    .map((each) => each.toUpperCase())
    .sort()
    .join(", ")

const named: Readonly<Record<string, string>> = {
  CREATE_TMP_TABLE: "CREATE TEMPORARY TABLES",
  GRANT: "GRANT OPTION",
}

/** The columns of mysql.db that say Y: "Show_view_priv" is SHOW VIEW. */
const databasePrivileges = (row: Row): string =>
  Object.entries(row)
    .flatMap(([column, value]) => {
      const name = /^(\w+)_priv$/.exec(column)?.[1]?.toUpperCase()
      return name === undefined || value !== "Y" ? [] : [named[name] ?? name.replaceAll("_", " ")]
    })
    .sort()
    .join(", ")

/** The bits of `access`, from the lowest. sql/privilege.h */
const bits = [
  ...["SELECT", "INSERT", "UPDATE", "DELETE", "CREATE", "DROP", "RELOAD", "SHUTDOWN", "PROCESS", "FILE"],
  ...["GRANT OPTION", "REFERENCES", "INDEX", "ALTER", "SHOW DATABASES", "SUPER", "CREATE TEMPORARY TABLES"],
  ...["LOCK TABLES", "EXECUTE", "REPLICATION SLAVE", "BINLOG MONITOR", "CREATE VIEW", "SHOW VIEW", "CREATE ROUTINE"],
  ...["ALTER ROUTINE", "CREATE USER", "EVENT", "TRIGGER", "CREATE TABLESPACE", "DELETE HISTORY", "SET USER"],
]

const globalPrivileges = (access: unknown): string => {
  if (typeof access !== "number" || access <= 0) return ""
  const set = BigInt(access)
  const names: Array<string> = []
  for (let bit = 0n; 1n << bit <= set; bit++) {
    if ((set >> bit) & 1n) names.push(bits[Number(bit)] ?? `BIT ${bit}`)
  }
  return names.sort().join(", ")
}

const settingsOf = (json: string): Readonly<Record<string, unknown>> => {
  try {
    const value: unknown = JSON.parse(json)
    return typeof value === "object" && value !== null ? { ...value } : { unreadable: json }
  } catch {
    return { unreadable: json }
  }
}

/** When the password was set and by which server, and whatever says "nothing special". */
const isPlain = (key: string, value: unknown): boolean =>
  // 0 is a password that was declared expired.
  (key === "password_last_changed" && value !== 0) ||
  key === "version_id" ||
  (key === "password_lifetime" && value === -1) ||
  (value === 0 && key !== "password_last_changed") ||
  value === false ||
  value === "" ||
  value === null
