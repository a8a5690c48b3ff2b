import { appendFileSync, closeSync, mkdirSync, mkdtempSync, openSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import { recordKey } from "./keys.ts"
import * as Watch from "./watch.ts"

const root = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "plumb-watch-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true })),
)

const [node, site] = [recordKey("Node", "web1"), recordKey("Site", "shop")]

const soon = <A>(look: () => A | undefined) =>
  Effect.suspend(() => {
    const seen = look()
    return seen === undefined ? Effect.fail("not so") : Effect.succeed(seen)
  }).pipe(Effect.retry({ schedule: Schedule.spaced("10 millis") }), Effect.timeout("5 seconds"))

const ground = Effect.gen(function* () {
  const folder = yield* root
  const sites = join(folder, "sites")
  const [above, below] = [join(folder, "nginx.conf"), join(sites, "shop.conf")]
  mkdirSync(sites)
  for (const file of [above, below]) writeFileSync(file, "")
  const heard = new Set<string>()
  const watch = yield* Watch.make((path) => heard.add(path))
  const hears = (file: string) => {
    heard.clear()
    appendFileSync(file, "x")
    return soon(() => heard.has(file) || undefined)
  }
  return { folder, sites, above, below, heard, watch, hears }
})

describe("a watched folder", () => {
  it.live("is heard from the moment it is asked for", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const { above, watch, hears } = yield* ground
        watch.update(node, [above])
        yield* hears(above)
      }),
    ),
  )

  it.live("below another is still heard when nobody looks at the one above any more", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const { above, below, watch, hears } = yield* ground
        watch.update(node, [above])
        watch.update(site, [below])
        watch.update(node, [])
        yield* hears(below)
      }),
    ),
  )

  for (const [how, away] of [
    ["was moved away", (sites: string) => renameSync(sites, `${sites}.old`)],
    ["was deleted", (sites: string) => rmSync(sites, { recursive: true })],
  ] as const) {
    it.live(`that ${how} and made anew is heard again, and its record is named once`, () =>
      Effect.scoped(
        Effect.gen(function* () {
          const { sites, below, watch, hears } = yield* ground
          watch.update(site, [below])
          away(sites)
          assert.deepStrictEqual(watch.takeUnheard(), [])
          mkdirSync(sites)
          writeFileSync(below, "")
          assert.deepStrictEqual(yield* soon(() => watch.takeUnheard()[0]), site)
          assert.deepStrictEqual(watch.takeUnheard(), [])
          yield* hears(below)
        }),
      ),
    )
  }

  it.live("in which somebody had a file open when the one above was deleted is heard again", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const { folder, sites, below, watch, hears } = yield* ground
        const inner = join(sites, "logs", "access.log")
        const again = () => {
          mkdirSync(join(sites, "logs"), { recursive: true })
          for (const file of [below, inner]) writeFileSync(file, "")
        }
        again()
        watch.update(node, [sites, join(folder, "nginx.conf")])
        watch.update(site, [below, inner])
        const open = openSync(inner, "a")
        yield* Effect.addFinalizer(() => Effect.sync(() => closeSync(open)))
        rmSync(sites, { recursive: true })
        again()
        yield* soon(() => (watch.takeUnheard().includes(site) ? true : undefined))
        yield* hears(inner)
        yield* hears(below)
      }),
    ),
  )

  it.live("that is not there yet is heard once it is", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const { folder, watch, hears } = yield* ground
        const file = join(folder, "later", "shop.conf")
        watch.update(site, [file])
        mkdirSync(join(folder, "later"))
        assert.deepStrictEqual(watch.takeUnheard(), [site])
        yield* hears(file)
      }),
    ),
  )

  it.live("that is not there yet, nor the one above, is told of when it comes", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const { folder, heard, watch, hears } = yield* ground
        const file = join(folder, "later", "still", "shop.conf")
        watch.update(site, [file])
        for (const come of [join(folder, "later"), join(folder, "later", "still")]) {
          assert.deepStrictEqual(watch.takeUnheard(), [])
          heard.clear()
          mkdirSync(come)
          yield* soon(() => heard.has(come) || undefined)
        }
        assert.deepStrictEqual(watch.takeUnheard(), [site])
        yield* hears(file)
      }),
    ),
  )

  it.live("whose name holds a backslash is heard, as the folders of escaped units are", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const { folder, watch, hears } = yield* ground
        const file = join(folder, "plumb-acme\\x2dshop.slice.d", "50-MemoryMax.conf")
        mkdirSync(join(folder, "plumb-acme\\x2dshop.slice.d"))
        watch.update(site, [file])
        yield* hears(file)
      }),
    ),
  )
})
