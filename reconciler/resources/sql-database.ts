// A database on the host's server. It is the record's by a note beside the server, so that one which was there before is
// never taken for ours. It goes through the trash as a dump, and comes back for the record that it was taken from, also
// under another name: a rename is a new database that is filled from the old one, which then goes to the trash.

import * as Effect from "effect/Effect"
import type { Resource, ResourceType } from "../contract/resource.ts"
import { attempt, Host } from "../host/host.ts"
import type { SqlDatabaseEntry } from "../host/sql.ts"
import { databasesOf, readSqlNote, type SqlNote, sqlDumpPath, sqlNotePath, writeSqlNote } from "../host/sql-notes.ts"
import { moveToTrash, takeBack } from "../host/trash.ts"
import { changed, missing } from "./differences.ts"
import { type Place, place, sqlDatabaseKey } from "./place.ts"
import { goes, isoNow } from "./removal.ts"
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

export const sqlDatabaseType: ResourceType<SqlDatabaseSpec, SeenSqlDatabase> = {
  kind: "sql-database",
  owns: (id) => [sqlDatabaseKey(id)],
  observe: (id) =>
    Effect.gen(function* () {
      const { sql } = yield* Host
      const entry = yield* sql.database(id)
      if (entry === undefined) return undefined
      return { ...entry, note: yield* attempt(({ files }) => readSqlNote(files, id)) }
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
      if (seen === undefined || seen.note?.filling === true) return yield* fill(id, spec, seen, recordId)
      if (seen.characterSet !== spec.characterSet || seen.collation !== spec.collation) {
        yield* sql.alterDatabase(id, spec)
      }
      if (seen.note?.record === spec.record) return
      yield* attempt(() => writeSqlNote(files, id, { recordId, record: spec.record }))
    }),
  remove: (id, removal) =>
    Effect.gen(function* () {
      if (!goes(removal)) return []
      const { files, sql } = yield* Host
      const now = yield* isoNow
      const note = yield* attempt(() => readSqlNote(files, id))
      const there = (yield* sql.database(id)) !== undefined
      // What is still being brought back is whole in the dump, and only there.
      if (there && removal.onDelete === "trash" && note?.filling !== true) yield* sql.dump(id, sqlDumpPath(id))
      yield* attempt(() => {
        if (removal.onDelete === "trash") moveToTrash(files, sqlDumpPath(id), removal, now)
        else files.remove(sqlDumpPath(id))
      })
      if (there) yield* sql.dropDatabase(id)
      yield* attempt(() => files.remove(sqlNotePath(id)))
      return []
    }),
  watch: (id) => [sqlNotePath(id)],
  survey: surveyed((sql) => sql.databases),
  measure: Effect.flatMap(Host, ({ sql }) => sql.sizes).pipe(
    Effect.map((sizes) => (id: string) => {
      const bytes = sizes(id)
      return bytes === undefined ? {} : { bytes }
    }),
  ),
}

/** A new database, empty or with what this record had before. */
const fill = Effect.fnUntraced(function* (
  id: string,
  spec: SqlDatabaseSpec,
  seen: SeenSqlDatabase | undefined,
  recordId: string,
) {
  const { files, sql } = yield* Host
  const dump = sqlDumpPath(id)
  const isFull = yield* bringBack(id, spec, recordId)
  if (seen !== undefined) yield* sql.dropDatabase(id)
  yield* sql.createDatabase(id, spec)
  if (isFull) yield* sql.restore(id, dump)
  yield* attempt(() => {
    writeSqlNote(files, id, { recordId, record: spec.record })
    files.remove(dump)
  })
})

/** Has a dump stand ready when there is something to bring back, and notes that first. */
const bringBack = Effect.fnUntraced(function* (id: string, { record }: SqlDatabaseSpec, recordId: string) {
  const { files, sql } = yield* Host
  const dump = sqlDumpPath(id)
  const note = yield* attempt(() => readSqlNote(files, id))
  const isOurs = note?.recordId === recordId
  // Somebody dropped it behind our back: what the trash may have of it is older than what it held.
  if (isOurs && note.filling !== true) return false
  if (isOurs && (yield* attempt(() => files.stat(dump))) !== undefined) return true
  yield* attempt(() => writeSqlNote(files, id, { recordId, record, filling: true }))
  for (const former of yield* attempt(() => databasesOf(files, recordId))) {
    if (former === id || (yield* sql.database(former)) === undefined) continue
    yield* sql.dump(former, dump)
    return true
  }
  return yield* attempt(() => takeBack(files, dump, recordId))
})
