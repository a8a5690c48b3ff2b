import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { Letter, write } from "./templates.ts"

const hostile = "192.0.2.7\r\nBcc: eve@example.org\u2028\u202e\u0000 <script>"

const sample = (template: Letter["template"]): Letter =>
  ({
    template,
    link: "https://panel.example.org/#token",
    address: hostile,
    agent: hostile.repeat(100),
    at: hostile,
    to: hostile,
    reason: hostile,
    accounts: hostile,
    policy: hostile,
    node: hostile,
    outcome: hostile,
    site: hostile,
    why: hostile,
    account: hostile,
    notice: hostile,
  }) as Letter

const templates = Letter.members.map((member) => member.fields.template.literal)

describe("letters", () => {
  it.each(templates)(
    "%s is written in both languages, which differ, with a subject that nobody chooses",
    (template) => {
      const [english, german] = [write(sample(template), "en"), write(sample(template), "de")]
      expect(english.subject).not.toBe(german.subject)
      expect(english.text).not.toBe(german.text)
      for (const { subject, text } of [english, german]) {
        expect(subject).toMatch(/^[\p{L}\p{N} -]{5,70}$/u)
        expect(text.endsWith("\n")).toBe(true)
        expect(text).not.toMatch(/undefined|\[object/)
        // biome-ignore lint/suspicious/noControlCharactersInRegex: what must not be there is what is looked for
        expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u2028\u202e]/)
        expect(text.split("\n").some((one) => one.startsWith("Bcc:"))).toBe(false)
      }
    },
  )

  it("keep what somebody has chosen on one line", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (agent) => {
        const plain = write({ template: "new-login", address: "x", agent: "x", at: "x" }, "en").text
        const text = write({ template: "new-login", address: "x", agent, at: "x" }, "en").text
        expect(text.split("\n").length).toBe(plain.split("\n").length)
      }),
    )
  })
})
