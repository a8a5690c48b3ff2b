/**
 * A database on PostgreSQL.
 *
 * The one thing to know before changing it: a user has its rights as a member of the database's roles and no others; which
 * rights those are is written down where they are compared (`reconciler/host/postgres-queries.ts`).
 */
import type { Desired, Rendered, Rests } from "../../reconciler/contract/controller.ts"
import type { Facts } from "../../reconciler/contract/facts.ts"
import { file } from "../../reconciler/resources/file.ts"
import { pgDatabase } from "../../reconciler/resources/pg-database.ts"
import { pgRole } from "../../reconciler/resources/pg-role.ts"
import { pathKey, pgDatabaseKey } from "../../reconciler/resources/place.ts"
import { type DatabaseSpec, databaseAccess, serverDatabaseName } from "../../spec/database.ts"
import { plainOf } from "../../spec/secret.ts"
import * as to from "../encode/postgresql.ts"
import { UnsafeValue } from "../encode/unsafe.ts"
import { databaseEntry, platform } from "../layout.ts"
import { resources, stalled } from "../outcome.ts"

export const onPostgresql = (
  { kind, name, spec }: Desired<DatabaseSpec>,
  facts: Facts,
  rests: Rests | undefined,
): Rendered => {
  if (facts.postgresql === undefined || facts.postgresql === null)
    return stalled("PostgresqlAbsent", "This node has no PostgreSQL.", "Install postgresql on the node.")

  const server = to.databaseName(serverDatabaseName(name, spec))
  const named = ["metadata.name", "spec.name"]
  const users = spec.users.map((user) => {
    for (const host of user.hosts) to.localHost(host)
    if (!databaseAccess.includes(user.access))
      throw new UnsafeValue("the access of a database user", user.access, "Use read-only, read-write or admin.")
    return { ...user, name: to.userName(user.name, server) }
  })
  const namesOf = (access: string) => users.flatMap((user) => (user.access === access ? [user.name] : [])).toSorted()
  const database = pgDatabase(
    server,
    {
      record: `${kind}/${name}`,
      readers: users.map((user) => user.name).toSorted(),
      writers: namesOf("read-write"),
      owners: namesOf("admin"),
    },
    { fields: [...named, "spec.users"], onDelete: "trash" },
  )
  const roles = users.map((user) =>
    pgRole(
      user.name,
      {
        verifier: user.passwordVerifier === undefined ? null : to.verifier(plainOf(user.passwordVerifier)),
        database: server,
        access: user.access,
        ...(rests === undefined ? {} : { locked: true }),
      },
      { fields: [...named, "spec.users"], after: [pgDatabaseKey(server)] },
    ),
  )
  const entry = file(
    databaseEntry(spec.account, server, "postgresql"),
    { owner: "root", group: "root", mode: 0o600, content: "postgresql" },
    { fields: [...named, "spec.account"], after: [pgDatabaseKey(server), pathKey(platform.databases)] },
  )
  return resources([database, ...roles, entry], rests)
}
