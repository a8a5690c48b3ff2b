// PostgreSQL of the host, as far as databases and their users go. Whoever holds this is the superuser of the server, so
// everything that goes in is a name or a verifier with a grammar, and nothing in here is ever given to a tenant.
//
// The one thing to know before changing it: rights belong to three roles of each database, in which nobody logs in, and
// users are members. So a new table is for the right people as soon as it is made (default privileges of the one role that
// owns everything), and a user has nothing of its own anywhere.

import type * as Effect from "effect/Effect"
import type { ResourceFailure } from "../contract/resource.ts"
import type { HostPath } from "./path.ts"

/** The server that is installed, running or not. */
export interface PgServer {
  readonly version: string
  /** Where programs of the host reach it. */
  readonly socket: string
  /** The file that says who may come from where; null where nobody reads one. */
  readonly hba: string | null
}

/** Everybody whom the platform lets in, for pg_hba.conf. */
export const everyUser = "plumb_sql"

/** As pg_hba.conf's `samerole` has it: whoever may use a database is a member of the role of its name. */
export const readersOf = (database: string): string => database
export const writersOf = (database: string): string => `plumb_write_${database}`
export const ownersOf = (database: string): string => `plumb_owner_${database}`
/** What each of its roles may do with the database itself. */
export const databaseRights = [
  { part: "r", privilege: "CONNECT", of: readersOf },
  { part: "w", privilege: "TEMPORARY", of: writersOf },
  { part: "o", privilege: "TEMPORARY", of: ownersOf },
  { part: "o", privilege: "CREATE", of: ownersOf },
] as const
/** Logs in while a dump is brought back, and is gone then. */
export const fillerOf = (database: string): string => `plumb_fills_${database}`

/** Something that somebody may do and should not, or the other way round, with the statement that mends it. */
export interface PgDifference {
  /** "TABLE public.orders" */
  readonly on: string
  readonly want: string | null
  readonly have: string | null
  readonly mend: string
}

/** A role that people are members of. */
export interface PgGroup {
  /** What it has beyond CREATE ROLE … NOLOGIN, sorted: "LOGIN, SUPERUSER"; empty when there is nothing. */
  readonly attributes: string
  readonly memberOf: ReadonlyArray<string>
  readonly members: ReadonlyArray<string>
}

export interface PgDatabaseEntry {
  readonly owner: string
  /** What it has beyond CREATE DATABASE: "NO CONNECTIONS, TEMPLATE". */
  readonly attributes: string
  /** By name, those that are there. */
  readonly groups: Readonly<Record<string, PgGroup>>
  /** Of rights and owners in it. */
  readonly differences: ReadonlyArray<PgDifference>
  /** Whether the server has read pg_hba.conf since it was written. */
  readonly hbaIsRead: boolean
  /** Whether somebody is in who could not come in any more by the lines of it that are for this database. */
  readonly hasStrangers: boolean
}

export interface PgRole extends Pick<PgGroup, "attributes" | "memberOf" | "members"> {
  /** What the server keeps of the password. */
  readonly verifier: string | null
  /** The roles that its sessions begin as; null is every database. */
  readonly begins: ReadonlyArray<{ readonly as: string; readonly database: string | null }>
  /** What it may do by itself, or as one of all users. */
  readonly strays: ReadonlyArray<PgDifference & { readonly database: string }>
}

/** A role as it shall be. */
export interface WantedRole {
  readonly verifier: string | null
  /** Whether it may log in. */
  readonly login: boolean
  /** Sorted. */
  readonly memberOf: ReadonlyArray<string>
  readonly begins: ReadonlyArray<{ readonly as: string; readonly database: string }>
}

export interface Postgres {
  /** null where no server is installed. Asks no server. */
  readonly installed: Effect.Effect<PgServer | null, ResourceFailure>

  /** A text for each database that changes when it may have changed: one look for all. */
  readonly databases: Effect.Effect<ReadonlyMap<string, string>, ResourceFailure>
  readonly database: (name: string) => Effect.Effect<PgDatabaseEntry | undefined, ResourceFailure>
  readonly createDatabase: (name: string) => Effect.Effect<void, ResourceFailure>
  /** Makes its roles and all rights in it so. `members` are the only ones that its roles may have. */
  readonly mendDatabase: (
    name: string,
    members: Readonly<Record<string, ReadonlyArray<string>>>,
  ) => Effect.Effect<void, ResourceFailure>
  /** With its roles. Absent is success. */
  readonly dropDatabase: (name: string) => Effect.Effect<void, ResourceFailure>

  readonly roles: Effect.Effect<ReadonlyMap<string, string>, ResourceFailure>
  readonly role: (name: string) => Effect.Effect<PgRole | undefined, ResourceFailure>
  /** Makes the role so, with nothing beyond it. `seen` is how it was found. */
  readonly setRole: (name: string, want: WantedRole, seen: PgRole | undefined) => Effect.Effect<void, ResourceFailure>
  /** Whoever may log in. */
  readonly loggingIn: Effect.Effect<ReadonlySet<string>, ResourceFailure>
  /** Whether the role may log in, and nothing else of it; who may not any more is logged out. */
  readonly letIn: (name: string, yes: boolean) => Effect.Effect<void, ResourceFailure>
  /** What it owned goes to the owner of the database that it is in. Absent is success. */
  readonly dropRole: (name: string) => Effect.Effect<void, ResourceFailure>

  /** The whole database into a file that only root can read; it is there under its name when it is complete. */
  readonly dump: (name: string, to: HostPath) => Effect.Effect<void, ResourceFailure>
  /** Into an empty database. */
  readonly restore: (name: string, from: HostPath) => Effect.Effect<void, ResourceFailure>
  /** Bytes on the disk: one look for all. */
  readonly sizes: Effect.Effect<(name: string) => number | undefined, ResourceFailure>
}
