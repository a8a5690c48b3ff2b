import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { clean, table } from "./terminal.ts"

describe("what reaches a terminal", () => {
  it("escapes of a terminal are shown, not carried out", () => {
    assert.strictEqual(clean("a\u001b[2Jb\rc\u202ed"), "a\\x1b[2Jb\\x0dc\\u202ed")
  })

  it("no text can hold a control character besides newline and tab", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        for (const character of clean(text)) {
          const code = character.codePointAt(0) ?? 0
          assert.isTrue((code >= 32 && code !== 127 && !(code >= 128 && code < 160)) || code === 10 || code === 9)
        }
      }),
    )
  })

  it("a table's columns are as wide as their longest cell, and nothing is padded at the end", () => {
    assert.strictEqual(
      table(
        ["KIND", "NAME"],
        [
          ["Account", "acme"],
          ["Site", ""],
        ],
      ),
      "KIND     NAME\nAccount  acme\nSite",
    )
  })
})
