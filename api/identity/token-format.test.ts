import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { isApiToken, makeApiToken, shownOf } from "./token-format.ts"

describe("an API token", () => {
  it("is known for one, and never made twice", () => {
    const made = Array.from({ length: 500 }, makeApiToken)
    for (const token of made) expect(token).toMatch(/^plumb_[0-9A-Za-z]{46}$/)
    expect(made.every(isApiToken)).toBe(true)
    expect(new Set(made.map(shownOf)).size).toBeGreaterThan(490)
    expect(shownOf(made[0] ?? "").length).toBe(12)
  })

  // Computed with zlib of another language: what scanners know is what is given out.
  it("has a checksum that stays what it is", () =>
    expect(isApiToken("plumb_0123456789abcdefghijABCDEFGHIJ012345678947fwDl")).toBe(true))

  it("that was mistyped is none: any one character, left out, changed or put in", () => {
    fc.assert(
      fc.property(fc.nat({ max: 51 }), fc.constantFrom(..."0aZ_-. é"), fc.nat({ max: 2 }), (at, character, how) => {
        const token = makeApiToken()
        fc.pre(how !== 1 || token.charAt(at) !== character)
        const put = how === 0 ? "" : character
        const changed = token.slice(0, at) + put + token.slice(how === 2 ? at : at + 1)
        expect(isApiToken(changed)).toBe(false)
      }),
    )
  })

  it("is none of what else may stand there", () => {
    for (const text of [
      "",
      "plumb_",
      "x".repeat(52),
      `${makeApiToken()}\n`,
      ` ${makeApiToken()}`,
      "plumb_".repeat(100_000),
    ])
      expect(isApiToken(text)).toBe(false)
  })
})
