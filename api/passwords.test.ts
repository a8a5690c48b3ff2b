import { describe, expect, it } from "vitest"
import { makePassword, passwordFlaw, verifierOf } from "./passwords.ts"

describe("passwords of database users", () => {
  it("are verified by what MariaDB's PASSWORD() gives", () => {
    // select password('password'), password('pässwörd with `quotes` and %')
    expect(verifierOf("password")).toBe("*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19")
  })

  it("are long and each time others when they are made here", () => {
    const made = new Set(Array.from({ length: 1000 }, makePassword))
    expect(made.size).toBe(1000)
    for (const password of made) {
      expect(password).toMatch(/^[A-HJ-NP-Za-km-z2-9]{24}$/)
      expect(passwordFlaw(password, "shop")).toBeUndefined()
    }
  })

  it("may hold anything that can be typed, when they are given", () => {
    for (const password of [
      'it\'s `quoted` "twice"',
      "100% of_them \\ ; --",
      "p\u00e4ssw\u00f6rd \u{1f511}!x",
      "x1y2z".repeat(13),
    ])
      expect(passwordFlaw(password, "shop")).toBeUndefined()
  })

  it("are refused when they are short, monotonous, untypable or the user's name, and not repeated", () => {
    for (const password of [
      "short",
      "a".repeat(20),
      "line\nbreak in it",
      "nul\0 in the middle",
      "my-report-2031",
      "x".repeat(300),
    ]) {
      const flaw = passwordFlaw(password, "report")
      expect(flaw).toBeDefined()
      expect(JSON.stringify(flaw)).not.toContain(password)
    }
  })
})
