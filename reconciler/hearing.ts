// From "something happened to this path" to the records that look at it: at once for a path that one record looks at, a little
// later, together, for what many look at or nobody knows yet.
//
// The one thing to know before changing it: an event is a hint and no more. Whether anything is different says the print.

import { basename, dirname } from "node:path"
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import type { Fingerprints } from "./fingerprints.ts"
import { isTemporary } from "./host/temporary.ts"
import type { RecordKey } from "./keys.ts"
import * as Watch from "./watch.ts"

export interface Hearing {
  /** What the record looks at may have changed. */
  readonly watched: (record: RecordKey) => void
  readonly forget: (record: RecordKey) => void
  /** Never ends: wakes whoever is to be woken a little later. */
  readonly run: Effect.Effect<never>
}

export const make = Effect.fnUntraced(function* (options: {
  /** Stands before every path of the host on this machine. */
  readonly root: string
  readonly fingerprints: Fingerprints
  readonly suspects: Set<RecordKey>
  readonly wake: (record: RecordKey) => void
}) {
  const { root, fingerprints, suspects, wake } = options
  const shared = new Set<string>()
  const unknown = new Set<string>()

  // Opened when there is something to do a little later. Nothing runs meanwhile: an agent is idle nearly all of its life.
  const stirred = Latch.makeUnsafe(false)
  const watch = yield* Watch.make((realPath) => {
    stirred.openUnsafe()
    const path = realPath.slice(root.length)
    if (!fingerprints.has(path)) {
      if (!isTemporary(basename(path)) && fingerprints.has(folderOf(path))) unknown.add(path)
    } else if (!fingerprints.pathMoved(path)) return
    // What many records look at changes often while they are made: those are woken together.
    else if (fingerprints.isShared(path)) shared.add(path)
    else for (const owner of fingerprints.ownersOf(path)) wake(owner)
  })

  const later = Effect.gen(function* () {
    yield* stirred.await
    stirred.closeUnsafe()
    yield* Effect.sleep("300 millis")
    for (const path of shared) {
      for (const owner of fingerprints.ownersOf(path)) {
        suspects.add(owner)
        wake(owner)
      }
    }
    shared.clear()
    for (const path of unknown) {
      // Mostly a record has just put it there, and looks at it by now.
      if (fingerprints.has(path)) continue
      // What came and went again leaves the folder as it was, or somebody's own doing in it.
      if (fingerprints.look(path).ino === 0 && !fingerprints.pathMoved(folderOf(path))) continue
      for (const owner of fingerprints.ownersOf(folderOf(path))) wake(owner)
    }
    unknown.clear()
    for (const record of watch.takeUnheard()) if (fingerprints.moved(record)) wake(record)
  })

  return {
    watched: (record) =>
      watch.update(
        record,
        fingerprints.pathsOf(record).map((path) => root + path),
      ),
    forget: (record) => watch.update(record, []),
    run: Effect.forever(later),
  } satisfies Hearing
})

/** As a record looks at all that is in a folder. */
const folderOf = (path: string): string => `${dirname(path)}/`
