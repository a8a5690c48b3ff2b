// The life of what is in a database, whatever its server: filled from where this record had it before, into the trash as a
// dump when it goes. It comes back for the record that it was taken from, also under another name: a rename is a new
// database that is filled from the old one, which then goes to the trash.

import * as Effect from "effect/Effect"
import type { Removal, ResourceFailure } from "../contract/resource.ts"
import { attempt, Host } from "../host/host.ts"
import type { HostPath } from "../host/path.ts"
import type { SqlNotes } from "../host/sql-notes.ts"
import { moveToTrash, takeBack } from "../host/trash.ts"
import { isoNow } from "./removal.ts"

/** What a server can do with a database as a whole. */
export interface Keeper {
  readonly notes: SqlNotes
  readonly database: (name: string) => Effect.Effect<unknown, ResourceFailure>
  readonly dropDatabase: (name: string) => Effect.Effect<void, ResourceFailure>
  readonly dump: (name: string, to: HostPath) => Effect.Effect<void, ResourceFailure>
  readonly restore: (name: string, from: HostPath) => Effect.Effect<void, ResourceFailure>
}

/** A new database, empty or with what this record had before; `create` makes it, in place of one that is there. */
export const fill = Effect.fnUntraced(function* (
  keeper: Keeper,
  id: string,
  { record, recordId }: { readonly record: string; readonly recordId: string },
  create: Effect.Effect<void, ResourceFailure>,
) {
  const { files } = yield* Host
  const { notes } = keeper
  const dump = notes.dumpPath(id)
  const isFull = yield* bringBack(keeper, id, record, recordId)
  if ((yield* keeper.database(id)) !== undefined) yield* keeper.dropDatabase(id)
  yield* create
  if (isFull) yield* keeper.restore(id, dump)
  yield* attempt(() => {
    notes.write(files, id, { recordId, record })
    files.remove(dump)
  })
})

/** Has a dump stand ready when there is something to bring back, and notes that first. */
const bringBack = Effect.fnUntraced(function* (keeper: Keeper, id: string, record: string, recordId: string) {
  const { files } = yield* Host
  const { notes } = keeper
  const dump = notes.dumpPath(id)
  const note = yield* attempt(() => notes.read(files, id))
  const isOurs = note?.recordId === recordId
  // Somebody dropped it behind our back: what the trash may have of it is older than what it held.
  if (isOurs && note.filling !== true) return false
  if (isOurs && (yield* attempt(() => files.stat(dump))) !== undefined) return true
  yield* attempt(() => notes.write(files, id, { recordId, record, filling: true }))
  for (const former of yield* attempt(() => notes.databasesOf(files, recordId))) {
    if (former === id || (yield* keeper.database(former)) === undefined) continue
    yield* keeper.dump(former, dump)
    return true
  }
  return yield* attempt(() => takeBack(files, dump, recordId))
})

/** Drops it, and keeps what it holds where it is to go to the trash. */
export const removeContent = Effect.fnUntraced(function* (keeper: Keeper, id: string, removal: Removal) {
  const { files } = yield* Host
  const { notes } = keeper
  const now = yield* isoNow
  const note = yield* attempt(() => notes.read(files, id))
  const there = (yield* keeper.database(id)) !== undefined
  // What is still being brought back is whole in the dump, and only there.
  if (there && removal.onDelete === "trash" && note?.filling !== true) yield* keeper.dump(id, notes.dumpPath(id))
  yield* attempt(() => {
    if (removal.onDelete === "trash") moveToTrash(files, notes.dumpPath(id), removal, now)
    else files.remove(notes.dumpPath(id))
  })
  if (there) yield* keeper.dropDatabase(id)
  yield* attempt(() => files.remove(notes.path(id)))
})
