import * as Result from "effect/Result"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { emailOf } from "./email.ts"

const kept = (text: string) => Result.getOrUndefined(emailOf(text))

describe("an e-mail address", () => {
  it.each([
    ["ada@example.org", "ada@example.org"],
    ["Ada.Lovelace+hosting@Example.ORG", "ada.lovelace+hosting@example.org"],
    ["ada@bücher.example", "ada@xn--bcher-kva.example"],
    ["ada@BÜCHER.example", "ada@xn--bcher-kva.example"],
    ["o'neil@example.org", "o'neil@example.org"],
    ["ada@example.org.", "ada@example.org"],
    [`${"a".repeat(64)}@example.org`, `${"a".repeat(64)}@example.org`],
  ])("%s is kept as %s", (given, as) => expect(kept(given)).toBe(as))

  it.each([
    "",
    "ada",
    "@example.org",
    "ada@",
    "ada@localhost",
    "ada@192.0.2.1",
    "ada@[192.0.2.1]",
    "ada lovelace@example.org",
    '"ada"@example.org',
    "ada@exa mple.org",
    "ada..b@example.org",
    ".ada@example.org",
    "аda@example.org",
    "ada\n@example.org",
    "ada\u0000@example.org",
    "ada@example.org\r\nBcc: eve@example.org",
    "ada@example.org,eve@example.org",
    "ada@eve@example.org",
    "<ada@example.org>",
    "ada\u2028@example.org",
    "ada\u202e@example.org",
    `${"a".repeat(65)}@example.org`,
    `ada@${"a.".repeat(130)}org`,
  ])("%j is none", (given) => {
    const result = emailOf(given)
    expect(Result.isFailure(result) && result.failure.mend).toBeTruthy()
  })

  it("is kept in a form that is kept as it is", () => {
    fc.assert(
      fc.property(fc.emailAddress(), (given) => {
        const once = kept(given)
        fc.pre(once !== undefined)
        expect(once).toMatch(/^[\x21-\x7e]+$/)
        expect(kept(once)).toBe(once)
      }),
    )
  })

  it("ends in one or the other within a moment, whatever comes", () => {
    for (const part of ["a", "a.", "@", "a@", "ü"]) expect(kept(part.repeat(1_000_000))).toBeUndefined()
  })
})
