// What the agent writes down of each database beside the server: whose it is, since a database says nothing of that and one
// that happens to look right may hold a stranger's data; and where a dump stands that is being brought back.
//
// The one thing to know before changing it: the note comes before the database and goes after it. `filling` says that what
// is in the database is not whole yet: it is emptied and filled again, from a source that is still there.

import * as Schema from "effect/Schema"
import type { Files } from "./files.ts"
import type { HostPath } from "./path.ts"
import { sqlFolder } from "./state-folders.ts"

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

export const sqlNotePath = (database: string): HostPath => `${sqlFolder}/${database}.json`

/** Where a dump of the database stands while it is on its way to the trash or back. */
export const sqlDumpPath = (database: string): HostPath => `${sqlFolder}/${database}.sql.gz`

/** What cannot be read counts as none. */
export const readSqlNote = (files: Files, database: string): SqlNote | undefined => {
  const path = sqlNotePath(database)
  if (files.stat(path)?.type !== "file") return undefined
  const note = decode(files.read(path, 4096).toString("utf8"))
  return note._tag === "Some" ? note.value : undefined
}

export const writeSqlNote = (files: Files, database: string, note: SqlNote): void =>
  files.write(sqlNotePath(database), encode(note), { owner: "root", group: "root", mode: 0o600 })

/** The databases, by name, of which a record has a note. */
export const databasesOf = (files: Files, recordId: string): ReadonlyArray<string> =>
  files.list(sqlFolder).flatMap((file) => {
    const name = /^(.+)\.json$/.exec(file)?.[1]
    return name !== undefined && readSqlNote(files, name)?.recordId === recordId ? [name] : []
  })
