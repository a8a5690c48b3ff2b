// Files and folders that somebody edits: says when something in them changed, once for what changes together (an editor
// writes, renames and touches; git checks out a hundred files).

import * as chokidar from "chokidar"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"

/** Runs `again` once everything is watched (so that no change falls between a first look and the watch), and then after every change, one at a time, for ever. */
export const watchFiles = <E, R>(paths: ReadonlyArray<string>, again: Effect.Effect<unknown, E, R>) =>
  Stream.callback<string>((queue) =>
    Effect.acquireRelease(
      Effect.sync(() =>
        chokidar
          .watch([...paths], { ignoreInitial: true, ignored: (path) => /\/(node_modules|\.git)(\/|$)/.test(path) })
          .on("ready", () => Queue.offerUnsafe(queue, "ready"))
          .on("all", (_event, path) => Queue.offerUnsafe(queue, path)),
      ),
      (watcher) => Effect.promise(() => watcher.close()),
    ),
  ).pipe(
    Stream.debounce("200 millis"),
    Stream.runForEach(() => again),
  )
