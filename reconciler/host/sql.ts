// The database server of the host, as far as databases and their users go. Whoever holds this is root on it, so everything
// that goes in is a name or a verifier with a grammar, and nothing in here is ever given to a tenant.

import type * as Effect from "effect/Effect"
import type { ResourceFailure } from "../contract/resource.ts"
import type { HostPath } from "./path.ts"

/** The server that is installed, running or not. */
export interface SqlServer {
  readonly version: string
  /** Where programs of the host reach it. */
  readonly socket: string
}

/** What new tables of a database get when they do not say otherwise. */
export interface SqlDatabaseEntry {
  readonly characterSet: string
  readonly collation: string
}

/** One thing that somebody may do somewhere. */
export interface SqlGrant {
  /** As the server has it, with its wildcards: "acme\_shop.*", "*.*", "role dba", "proxy root@localhost". */
  readonly on: string
  /** Sorted: "INSERT, SELECT". */
  readonly privileges: string
  /** Of a role or a proxy, what a REVOKE has to name. */
  readonly role?: string
  readonly proxied?: { readonly user: string; readonly host: string }
}

/** A user as one place to come from has it: to the server each is an account of its own. */
export interface SqlAccount {
  readonly host: string
  /** "mysql_native_password", "unix_socket", … */
  readonly plugin: string
  /** What the plugin compares with: a verifier, mostly. */
  readonly verifier: string
  readonly grants: ReadonlyArray<SqlGrant>
  /** Whatever is not as CREATE USER leaves it, sorted: "account_locked: true". */
  readonly settings: ReadonlyArray<string>
}

/** An account as it shall be. */
export interface WantedAccount {
  readonly host: string
  readonly verifier: string
  readonly database: string
  /** Sorted: "INSERT, SELECT". */
  readonly privileges: string
  readonly locked?: boolean
}

/** The setting of an account that nobody gets in by. */
export const accountLocked = "account_locked: true"

/** What is set beyond that. */
export const otherSettings = ({ settings }: Pick<SqlAccount, "settings">): ReadonlyArray<string> =>
  settings.filter((setting) => setting !== accountLocked)

export interface Sql {
  /** null where no server is installed. Asks no server. */
  readonly installed: Effect.Effect<SqlServer | null, ResourceFailure>

  readonly databases: Effect.Effect<ReadonlyMap<string, SqlDatabaseEntry>, ResourceFailure>
  readonly database: (name: string) => Effect.Effect<SqlDatabaseEntry | undefined, ResourceFailure>
  readonly createDatabase: (name: string, entry: SqlDatabaseEntry) => Effect.Effect<void, ResourceFailure>
  readonly alterDatabase: (name: string, entry: SqlDatabaseEntry) => Effect.Effect<void, ResourceFailure>
  /** Absent is success. */
  readonly dropDatabase: (name: string) => Effect.Effect<void, ResourceFailure>

  /** Everybody, by name: one look. */
  readonly users: Effect.Effect<ReadonlyMap<string, ReadonlyArray<SqlAccount>>, ResourceFailure>
  readonly user: (name: string) => Effect.Effect<ReadonlyArray<SqlAccount>, ResourceFailure>
  /** Makes the account so, with nothing beyond it. `seen` is how it was found. */
  readonly setAccount: (
    user: string,
    want: WantedAccount,
    seen: SqlAccount | undefined,
  ) => Effect.Effect<void, ResourceFailure>
  /** Locks or unlocks everybody of that name, wherever they come from, and nothing else of them; who is locked out is logged out. */
  readonly letIn: (user: string, yes: boolean) => Effect.Effect<void, ResourceFailure>
  /** Absent is success. */
  readonly dropAccount: (user: string, host: string) => Effect.Effect<void, ResourceFailure>
  /** Rights are looked up when a session begins: one that lost some, or its account, is ended. */
  readonly endSessions: (user: string) => Effect.Effect<void, ResourceFailure>

  /** The whole database into a file that only root can read; it is there under its name when it is complete. */
  readonly dump: (name: string, to: HostPath) => Effect.Effect<void, ResourceFailure>
  /** Into an empty database. */
  readonly restore: (name: string, from: HostPath) => Effect.Effect<void, ResourceFailure>
  /** Bytes on the disk: one look for all. */
  readonly sizes: Effect.Effect<(name: string) => number | undefined, ResourceFailure>
}

/** The plugin that every client speaks, PHP's from 7.4 on among them; ed25519, which MariaDB has too, is in none of those. */
export const passwordPlugin = "mysql_native_password"

/** Compares with no password at all: for a user that was given none yet. */
export const noPassword = "invalid"
