// A database on the host's PostgreSQL, with its three roles and every right in it. It is the record's by a note beside the
// server, so that one which was there before is never taken for ours.

import * as Effect from "effect/Effect"
import { type FieldDiff, type Resource, ResourceFailure, type ResourceType } from "../contract/resource.ts"
import { attempt, Host } from "../host/host.ts"
import { ownersOf, type PgDatabaseEntry, type Postgres, readersOf, writersOf } from "../host/postgres.ts"
import { postgresNotes, type SqlNote } from "../host/sql-notes.ts"
import { fill, type Keeper, removeContent } from "./database-content.ts"
import { changed, missing } from "./differences.ts"
import { type Place, pgDatabaseKey, pgRoleKey, place } from "./place.ts"
import { goes } from "./removal.ts"
import { surveyed } from "./sql-survey.ts"

export interface PgDatabaseSpec {
  /** Whose it is: "Database/shop". */
  readonly record: string
  /** Those who may be members of its roles. What else they are is their own business. */
  readonly readers: ReadonlyArray<string>
  readonly writers: ReadonlyArray<string>
  readonly owners: ReadonlyArray<string>
}

export const pgDatabase = (name: string, spec: PgDatabaseSpec, where: Place): Resource<PgDatabaseSpec> =>
  place("pg-database", name, spec, where)

export interface SeenPgDatabase extends PgDatabaseEntry {
  readonly note: SqlNote | undefined
}

const keeper = (postgres: Postgres): Keeper => ({ ...postgres, notes: postgresNotes })

const membersIn = (
  id: string,
  { owners, readers, writers }: PgDatabaseSpec,
): Record<string, ReadonlyArray<string>> => ({
  [readersOf(id)]: readers,
  [writersOf(id)]: writers,
  [ownersOf(id)]: owners,
})

export const pgDatabaseType: ResourceType<PgDatabaseSpec, SeenPgDatabase & { readonly id: string }> = {
  kind: "pg-database",
  owns: (id) => [pgDatabaseKey(id), ...[readersOf, writersOf, ownersOf].map((of) => pgRoleKey(of(id)))],
  observe: (id) =>
    Effect.gen(function* () {
      const { postgres } = yield* Host
      const entry = yield* postgres.database(id)
      if (entry === undefined) return undefined
      return { ...entry, id, note: yield* attempt(({ files }) => postgresNotes.read(files, id)) }
    }),
  diff: (spec, seen) =>
    seen === undefined
      ? [missing("database UTF8 C.UTF-8")]
      : [
          ...changed("record", spec.record, seen.note?.record ?? "none of this host's records"),
          ...changed("owner", "postgres", seen.owner),
          ...changed("attributes", "", seen.attributes),
          ...changed("content", "whole", seen.note?.filling === true ? "part of what is being brought back" : "whole"),
          ...Object.entries(membersIn(seen.id, spec)).flatMap(([name, members]) => groupDiffs(name, members, seen)),
          ...seen.differences.map(
            ({ have, on, want }): FieldDiff => ({
              field: on,
              want: want ?? "none",
              have,
              kind: want === null ? "extra" : have === null ? "missing" : "changed",
            }),
          ),
          ...(seen.hbaIsRead ? [] : [unread]),
          ...(seen.hasStrangers ? [strangers] : []),
        ],
  apply: (id, spec, seen, recordId) =>
    Effect.gen(function* () {
      const { files, postgres } = yield* Host
      const mend = postgres.mendDatabase(id, membersIn(id, spec))
      if (seen === undefined || seen.note?.filling === true) {
        yield* attempt(() => postgresNotes.read(files, id)).pipe(
          Effect.flatMap((note) => (note === undefined ? untaken(postgres, id) : Effect.void)),
        )
        const create = Effect.andThen(postgres.createDatabase(id), mend)
        yield* fill(keeper(postgres), id, { record: spec.record, recordId }, create)
        return yield* mend
      }
      if (pgDatabaseType.diff(spec, seen).length > 0) yield* mend
      if (seen.note?.record === spec.record) return
      yield* attempt(() => postgresNotes.write(files, id, { recordId, record: spec.record }))
    }),
  remove: (id, removal) =>
    Effect.gen(function* () {
      if (!goes(removal)) return []
      const { postgres } = yield* Host
      yield* removeContent(keeper(postgres), id, removal)
      return []
    }),
  watch: (id) => [postgresNotes.path(id)],
  survey: surveyed(
    ({ postgres }) => postgres,
    ({ databases }) => databases,
  ),
  measure: Effect.flatMap(Host, ({ postgres }) =>
    Effect.flatMap(postgres.installed, (server) => (server === null ? Effect.succeed(nothing) : postgres.sizes)),
  ).pipe(
    Effect.map((sizes) => (id: string) => {
      const bytes = sizes(id)
      return bytes === undefined ? {} : { bytes }
    }),
  ),
}

/** Every database stands so when the lines of any of them change. */
const unread: FieldDiff = {
  field: "pg_hba.conf",
  want: "read",
  have: "read before it was changed",
  kind: "runtime",
  follows: true,
}

const strangers: FieldDiff = {
  field: "sessions",
  want: "let in by pg_hba.conf",
  have: "begun by rules that are no more",
  kind: "runtime",
  follows: true,
}

const nothing = (_: string): number | undefined => undefined

const groupDiffs = (name: string, members: ReadonlyArray<string>, seen: PgDatabaseEntry): ReadonlyArray<FieldDiff> => {
  const group = seen.groups[name]
  if (group === undefined) return [{ field: `role ${name}`, want: "there", have: null, kind: "missing" }]
  return [
    ...changed(`attributes of role ${name}`, "", group.attributes),
    ...group.memberOf.map(
      (other): FieldDiff => ({ field: `role ${name}`, want: "none", have: `member of ${other}`, kind: "extra" }),
    ),
    ...group.members
      .filter((member) => !members.includes(member))
      .map((member): FieldDiff => ({ field: `role ${name}`, want: "none", have: `given to ${member}`, kind: "extra" })),
  ]
}

/** A role of the name that is somebody's would become the database's. */
const untaken = (postgres: Postgres, id: string) =>
  Effect.flatMap(postgres.role(readersOf(id)), (role) =>
    role === undefined
      ? Effect.void
      : Effect.fail(
          new ResourceFailure({
            reason: "Conflict",
            message: `PostgreSQL has a role ${id} that is not of this record, and the database needs one of its name.`,
            mend: "Give the database another name (spec.name), or rename the role.",
            verdict: { kind: "retry" },
          }),
        ),
  )
