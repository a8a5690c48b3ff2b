// What the agent writes down of each database beside the server: whose it is, since a database says nothing of that and one
// that happens to look right may hold a stranger's data; and where a dump stands that is being brought back.
//
// The one thing to know before changing it: the note comes before the database and goes after it. `filling` says that what
// is in the database is not whole yet: it is emptied and filled again, from a source that is still there.

import * as Schema from "effect/Schema"
import type { Files } from "./files.ts"
import type { HostPath } from "./path.ts"
import { postgresFolder, sqlFolder } from "./state-folders.ts"

const Note = Schema.Struct({
  recordId: Schema.String,
  /** "Database/shop" */
  record: Schema.String,
  filling: Schema.optionalKey(Schema.Literal(true)),
})
export type SqlNote = typeof Note.Type
const text = Schema.fromJsonString(Note)
const decode = Schema.decodeUnknownOption(text)
const encode = Schema.encodeSync(text)

/** The notes of one server. */
export interface SqlNotes {
  readonly path: (database: string) => HostPath
  /** Where a dump of the database stands while it is on its way to the trash or back. */
  readonly dumpPath: (database: string) => HostPath
  /** What cannot be read counts as none. */
  readonly read: (files: Files, database: string) => SqlNote | undefined
  readonly write: (files: Files, database: string, note: SqlNote) => void
  /** The databases, by name, of which a record has a note. */
  readonly databasesOf: (files: Files, recordId: string) => ReadonlyArray<string>
}

const notesIn = (folder: HostPath, ending: string): SqlNotes => {
  const path = (database: string): HostPath => `${folder}/${database}.json`
  const read = (files: Files, database: string): SqlNote | undefined => {
    if (files.stat(path(database))?.type !== "file") return undefined
    const note = decode(files.read(path(database), 4096).toString("utf8"))
    return note._tag === "Some" ? note.value : undefined
  }
  return {
    path,
    dumpPath: (database) => `${folder}/${database}.${ending}`,
    read,
    write: (files, database, note) =>
      files.write(path(database), encode(note), { owner: "root", group: "root", mode: 0o600 }),
    databasesOf: (files, recordId) =>
      files.list(folder).flatMap((file) => {
        const name = /^(.+)\.json$/.exec(file)?.[1]
        return name !== undefined && read(files, name)?.recordId === recordId ? [name] : []
      }),
  }
}

export const mariadbNotes = notesIn(sqlFolder, "sql.gz")
export const postgresNotes = notesIn(postgresFolder, "dump")
