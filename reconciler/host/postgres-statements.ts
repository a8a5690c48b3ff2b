// What makes roles so: pure, from how they shall be and how they were found.

import {
  databaseRights,
  everyUser,
  ownersOf,
  type PgGroup,
  type PgRole,
  readersOf,
  type WantedRole,
  writersOf,
} from "./postgres.ts"
import { strangers, withOwnLines } from "./postgres-queries.ts"
import { identifier, literal, password } from "./postgres-text.ts"

export const createDatabase = (name: string): string =>
  `CREATE DATABASE ${identifier(name)} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8' OWNER postgres`

/** What roles have set for one database, which hangs on what it is and not on its name. Lists are kept as they are quoted. */
const moveSettings = (from: string, to: string): string => `DO $move$ DECLARE one record; BEGIN
  FOR one IN SELECT r.rolname, c.name, c.value FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = s.setrole
      JOIN pg_database d ON d.oid = s.setdatabase,
      LATERAL (SELECT split_part(x, '=', 1), substr(x, strpos(x, '=') + 1) FROM unnest(s.setconfig) x) c(name, value)
    WHERE d.datname = ${literal(from)} LOOP
    EXECUTE format('ALTER ROLE %I IN DATABASE %I RESET %s', one.rolname, ${literal(from)}, one.name);
    IF one.name NOT IN ('search_path', 'temp_tablespaces', 'local_preload_libraries', 'session_preload_libraries') THEN
      EXECUTE format('ALTER ROLE %I IN DATABASE %I SET %s TO %L', one.rolname, ${literal(to)}, one.name, one.value);
    ELSIF one.value ~ '^("([^"]|"")+"|[a-z_][a-z0-9_]*)(, ("([^"]|"")+"|[a-z_][a-z0-9_]*))*$' THEN
      EXECUTE format('ALTER ROLE %I IN DATABASE %I SET %s TO %s', one.rolname, ${literal(to)}, one.name, one.value);
    END IF;
  END LOOP; END $move$`

/**
 * What was in `fresh` is in `name` from then on, and what was there is in `former`; the roles of `name` may do with the one
 * what they could do with the other. In one transaction all of it.
 */
export const changePlaces = (name: string, fresh: string, former: string): ReadonlyArray<string> => [
  `ALTER DATABASE ${identifier(name)} RENAME TO ${identifier(former)}`,
  `ALTER DATABASE ${identifier(fresh)} RENAME TO ${identifier(name)}`,
  moveSettings(former, name),
  ...[readersOf(name), writersOf(name), ownersOf(name)].map(
    (role) => `REVOKE ALL ON DATABASE ${identifier(former)} FROM ${identifier(role)} CASCADE`,
  ),
  ...databaseRights.map(
    ({ of, privilege }) => `GRANT ${privilege} ON DATABASE ${identifier(name)} TO ${identifier(of(name))}`,
  ),
]

const nothing = "INHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS"

export const createGroup = (name: string): string => `CREATE ROLE ${identifier(name)} NOLOGIN ${nothing}`

const admin = " WITH ADMIN OPTION"
const withoutOption = (member: string): string => (member.endsWith(admin) ? member.slice(0, -admin.length) : member)

/** `members` are the only ones that it may have. */
export const groupChange = (
  name: string,
  seen: PgGroup | undefined,
  members: ReadonlyArray<string>,
): ReadonlyArray<string> =>
  seen === undefined
    ? [createGroup(name)]
    : [
        ...(seen.attributes === ""
          ? []
          : [`ALTER ROLE ${identifier(name)} NOLOGIN ${nothing} PASSWORD NULL VALID UNTIL 'infinity'`]),
        ...seen.memberOf.map((group) => `REVOKE ${identifier(withoutOption(group))} FROM ${identifier(name)} CASCADE`),
        ...seen.members
          .filter((member) => !members.includes(member))
          .map((member) => `REVOKE ${identifier(name)} FROM ${identifier(withoutOption(member))} CASCADE`),
      ]

export const beginsAs = ({ as, database }: PgRole["begins"][number]): string =>
  `${as} in ${database ?? "every database"}`

/** The attributes of a role that may do nothing but log in, or not even that. */
export const attributesOf = ({ login }: Pick<WantedRole, "login">): string => (login ? "LOGIN" : "")

export interface RoleChange {
  readonly statements: ReadonlyArray<string>
  /** Sessions that began before may do more than they should. */
  readonly endsSessions: boolean
}

export const roleChange = (name: string, want: WantedRole, seen: PgRole | undefined): RoleChange => {
  const who = identifier(name)
  const found = seen ?? { attributes: "", memberOf: [], members: [], begins: [], verifier: null, strays: [] }
  const extra = found.memberOf.filter((group) => !want.memberOf.includes(group))
  const strange = found.begins.filter((one) => !want.begins.map(beginsAs).includes(beginsAs(one)))
  const sameLogin = found.attributes === attributesOf(want) && found.verifier === want.verifier
  const is = `${want.login ? "LOGIN" : "NOLOGIN"} ${nothing} ${password(want.verifier)}`
  return {
    statements: [
      ...(seen === undefined ? [`CREATE ROLE ${who} ${is}`] : []),
      ...(seen === undefined || sameLogin ? [] : [`ALTER ROLE ${who} ${is} VALID UNTIL 'infinity'`]),
      ...extra.map((group) => `REVOKE ${identifier(withoutOption(group))} FROM ${who} CASCADE`),
      ...found.members.map((member) => `REVOKE ${who} FROM ${identifier(withoutOption(member))} CASCADE`),
      ...want.memberOf
        .filter((group) => !found.memberOf.includes(group))
        .map((group) => `GRANT ${identifier(group)} TO ${who}`),
      ...strange.map(
        ({ database }) =>
          `ALTER ROLE ${who} ${database === null ? "" : `IN DATABASE ${identifier(database)} `}RESET role`,
      ),
      ...want.begins
        .filter((one) => !found.begins.map(beginsAs).includes(beginsAs(one)))
        .map(({ as, database }) => `ALTER ROLE ${who} IN DATABASE ${identifier(database)} SET role TO ${literal(as)}`),
    ],
    endsSessions:
      seen !== undefined && (!sameLogin || extra.length > 0 || strange.length > 0 || found.members.length > 0),
  }
}

/** Two records may be the first of the host at once. */
export const createEveryUser = `DO $all$ BEGIN ${createGroup(everyUser)}; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $all$`

/** Of everybody that is a role of the platform's: what it has of its own. */
export const everyUserChange = (seen: PgRole | undefined): ReadonlyArray<string> =>
  seen === undefined ? [createEveryUser] : groupChange(everyUser, seen, seen.members)

export const setLogin = (name: string, login: boolean): string =>
  `ALTER ROLE ${identifier(name)} ${login ? "LOGIN" : "NOLOGIN"}`

export const endSessions = (name: string): string =>
  `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = ${literal(name)} AND pid <> pg_backend_pid()`

/** Waits for each until it is gone, for two seconds at most. */
export const endStrangers = (database: string): string => `
  ${withOwnLines}
  SELECT count(pg_terminate_backend(pid, 2000)) FROM (${strangers}) x WHERE datname = ${literal(database)}`
