// A user of the host's PostgreSQL: a role that may log in, and is a member of those of its database that its access is. It
// has no right of its own anywhere: one is drift, and so is a membership, an attribute or another password.

import * as Effect from "effect/Effect"
import type { FieldDiff, Resource, ResourceType } from "../contract/resource.ts"
import { Host } from "../host/host.ts"
import { everyUser, ownersOf, type PgRole, readersOf, type WantedRole, writersOf } from "../host/postgres.ts"
import { attributesOf, beginsAs } from "../host/postgres-statements.ts"
import { changed, missing } from "./differences.ts"
import { type Place, pgRoleKey, place } from "./place.ts"
import { goes } from "./removal.ts"
import { surveyed } from "./sql-survey.ts"

export { everyUser }

export interface PgRoleSpec {
  /** What the server keeps of the password; null until there is one, and then nobody gets in. */
  readonly verifier: string | null
  /** The one database that it may use. */
  readonly database: string
  readonly access: "read-only" | "read-write" | "admin"
  /** Nobody gets in, whatever else stands here. */
  readonly locked?: true
}

export const pgRole = (name: string, spec: PgRoleSpec, where: Place): Resource<PgRoleSpec> =>
  place("pg-role", name, spec, where)

const wanted = ({ access, database, locked, verifier }: PgRoleSpec): WantedRole => {
  const owner = ownersOf(database)
  const also = { "read-only": [], "read-write": [writersOf(database)], admin: [owner] }[access]
  return {
    verifier,
    login: locked !== true,
    memberOf: [everyUser, readersOf(database), ...also].toSorted(),
    // What an admin makes belongs to the database.
    begins: access === "admin" ? [{ as: owner, database }] : [],
  }
}

export const pgRoleType: ResourceType<PgRoleSpec, PgRole> = {
  kind: "pg-role",
  owns: (id) => [pgRoleKey(id)],
  observe: (id) => Effect.flatMap(Host, ({ postgres }) => postgres.role(id)),
  diff: (spec, seen) => (seen === undefined ? [missing("role")] : roleDiffs(wanted(spec), seen)),
  apply: (id, spec, seen) =>
    Effect.flatMap(Host, ({ postgres }) =>
      seen !== undefined && roleDiffs(wanted(spec), seen).length === 0
        ? Effect.void
        : postgres.setRole(id, wanted(spec), seen),
    ),
  remove: (id, removal) =>
    goes(removal) ? Effect.flatMap(Host, ({ postgres }) => Effect.as(postgres.dropRole(id), [])) : Effect.succeed([]),
  watch: () => [],
  survey: surveyed(
    ({ postgres }) => postgres,
    ({ roles }) => roles,
  ),
}

const roleDiffs = (want: WantedRole, seen: PgRole): ReadonlyArray<FieldDiff> => [
  ...changed("attributes", attributesOf(want), seen.attributes),
  ...changed("password", want.verifier ?? "none", seen.verifier ?? "none").map((diff) => ({ ...diff, secret: true })),
  ...changed("member of", want.memberOf.join(", "), seen.memberOf.join(", ")),
  ...changed("begins as", want.begins.map(beginsAs).join(", "), seen.begins.map(beginsAs).join(", ")),
  ...seen.members.map((member): FieldDiff => ({ field: "given to", want: "none", have: member, kind: "extra" })),
  ...seen.strays.map(
    ({ have, on, want }): FieldDiff => ({
      field: on,
      want: want ?? "none",
      have,
      kind: have === null ? "missing" : "extra",
    }),
  ),
]
