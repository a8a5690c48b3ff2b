// Where things go that hold customers' data. A rename within the file system, beside a note of whose it was: it is given
// back to the same record only, since whoever takes a name later must not find an earlier owner's files.

import { createHash } from "node:crypto"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { Removal, ResourceFailure } from "../contract/resource.ts"
import { change } from "./command.ts"
import type { Files } from "./files.ts"
import { attempt, Host } from "./host.ts"
import { type HostPath, hostPath } from "./path.ts"
import { homeTrashFolder, trashFolder } from "./state-folders.ts"

const Note = Schema.Struct({
  recordId: Schema.String,
  record: Schema.String,
  path: Schema.String,
  /** ISO 8601. */
  when: Schema.String,
  until: Schema.String,
})
const text = Schema.fromJsonString(Note)
const decode = Schema.decodeUnknownOption(text)
const encode = Schema.encodeSync(text)

export interface Trashed {
  /** Where it is now. */
  readonly place: HostPath
  readonly recordId: string
  readonly record: string
  /** Where it was. */
  readonly path: HostPath
  readonly when: string
  readonly until: string
}

/** One record's things from one path have one name, which finds them among thousands without opening a note. */
const nameFor = (recordId: string, path: HostPath): string =>
  `${recordId}-${createHash("sha256").update(path).digest("hex").slice(0, 12)}`

const folderFor = (path: HostPath): HostPath => (path.startsWith("/home/") ? homeTrashFolder : trashFolder)

/** Absent is success. `when` is now, ISO 8601. */
export const moveToTrash = (files: Files, path: HostPath, removal: Removal, when: string): void => {
  if (files.stat(path) === undefined) return
  const folder = folderFor(path)
  const name = nameFor(removal.recordId, path)
  let place: HostPath = `${folder}/${name}`
  for (let again = 2; files.stat(place) !== undefined; again++) place = `${folder}/${name}-${again}`
  const { recordId, record, retainUntil: until } = removal
  // The note first: a tree without one would be nobody's.
  files.write(`${place}.json`, encode({ recordId, record, path, when, until }), {
    owner: "root",
    group: "root",
    mode: 0o600,
  })
  files.rename(path, place)
}

/** Puts back what this record last had at the path; false when the trash has nothing of it. */
export const takeBack = (files: Files, path: HostPath, recordId: string): boolean => {
  const latest = listIn(files, folderFor(path), nameFor(recordId, path))
    .filter((entry) => entry.recordId === recordId && entry.path === path)
    .sort((a, b) => a.when.localeCompare(b.when))
    .at(-1)
  if (latest === undefined) return false
  files.rename(latest.place, path)
  files.remove(`${latest.place}.json`)
  return true
}

const listIn = (files: Files, folder: HostPath, named = ""): ReadonlyArray<Trashed> =>
  files
    .list(folder)
    .filter((name) => name.startsWith(named) && name.endsWith(".json"))
    .flatMap((name) => {
      const place: HostPath = `${folder}/${name.slice(0, -".json".length)}`
      const note = decode(files.read(`${folder}/${name}`).toString("utf8"))
      // A crash between note and rename leaves a note of something that is still in its place.
      if (note._tag === "None" || files.stat(place) === undefined) return []
      return [{ ...note.value, path: hostPath(note.value.path), place }]
    })

export const listTrash: Effect.Effect<ReadonlyArray<Trashed>, ResourceFailure, Host> = attempt(({ files }) => [
  ...listIn(files, homeTrashFolder),
  ...listIn(files, trashFolder),
])

/** Ends the retention of everything that was kept until before `now` (ISO 8601), and says what it was. */
export const emptyTrash = (now: string): Effect.Effect<ReadonlyArray<Trashed>, ResourceFailure, Host> =>
  Effect.gen(function* () {
    const { files, quotas } = yield* Host
    const expired = (yield* listTrash).filter(({ until }) => until < now)
    for (const { place } of expired) {
      // rm walks by descriptor and follows no link; nobody else reaches into the trash, which only root can enter.
      if (!(yield* quotas.removeVolume(place)))
        yield* change(["rm", "--recursive", "--force", "--one-file-system", "--", files.real(place)])
      yield* attempt(({ files }) => files.remove(`${place}.json`))
    }
    return expired
  })
