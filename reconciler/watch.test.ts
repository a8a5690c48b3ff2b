import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import { recordKey } from "./keys.ts"
import * as Watch from "./watch.ts"

const folder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "plumb-watch-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true })),
)

const [node, site] = [recordKey("Node", "web1"), recordKey("Site", "shop")]

/** Touches the file until that is heard: chokidar begins to watch a moment after it is asked to. */
const hears = (heard: Set<string>, file: string) =>
  Effect.suspend(() => {
    appendFileSync(file, "x")
    return heard.has(file) ? Effect.void : Effect.fail("unheard")
  }).pipe(Effect.retry({ schedule: Schedule.spaced("50 millis") }), Effect.timeout("5 seconds"))

describe("a folder below one that is let go", () => {
  for (const [how, letGo] of [
    ["because no record looks at it any more", (watch: Watch.Watch) => watch.update(node, [])],
    ["to be watched anew", (watch: Watch.Watch) => watch.renew(node)],
  ] as const) {
    it.live(`is still heard when that was let go ${how}`, () =>
      Effect.scoped(
        Effect.gen(function* () {
          const root = yield* folder
          const [above, below] = [join(root, "nginx.conf"), join(root, "sites", "shop.conf")]
          mkdirSync(join(root, "sites"))
          for (const file of [above, below]) writeFileSync(file, "")
          const heard = new Set<string>()
          const watch = yield* Watch.make((path) => heard.add(path))
          watch.update(node, [above])
          watch.update(site, [below])
          yield* hears(heard, above)
          yield* hears(heard, below)
          letGo(watch)
          heard.clear()
          yield* hears(heard, below)
          assert.isTrue(heard.has(below))
        }),
      ),
    )
  }
})
