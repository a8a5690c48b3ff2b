import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { recordNameFlaw } from "../../spec/names.ts"
import { slugOf } from "./accounts.ts"

describe("a name out of words", () => {
  it.each([
    ["acme www.example.org", "acme-www-example-org"],
    ["Übergrößen & Söhne", "ubergrossen-sohne"],
    ["  --x--  ", "x"],
    ["a".repeat(80), "a".repeat(63)],
    [`${"a".repeat(62)} b`, "a".repeat(62)],
    ["../../etc/passwd", "etc-passwd"],
    ["日本", ""],
  ])("of %j is %j", (words, slug) => {
    expect(slugOf(words)).toBe(slug)
  })

  it("is nothing or one that a record may have, whatever the words", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 200 }), (words) => {
        const slug = slugOf(words)
        expect(slug === "" || recordNameFlaw(slug) === undefined).toBe(true)
      }),
    )
  })
})
