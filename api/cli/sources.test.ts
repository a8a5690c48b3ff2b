import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { afterAll, beforeAll } from "vitest"
import { readSources, sourceOf } from "./sources.ts"

let folder = ""
beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "plumb-sources-")))
  mkdirSync(join(folder, "b"))
  mkdirSync(join(folder, ".git"))
  writeFileSync(join(folder, "b", "site.yml"), "b")
  writeFileSync(join(folder, "a.yaml"), "a")
  writeFileSync(join(folder, "notes.txt"), "no spec")
  writeFileSync(join(folder, ".git", "hidden.yaml"), "no spec")
  writeFileSync(join(folder, ".editor.yaml.swp"), "no spec")
  symlinkSync("..", join(folder, "b", "loop"))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe("the files behind -f", () => {
  it.effect("a folder gives every spec file below it once, in one order, also when a link leads back up", () =>
    Effect.gen(function* () {
      const texts = (yield* readSources([folder])).map(({ text }) => text)
      assert.deepStrictEqual(texts, ["a", "b"])
      assert.strictEqual((yield* readSources([folder, join(folder, "a.yaml")])).length, 2)
    }),
  )

  it.effect("what is not there, and what is no text, is said with its name", () =>
    Effect.gen(function* () {
      const missing = yield* Effect.flip(readSources([join(folder, "c.yaml")]))
      assert.include(missing.message, "c.yaml")
      writeFileSync(join(folder, "a.yaml"), Buffer.from([0xff, 0xfe, 0x41]))
      const binary = yield* Effect.flip(readSources([join(folder, "a.yaml")]))
      assert.include(binary.message, "a.yaml cannot be read")
    }),
  )

  it("only one folder is a set of its own; a single file leaves its records with the folder", () => {
    assert.strictEqual(sourceOf([folder]), `folder:${folder}`)
    assert.strictEqual(sourceOf([join(folder, "b", "site.yml")]), undefined)
    assert.strictEqual(sourceOf([folder, folder]), undefined)
    assert.strictEqual(sourceOf(["-"]), undefined)
  })
})
