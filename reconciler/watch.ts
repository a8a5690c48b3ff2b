// Hints from inotify: something happened to a path that a record looks at. One watch a folder, nothing below it, and no list
// of what is in it: the event names the path, and one lstat says whether it is as it was left.
//
// The one thing to know before changing it: this is node:fs and not chokidar, which reads a folder and stats all that is in
// it at every event. /etc sees thirty events for each account that is made, /home holds a folder of each: with chokidar 6,
// a first pass over 200 accounts took the agent minutes of CPU.

import { existsSync, type FSWatcher, watch as watchFolder } from "node:fs"
import { basename, dirname, join } from "node:path"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import type { RecordKey } from "./keys.ts"

/** Folders beyond this many are swept, not watched: each is one of the host's inotify watches. */
const most = 4096

export interface Watch {
  /** These are the record's paths now, in place of those it had. One that ends with a slash is what is in a folder. */
  readonly update: (record: RecordKey, realPaths: ReadonlyArray<string>) => void
  /** Records with a folder that was away and is watched again: what happened in it meanwhile nobody heard. */
  readonly takeUnheard: () => ReadonlyArray<RecordKey>
}

export const make = (heard: (realPath: string) => void) =>
  Effect.gen(function* () {
    const records = new Map<RecordKey, ReadonlyArray<string>>()
    const uses = new Map<string, number>()
    const watchers = new Map<string, FSWatcher>()
    /** How many watched folders are this one or below it: most of what is heard of is no such folder. */
    const belowOrAt = new Map<string, number>()
    const count = (folder: string, by: 1 | -1): void => {
      for (let path = folder; path !== dirname(path); path = dirname(path)) {
        const sum = (belowOrAt.get(path) ?? 0) + by
        if (sum === 0) belowOrAt.delete(path)
        else belowOrAt.set(path, sum)
      }
    }
    /** In use, but away or replaced: to be watched anew. */
    const lost = new Set<string>()
    /** What is above the lost ones and there: it tells when they come. */
    const scouts = new Map<string, FSWatcher>()
    const complaints: Array<string> = []

    const close = (folder: string): void => {
      watchers.get(folder)?.close()
      watchers.delete(folder)
    }
    const recall = (): void => {
      for (const scout of scouts.values()) scout.close()
      scouts.clear()
    }
    yield* Effect.addFinalizer(() =>
      Effect.sync(() => {
        recall()
        for (const folder of [...watchers.keys()]) close(folder)
      }),
    )

    const lookOutFor = (folder: string): void => {
      let above = dirname(folder)
      while (!existsSync(above) && above !== dirname(above)) above = dirname(above)
      if (!watchers.has(above) && !scouts.has(above)) {
        const scout = watchFolder(above, { persistent: false }, (event, name) => {
          if (event === "rename" && name !== null && belowOrAt.has(join(above, name))) heard(join(above, name))
        })
        scout.on("error", () => undefined)
        scouts.set(above, scout)
      }
      if (existsSync(folder)) heard(folder)
    }

    /** Something came to or went from this path: whatever watch is on it, or below it, may be on what is no longer there. */
    const lose = (path: string): void => {
      if (!belowOrAt.has(path)) return
      for (const folder of watchers.keys()) if (folder === path || folder.startsWith(`${path}/`)) lost.add(folder)
    }

    const open = (folder: string): void => {
      try {
        const watcher = watchFolder(folder, { persistent: false }, (event, name) => {
          if (name === null) return
          // A folder's own end has its own name. It is told only when nobody has a file of it open any more, as nginx has
          // its logs, so the folder above is listened to as well: inotify(7), IN_DELETE_SELF.
          if (name === basename(folder)) lost.add(folder)
          const path = join(folder, name)
          if (event === "rename") lose(path)
          heard(path)
        })
        watcher.on("error", () => lost.add(folder))
        watchers.set(folder, watcher)
        lost.delete(folder)
      } catch (cause) {
        const isAway = Predicate.hasProperty(cause, "code") && (cause.code === "ENOENT" || cause.code === "ENOTDIR")
        if (isAway) lost.add(folder)
        else complaints.push(String(cause))
        if (isAway) lookOutFor(folder)
      }
    }

    const use = (folder: string): void => {
      const users = uses.get(folder) ?? 0
      if (users === 0 && uses.size >= most) return
      uses.set(folder, users + 1)
      if (users > 0) return
      count(folder, 1)
      open(folder)
    }
    const leave = (folder: string): void => {
      const users = uses.get(folder)
      if (users === undefined) return
      if (users > 1) uses.set(folder, users - 1)
      else {
        uses.delete(folder)
        count(folder, -1)
        lost.delete(folder)
        close(folder)
      }
    }

    yield* Effect.forkScoped(
      Effect.forever(
        Effect.gen(function* () {
          yield* Effect.sleep("1 minute")
          const [first] = complaints
          if (first === undefined) return
          yield* Effect.logWarning(`${complaints.splice(0).length} folders are not watched but only swept: ${first}`)
        }),
      ),
    )

    return {
      update: (record, realPaths) => {
        const before = records.get(record) ?? []
        const folders = [...new Set(realPaths.map((path) => (path.endsWith("/") ? path.slice(0, -1) : dirname(path))))]
        if (folders.length === before.length && folders.every((folder) => before.includes(folder))) return
        for (const folder of folders) if (!before.includes(folder)) use(folder)
        for (const folder of before) if (!folders.includes(folder)) leave(folder)
        if (folders.length === 0) records.delete(record)
        else records.set(record, folders)
      },
      takeUnheard: () => {
        if (lost.size === 0) return []
        const back = new Set<string>()
        recall()
        for (const folder of [...lost]) {
          close(folder)
          open(folder)
          if (!lost.has(folder)) back.add(folder)
        }
        return [...records].flatMap(([record, folders]) => (folders.some((folder) => back.has(folder)) ? [record] : []))
      },
    } satisfies Watch
  })
