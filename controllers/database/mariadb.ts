/**
 * A database on MariaDB.
 *
 * The one thing to know before changing it: rights are spelled out and never "all", because what "all" means changes with
 * the server's version. None of them reaches beyond the one database, lets a user pass rights on, or runs as somebody else.
 */
import type { Desired, Rendered, Rests } from "../../reconciler/contract/controller.ts"
import type { Facts } from "../../reconciler/contract/facts.ts"
import { databaseEntryText } from "../../reconciler/resources/database-entry.ts"
import { file } from "../../reconciler/resources/file.ts"
import { pathKey, sqlDatabaseKey } from "../../reconciler/resources/place.ts"
import { sqlDatabase } from "../../reconciler/resources/sql-database.ts"
import { sqlUser } from "../../reconciler/resources/sql-user.ts"
import { type DatabaseSpec, type databaseAccess, serverDatabaseName } from "../../spec/database.ts"
import { plainOf } from "../../spec/secret.ts"
import { serverHost } from "../../spec/sql-names.ts"
import * as to from "../encode/sql.ts"
import { UnsafeValue } from "../encode/unsafe.ts"
import { databaseEntry, platform } from "../layout.ts"
import { resources, stalled } from "../outcome.ts"

type Access = (typeof databaseAccess)[number]

const looks = ["SELECT", "SHOW VIEW"]
const works = [...looks, ...["CREATE TEMPORARY TABLES", "DELETE", "EXECUTE", "INSERT", "LOCK TABLES", "UPDATE"]]

/** https://mariadb.com/kb/en/grant/#database-privileges */
const privileges: Readonly<Record<Access, ReadonlyArray<string>>> = {
  "read-only": looks.toSorted(),
  "read-write": works.toSorted(),
  admin: [
    ...works,
    ...["ALTER", "ALTER ROUTINE", "CREATE", "CREATE ROUTINE", "CREATE VIEW", "DELETE HISTORY", "DROP", "EVENT"],
    ...["INDEX", "REFERENCES", "TRIGGER"],
  ].toSorted(),
}

const privilegesOf = (access: Access): ReadonlyArray<string> => {
  if (Object.hasOwn(privileges, access)) return privileges[access]
  throw new UnsafeValue("the access of a database user", access, "Use read-only, read-write or admin.")
}

export const onMariadb = (
  { kind, name, spec }: Desired<DatabaseSpec>,
  facts: Facts,
  rests: Rests | undefined,
): Rendered => {
  if (facts.mariadb === null)
    return stalled("MariadbAbsent", "This node has no MariaDB.", "Install mariadb-server on the node.")

  const server = to.databaseName(serverDatabaseName(name, spec))
  const named = ["metadata.name", "spec.name"]
  const all = [
    sqlDatabase(
      server,
      {
        ...to.encoding(spec.characterSet ?? "utf8mb4", spec.collation),
        record: `${kind}/${name}`,
      },
      { fields: [...named, "spec.characterSet", "spec.collation"], onDelete: "trash" },
    ),
    ...spec.users.map((user) =>
      sqlUser(
        to.userName(user.name),
        {
          hosts: user.hosts.map((host) => to.host(serverHost(host))).toSorted(),
          verifier: user.passwordVerifier === undefined ? null : to.verifier(plainOf(user.passwordVerifier)),
          database: server,
          privileges: privilegesOf(user.access),
          ...(rests === undefined ? {} : { locked: true }),
        },
        { fields: [...named, "spec.users"], after: [sqlDatabaseKey(server)] },
      ),
    ),
    file(
      databaseEntry(spec.account, server, "mariadb"),
      {
        owner: "root",
        group: "root",
        mode: 0o600,
        content: databaseEntryText({ engine: "mariadb", users: spec.users.map((user) => to.userName(user.name)) }),
      },
      {
        fields: [...named, "spec.account", "spec.users"],
        after: [sqlDatabaseKey(server), pathKey(platform.databases)],
      },
    ),
  ]
  return resources(all, rests)
}
