// Hints from inotify, through chokidar: something happened to a path that a record looks at.
//
// The one thing to know before changing it: chokidar is asked for a few flat folders and told to ignore everything in them.
// It then keeps no list of a folder's files and, above all, does not stat them all when one is replaced by a rename (22 ms
// of CPU an event in a folder of 10,000 files, 0.7 ms so); the raw event names the path, and one lstat of ours says whether
// it is as we left it.

import { basename, dirname, join } from "node:path"
import { FSWatcher } from "chokidar"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { RecordKey } from "./keys.ts"

/** Folders beyond this many are swept, not watched: each is one of the host's inotify watches. */
const most = 4096

export interface Watch {
  /** These are the record's paths now, in place of those it had. */
  readonly update: (record: RecordKey, realPaths: ReadonlyArray<string>) => void
  /** Records that came while one of their folders was not watched yet: what happened meanwhile nobody heard. */
  readonly takeUnheard: () => ReadonlyArray<RecordKey>
  /** Something did happen unheard: its folders are watched anew, and it is unheard once more. */
  readonly renew: (record: RecordKey) => void
}

/** chokidar begins to watch a moment after it is asked to. */
const beginMillis = 500

export const make = (heard: (realPath: string) => void) =>
  Effect.gen(function* () {
    const records = new Map<RecordKey, ReadonlyArray<string>>()
    const uses = new Map<string, number>()
    const complaints: Array<string> = []
    const begun = new Map<string, number>()
    const replaced = new Set<string>()
    const unheard = new Set<RecordKey>()
    const clock = yield* Clock.Clock
    const watcher = yield* Effect.acquireRelease(
      Effect.sync(
        () =>
          new FSWatcher({
            depth: 0,
            ignoreInitial: true,
            followSymlinks: false,
            atomic: false,
            ignored: (path) => !uses.has(path),
          }),
      ),
      (one) => Effect.promise(() => one.close()),
    )
    watcher.on("raw", (_, name, details: unknown) => {
      const folder = folderOf(details)
      if (folder === undefined || typeof name !== "string") return
      // A folder's own end has its own name, and ends the watch: whatever takes its place must be watched anew.
      if (name === basename(folder)) replaced.add(folder)
      heard(join(folder, name))
    })
    watcher.on("error", (error) => complaints.push(String(error)))

    const use = (folder: string): void => {
      const count = uses.get(folder) ?? 0
      if (count === 0 && uses.size >= most) return
      uses.set(folder, count + 1)
      if (count === 0) begin(folder)
    }
    const begin = (folder: string): void => {
      begun.set(folder, clock.currentTimeMillisUnsafe())
      watcher.add(folder)
    }
    /**
     * chokidar also lets go of the folders below, and ignores them from then on. Asking for the folder again takes that
     * back (what is still heard of it when nobody uses it leads to nothing), and the ones below are asked for again.
     */
    const unwatch = (folder: string): void => {
      const below = new Set([...uses.keys()].filter((other) => other.startsWith(`${folder}/`)))
      // One that is still being added would be given up with the folder, and the second request for it be taken for the first.
      watcher.unwatch([...below, folder])
      watcher.add(folder)
      if (below.size === 0) return
      for (const other of below) begin(other)
      for (const [record, folders] of records) if (folders.some((other) => below.has(other))) unheard.add(record)
    }
    const leave = (folder: string): void => {
      const count = uses.get(folder)
      if (count === undefined) return
      if (count > 1) uses.set(folder, count - 1)
      else {
        uses.delete(folder)
        begun.delete(folder)
        unwatch(folder)
      }
    }

    const watchAnew = (folder: string): void => {
      if (!uses.has(folder)) return
      unwatch(folder)
      begun.set(folder, clock.currentTimeMillisUnsafe())
      for (const [record, folders] of records) if (folders.includes(folder)) unheard.add(record)
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
        const folders = [...new Set(realPaths.map((path) => dirname(path)))]
        if (folders.some((folder) => begun.has(folder))) unheard.add(record)
        if (folders.length === before.length && folders.every((folder) => before.includes(folder))) return
        for (const folder of folders) if (!before.includes(folder)) use(folder)
        for (const folder of before) if (!folders.includes(folder)) leave(folder)
        if (folders.length === 0) records.delete(record)
        else records.set(record, folders)
        if (folders.some((folder) => begun.has(folder))) unheard.add(record)
      },
      renew: (record) => {
        for (const folder of records.get(record) ?? []) watchAnew(folder)
      },
      takeUnheard: () => {
        const now = clock.currentTimeMillisUnsafe()
        for (const folder of replaced) watchAnew(folder)
        replaced.clear()
        for (const [folder, at] of begun) {
          if (now - at < beginMillis) return []
          begun.delete(folder)
        }
        const records = [...unheard]
        unheard.clear()
        return records
      },
    } satisfies Watch
  })

const folderOf = (details: unknown): string | undefined =>
  typeof details === "object" && details !== null && "watchedPath" in details && typeof details.watchedPath === "string"
    ? details.watchedPath
    : undefined
