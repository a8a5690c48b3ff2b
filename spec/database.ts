/**
 * Database: one database of an account on the host's MariaDB or PostgreSQL, with the users that may use it.
 *
 * The one thing to know before changing it: a password never stands here. What does is the verifier, which is what the
 * server itself needs, as a secret (`secret.ts`); it is written by the API when a password is set, and a write that leaves it
 * out keeps it, so that a folder of YAML without it can be applied again.
 */
import * as Schema from "effect/Schema"
import { explained, flaw, rule, ruleAcross, show, withDefault } from "./grammar.ts"
import { defineKind } from "./kind.ts"
import { atMost, noneTwice, repeats } from "./lists.ts"
import { AccountName, RecordName } from "./names.ts"
import { postgresqlNameFlaw } from "./postgresql-names.ts"
import { type Secret, secret } from "./secret.ts"
import {
  DatabaseHost,
  DatabaseName,
  DatabaseUserName,
  databaseNameFlaw,
  fitsGrants,
  isVerifierOf,
  PasswordVerifier,
} from "./sql-names.ts"

/** The collations of each character set that may be asked for; the first is its default here. */
export const collations = {
  utf8mb4: [
    "utf8mb4_unicode_ci",
    "utf8mb4_general_ci",
    "utf8mb4_unicode_520_ci",
    "utf8mb4_uca1400_ai_ci",
    "utf8mb4_german2_ci",
    "utf8mb4_bin",
  ],
  utf8mb3: ["utf8mb3_general_ci", "utf8mb3_unicode_ci", "utf8mb3_bin"],
  latin1: ["latin1_swedish_ci", "latin1_general_ci", "latin1_german1_ci", "latin1_german2_ci", "latin1_bin"],
  ascii: ["ascii_general_ci", "ascii_bin"],
} as const
export type CharacterSet = keyof typeof collations

const characterSets = ["utf8mb4", "utf8mb3", "latin1", "ascii"] as const satisfies ReadonlyArray<CharacterSet>

/** The first is for whoever names none. */
export const engines = ["mariadb", "postgresql"] as const
export type Engine = (typeof engines)[number]

export const databaseAccess = ["read-only", "read-write", "admin"] as const

export const DatabaseUser = Schema.Struct({
  name: DatabaseUserName.pipe(explained("The name that the user logs in with; no other record may have it.")),
  access: Schema.Literals(databaseAccess).pipe(
    explained("read-only looks; read-write also changes rows; admin also makes, alters and drops tables."),
    withDefault("read-write"),
  ),
  passwordVerifier: Schema.optionalKey(
    secret(PasswordVerifier).pipe(
      explained("What the server keeps of the password. Left out, it stays as it is; set it with `plumb password`."),
    ),
  ),
  hosts: Schema.Array(DatabaseHost)
    .check(
      atMost(50, "hosts"),
      noneTwice("host"),
      rule<ReadonlyArray<unknown>>(
        (list) =>
          list.length > 0 ? undefined : flaw("The user may come from nowhere.", "Give a host, or remove the user."),
        { minItems: 1 },
      ),
    )
    .pipe(
      explained("Where the user may come from: localhost, addresses and networks (MariaDB: of IPv4 alone)."),
      withDefault(["localhost"]),
    ),
})
export type DatabaseUser = typeof DatabaseUser.Type

const noUserTwice = ruleAcross<ReadonlyArray<{ readonly name: string }>>((users) =>
  repeats(users.map(({ name }) => name)).map((index) => ({
    path: [index, "name"],
    ...flaw(`The user ${show(users[index]?.name ?? "")} is given twice.`, "Keep one of the two, with all hosts."),
  })),
)

interface Written {
  readonly engine: Engine
  readonly name?: string
  readonly characterSet?: string
  readonly collation?: string
  readonly users: ReadonlyArray<{
    readonly name: string
    readonly hosts: ReadonlyArray<string>
    readonly passwordVerifier?: Secret
  }>
}

/** What PostgreSQL has otherwise, or does not have. */
const postgresqlFlaws = ({ characterSet, collation, name, users }: Written) => {
  const always = (field: string, value: unknown) =>
    value === undefined
      ? []
      : [{ path: [field], ...flaw(`PostgreSQL has no ${field} to choose.`, "Leave it out: it is UTF-8 always.") }]
  const named = (text: string | undefined, what: string, path: ReadonlyArray<string | number>) => {
    const wrong = text === undefined ? undefined : postgresqlNameFlaw(text, what)
    return wrong === undefined ? [] : [{ path, ...wrong }]
  }
  return [
    ...always("characterSet", characterSet),
    ...always("collation", collation),
    ...named(name, "a database", ["name"]),
    ...users.flatMap((user, index) => [
      ...named(user.name, "a user", ["users", index, "name"]),
      ...(user.name === name
        ? [
            {
              path: ["users", index, "name"],
              ...flaw(
                `PostgreSQL keeps a role ${show(user.name)} for the database itself.`,
                "Give the user another name.",
              ),
            },
          ]
        : []),
    ]),
  ]
}

