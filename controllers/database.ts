/**
 * Database: one database on the host's MariaDB or PostgreSQL, and its users with exactly the rights of their access.
 *
 * The one thing to know before changing it: the servers have nothing in common but the record. What each of them makes of
 * it stands in a file of its own.
 */
import type { DatabaseSpec } from "../spec/database.ts"
import { onMariadb } from "./database/mariadb.ts"
import { onPostgresql } from "./database/postgresql.ts"
import { UnsafeValue } from "./encode/unsafe.ts"
import { guarded, waiting } from "./outcome.ts"
import { ownerOf, restsWith } from "./suspension.ts"

const on = { mariadb: onMariadb, postgresql: onPostgresql }

export const database = guarded<DatabaseSpec>("Database", (record, context) => {
  const account = ownerOf(context, record.spec.account)
  if (account === undefined) {
    return waiting("Account", record.spec.account, `There is no account ${record.spec.account} yet.`)
  }
  const { engine } = record.spec
  if (!Object.hasOwn(on, engine)) throw new UnsafeValue("a database server", engine, "Use mariadb or postgresql.")
  return on[engine](record, context.facts, restsWith(account))
})
