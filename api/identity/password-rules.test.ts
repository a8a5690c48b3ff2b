import { describe, expect, it } from "vitest"
import { passwordFlaw } from "./password-rules.ts"

const known = ["ada@example.org", "Ada Lovelace"]

describe("a password of a user", () => {
  it.each([
    "correct horse battery staple",
    "ünïcödé pässwört ☃",
    "пароль моей бабушки",
    "kzmq-4fj9-aa31-x",
    "no-capital-no-digit-no-sign",
    "a whole sentence about the weather in May, with an end. ".repeat(4),
    "🦊🐢🐙🦀🐌🦋🐝🐞🦗🕷",
  ])("%s is fine: what it is made of is its owner's business", (password) =>
    expect(passwordFlaw(password, known, 10)).toBeUndefined(),
  )

  it.each([
    ["", "0 characters"],
    ["short", "5 characters"],
    ["🦊🦊🦊🦊🦊🦊🦊🦊🦊", "9 characters"],
    ["x".repeat(1025), "1025 characters"],
    ["password123", "lists that attackers try"],
    ["Sommer2026!", "easily guessed"],
    ["1234567890", "lists that attackers try"],
    ["qwertyuiop", "lists that attackers try"],
    ["aaaaaaaaaaaaaaaaaaaaaaaaa", "easily guessed"],
    ["adalovelace1", "easily guessed"],
    ["Plumbline2026", "easily guessed"],
    ["P@ssw0rd1234", "easily guessed"],
    [`half a character \ud800 of words`, "half a character"],
  ])("%j is refused: %s", (password, why) => {
    const found = passwordFlaw(password, known, 10)
    expect(found?.message).toContain(why)
    expect(found?.mend).not.toBe("")
  })

  it("never stands in what is said of it", () => {
    for (const password of ["hunter2hunter2", "monkeymonkey", "sekret"])
      expect(JSON.stringify(passwordFlaw(password, known, 10))).not.toContain(password)
  })
})