/** What MariaDB does not have. */
const mariadbFlaws = ({ users }: Written) =>
  users.flatMap(({ hosts }, index) =>
    hosts.flatMap((host, place) =>
      host.includes(":") && host.includes("/")
        ? [
            {
              path: ["users", index, "hosts", place],
              ...flaw(`${show(host)} is a network of IPv6.`, "MariaDB knows only single addresses of IPv6: list them."),
            },
          ]
        : [],
    ),
  )

const otherVerifiers = ({ engine, users }: Written) =>
  users.flatMap(({ passwordVerifier: text }, index) =>
    typeof text !== "string" || isVerifierOf(engine, text)
      ? []
      : [
          {
            path: ["users", index, "passwordVerifier"],
            ...flaw("This is not what this server keeps of a password.", "Leave it out and set the password anew."),
          },
        ],
  )

export const DatabaseSpec = Schema.Struct({
  account: AccountName.pipe(explained("The account that the database belongs to.")),
  engine: Schema.Literals(engines).pipe(explained("The database server."), withDefault("mariadb")),
  name: Schema.optionalKey(
    DatabaseName.pipe(explained("Its name on the server. Left out: the record's, with underscores for dashes.")),
  ),
  characterSet: Schema.optionalKey(
    Schema.Literals(characterSets).pipe(
      explained("Of MariaDB: the character set of new tables; those that are there keep theirs. Left out: utf8mb4."),
    ),
  ),
  collation: Schema.optionalKey(
    Schema.Literals(Object.values(collations).flat()).pipe(
      explained("Of MariaDB: how new tables sort and compare text. Left out: the first of the character set."),
    ),
  ),
  users: Schema.Array(DatabaseUser)
    .check(atMost(50, "users"), noUserTwice)
    .pipe(explained("Who may use it. A user belongs to one database."), withDefault([])),
}).check(
  ruleAcross<{ readonly characterSet?: CharacterSet; readonly collation?: string }>((spec) => {
    const { characterSet = "utf8mb4", collation } = spec
    const known: ReadonlyArray<string> = collations[characterSet]
    return collation === undefined || known.includes(collation)
      ? []
      : [
          {
            path: ["collation"],
            ...flaw(
              `${collation} is no collation of ${characterSet}.`,
              `Those of ${characterSet} are ${known.join(", ")}.`,
            ),
          },
        ]
  }),
  ruleAcross<Written>((spec) => [
    ...(spec.engine === "postgresql" ? postgresqlFlaws(spec) : mariadbFlaws(spec)),
    ...otherVerifiers(spec),
  ]),
)
export type DatabaseSpec = typeof DatabaseSpec.Type

/** A record gives the database its name, unless the spec does: what the server calls its own is no name for either. */
const DatabaseRecordName = RecordName.check(
  rule<string>((name) => databaseNameFlaw(serverDatabaseName(name, {})), { maxLength: 63 }),
)

/**
 * What the database is called on the server. Names of records have no underscores, so that no two of them meet here; where
 * the underscores would not fit into a grant, the dashes stay.
 */
export function serverDatabaseName(record: string, spec: Partial<Pick<DatabaseSpec, "engine" | "name">>): string {
  const name = record.replaceAll("-", "_")
  return spec.name ?? (spec.engine === "postgresql" || fitsGrants(name) ? name : record)
}

export const Database = defineKind({
  kind: "Database",
  description: "One database of an account, with its users.",
  name: DatabaseRecordName,
  spec: DatabaseSpec,
  references: (spec) => [{ kind: "Account", name: spec.account, field: "spec.account" }],
  counts: (spec) => [{ kind: "Account", name: spec.account, what: "databases", field: "spec.account" }],
  claims: (name, spec) => [
    ...(spec.engine === "postgresql" ? ["database", "database user"] : ["database"]).map((what) => ({
      key: `${what}:${spec.engine}/${serverDatabaseName(name, spec)}`,
      field: spec.name === undefined ? "metadata.name" : "spec.name",
    })),
    ...spec.users.map((user, index) => ({
      key: `database user:${spec.engine}/${user.name}`,
      field: `spec.users[${index}].name`,
    })),
  ],
  secrets: (spec) =>
    spec.users.map((user, index) => ({
      path: ["users", index, "passwordVerifier"],
      // With another server what was kept of a password is worth nothing.
      label: `${spec.engine === "mariadb" ? "" : `${spec.engine}/`}users/${user.name}`,
    })),
})
