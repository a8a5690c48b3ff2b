import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { basename, join } from "node:path"
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
      const texts = (yield* readSources([folder])).files.map(({ text }) => text)
      assert.deepStrictEqual(texts, ["a", "b"])
      assert.strictEqual((yield* readSources([folder, join(folder, "a.yaml")])).files.length, 2)
    }),
  )

  it.effect("what is not there is said with its name", () =>
    Effect.gen(function* () {
      const missing = yield* Effect.flip(readSources([join(folder, "c.yaml")]))
      assert.include(missing.message, "c.yaml")
    }),
  )

  it.effect(
    "no file of a folder is passed over: what cannot be read is a mistake, each with its place and its mend",
    () =>
      Effect.gen(function* () {
        const odd = join(folder, "odd")
        mkdirSync(odd)
        symlinkSync("/nowhere/gone.yaml", join(odd, "gone.yaml"))
        symlinkSync("/nowhere", join(odd, "gone"))
        writeFileSync(join(odd, "binary.yaml"), Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0]))
        writeFileSync(join(odd, "latin.yaml"), Buffer.from("a: b\ncomment: Gr\xfc\xdfe\n", "latin1"))
        writeFileSync(join(odd, "wide.yaml"), Buffer.from("\ufeffa: b\n", "utf16le"))
        writeFileSync(join(odd, "good.yaml"), "\ufeffa: ü\uFFFD\n")
        mkdirSync(join(odd, "folder.yaml"))
        const { files, problems } = yield* readSources([odd])
        rmSync(odd, { recursive: true })
        assert.deepStrictEqual(
          files.map(({ text }) => text),
          ["a: ü\uFFFD\n"],
        )
        assert.deepStrictEqual(
          problems.map(({ file, line, column, message }) => `${basename(file)}:${line}:${column} ${message}`),
          [
            "binary.yaml:1:1 This is binary data and not YAML or JSON.",
            "gone:1:1 This link leads to a file that is not there.",
            "gone.yaml:1:1 This link leads to a file that is not there.",
            "latin.yaml:2:12 Here stands something that is not UTF-8.",
            "wide.yaml:1:1 The text is in UTF-16.",
          ],
        )
      }),
  )

  it("only one folder is a set of its own; a single file leaves its records with the folder", () => {
    assert.strictEqual(sourceOf([folder]), `folder:${folder}`)
    assert.strictEqual(sourceOf([join(folder, "b", "site.yml")]), undefined)
    assert.strictEqual(sourceOf([folder, folder]), undefined)
    assert.strictEqual(sourceOf(["-"]), undefined)
  })
})
