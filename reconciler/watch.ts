// Hints from inotify, through chokidar: something happened to a path that a record looks at.
//
// The one thing to know before changing it: chokidar is asked for a few flat folders and told to ignore everything in them.
// It then keeps no list of a folder's files and, above all, does not stat them all when one is replaced by a rename (22 ms
// of CPU an event in a folder of 10,000 files, 0.7 ms so); the raw event names the path, and one lstat of ours says whether
// it is as we left it.
//
// Folders of one depth share a watcher, so that no watched folder is inside another for chokidar: it would stat all that are
// in it at every event (/home with a thousand homes), and would let go of those below with the one above.

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
    const watchers = new Map<number, FSWatcher>()
    yield* Effect.addFinalizer(() =>
      Effect.promise(() => Promise.all([...watchers.values()].map((one) => one.close()))),
    )
    const watcherOf = (folder: string): FSWatcher => {
      const depth = depthOf(folder)
      const known = watchers.get(depth)
      if (known !== undefined) return known
      const watcher = new FSWatcher({
        depth: 0,
        ignoreInitial: true,
        followSymlinks: false,
        atomic: false,
        ignored: (path) => depthOf(path) !== depth || !uses.has(path),
      })
      watcher.on("raw", (_, name, details: unknown) => {
        const folder = folderOf(details)
        if (folder === undefined || typeof name !== "string") return
        // A folder's own end has its own name, and ends the watch: whatever takes its place must be watched anew.
        if (name === basename(folder)) replaced.add(folder)
        heard(join(folder, name))
      })
      watcher.on("error", (error) => complaints.push(String(error)))
      watchers.set(depth, watcher)
      return watcher
    }

    const use = (folder: string): void => {
      const count = uses.get(folder) ?? 0
      if (count === 0 && uses.size >= most) return
      uses.set(folder, count + 1)
      if (count === 0) begin(folder)
    }
    const begin = (folder: string): void => {
      begun.set(folder, clock.currentTimeMillisUnsafe())
      watcherOf(folder).add(folder)
    }
    const unwatch = (folder: string): void => {
      watcherOf(folder).unwatch(folder)
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
      begin(folder)
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

const depthOf = (path: string): number => path.split("/").length

const folderOf = (details: unknown): string | undefined =>
  typeof details === "object" && details !== null && "watchedPath" in details && typeof details.watchedPath === "string"
    ? details.watchedPath
    : undefined
