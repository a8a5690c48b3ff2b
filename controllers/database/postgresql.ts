/**
 * A database on PostgreSQL.
 *
 * The one thing to know before changing it: a user has its rights as a member of the database's roles and no others; which
 * rights those are is written down where they are compared (`reconciler/host/postgres-queries.ts`).
 */
import type { Desired, Rendered, Rests } from "../../reconciler/contract/controller.ts"
import type { Facts } from "../../reconciler/contract/facts.ts"
import type { Resource } from "../../reconciler/contract/resource.ts"
import { block } from "../../reconciler/resources/block.ts"
import { databaseEntryText } from "../../reconciler/resources/database-entry.ts"
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

interface Coming {
  readonly name: string
  readonly hosts: ReadonlyArray<string>
  readonly networks: ReadonlyArray<string>
}

/**
 * What differs from how everybody comes in (`controllers/node/postgresql.ts`), which stands behind it. Over a network only
 * with TLS. https://www.postgresql.org/docs/15/auth-pg-hba-conf.html
 */
const waysIn = (database: string, users: ReadonlyArray<Coming>, hba: string | null): ReadonlyArray<Resource> => {
  const line = (type: string, user: string, ...rest: ReadonlyArray<string>) =>
    `${[type, `"${database}"`, `"${user}"`, ...rest].join(" ")} # plumbline\n`
  const lines = users.flatMap(({ hosts, name, networks }) => [
    ...networks.map((network) => line("hostssl", name, network, "scram-sha-256")),
    ...(hosts.includes("localhost")
      ? []
      : [
          line("local", name, "reject"),
          ...["127.0.0.1/32", "::1/128"].map((address) => line("host", name, address, "reject")),
        ]),
  ])
  if (hba === null || !hba.startsWith("/") || lines.length === 0) return []
  const where = { fields: ["spec.users"], after: [pgDatabaseKey(database)] }
  return [block(`${hba as `/${string}`}#${database}`, { content: lines.join("") }, where)]
}

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
    if (!databaseAccess.includes(user.access))
      throw new UnsafeValue("the access of a database user", user.access, "Use read-only, read-write or admin.")
    const networks = user.hosts.filter((host) => host !== "localhost").map(to.network)
    return { ...user, name: to.userName(user.name, server), networks: networks.toSorted() }
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
    {
      owner: "root",
      group: "root",
      mode: 0o600,
      content: databaseEntryText({ engine: "postgresql", users: users.map((user) => user.name) }),
    },
    { fields: [...named, "spec.account", "spec.users"], after: [pgDatabaseKey(server), pathKey(platform.databases)] },
  )
  return resources([database, ...roles, entry, ...waysIn(server, users, facts.postgresql.hba)], rests)
}
