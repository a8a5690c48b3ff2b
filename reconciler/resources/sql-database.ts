// A database on the host's MariaDB. It is the record's by a note beside the server, so that one which was there before is
// never taken for ours.

import * as Effect from "effect/Effect"
import type { Resource, ResourceType } from "../contract/resource.ts"
import { attempt, Host } from "../host/host.ts"
import type { Sql, SqlDatabaseEntry } from "../host/sql.ts"
import { mariadbNotes, type SqlNote } from "../host/sql-notes.ts"
import { fill, type Keeper, removeContent } from "./database-content.ts"
import { changed, missing } from "./differences.ts"
import { type Place, place, sqlDatabaseKey } from "./place.ts"
import { goes } from "./removal.ts"
import { surveyed } from "./sql-survey.ts"

export interface SqlDatabaseSpec extends SqlDatabaseEntry {
  /** Whose it is: "Database/shop". */
  readonly record: string
}

export const sqlDatabase = (name: string, spec: SqlDatabaseSpec, where: Place): Resource<SqlDatabaseSpec> =>
  place("sql-database", name, spec, where)

export interface SeenSqlDatabase extends SqlDatabaseEntry {
  readonly note: SqlNote | undefined
}

const keeper = (sql: Sql): Keeper => ({ ...sql, notes: mariadbNotes })

export const sqlDatabaseType: ResourceType<SqlDatabaseSpec, SeenSqlDatabase> = {
  kind: "sql-database",
  owns: (id) => [sqlDatabaseKey(id)],
  observe: (id) =>
    Effect.gen(function* () {
      const { sql } = yield* Host
      const entry = yield* sql.database(id)
      if (entry === undefined) return undefined
      return { ...entry, note: yield* attempt(({ files }) => mariadbNotes.read(files, id)) }
    }),
  diff: (spec, seen) =>
    seen === undefined
      ? [missing(`database ${spec.characterSet} ${spec.collation}`)]
      : [
          ...changed("record", spec.record, seen.note?.record ?? "none of this host's records"),
          ...changed("characterSet", spec.characterSet, seen.characterSet),
          ...changed("collation", spec.collation, seen.collation),
          ...changed("content", "whole", seen.note?.filling === true ? "part of what is being brought back" : "whole"),
        ],
  apply: (id, spec, seen, recordId) =>
    Effect.gen(function* () {
      const { files, sql } = yield* Host
      if (seen === undefined || seen.note?.filling === true)
        return yield* fill(keeper(sql), id, { record: spec.record, recordId }, sql.createDatabase(id, spec))
      if (seen.characterSet !== spec.characterSet || seen.collation !== spec.collation) {
        yield* sql.alterDatabase(id, spec)
      }
      if (seen.note?.record === spec.record) return
      yield* attempt(() => mariadbNotes.write(files, id, { recordId, record: spec.record }))
    }),
  remove: (id, removal) =>
    Effect.gen(function* () {
      if (!goes(removal)) return []
      const { sql } = yield* Host
      yield* removeContent(keeper(sql), id, removal)
      return []
    }),
  watch: (id) => [mariadbNotes.path(id)],
  survey: surveyed(
    ({ sql }) => sql,
    ({ databases }) => databases,
  ),
  measure: Effect.flatMap(Host, ({ sql }) => sql.sizes).pipe(
    Effect.map((sizes) => (id: string) => {
      const bytes = sizes(id)
      return bytes === undefined ? {} : { bytes }
    }),
  ),
}
