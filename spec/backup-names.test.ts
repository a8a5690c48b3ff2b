import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { describe, expect, it } from "vitest"
import { Exclude } from "./backup-names.ts"

const takes = (schema: Schema.Codec<unknown, unknown>, value: unknown): boolean =>
  Result.isSuccess(Schema.decodeUnknownResult(schema)(value))

describe("what is left out", () => {
  it.each(["*.log", "sites/*/public/cache", "?-private", ".git", "~", "größe", "a -b"])("may be %j", (pattern) => {
    expect(takes(Exclude, pattern)).toBe(true)
  })
  it.each([
    ...[
      "",
      "-",
      "--exclude-file=/etc/shadow",
      "-x/y",
      "!keep",
      "#x",
      "$HOME",
      "a$b",
      "[a]",
      "\\*",
      "a\nb",
      "a\0",
      "a\u2028",
    ],
    ...["/", "/etc", "a//b", "a/", "a ", "../x", "a/../b", "./a", "a".repeat(201)],
  ])("is not %j", (pattern) => {
    expect(takes(Exclude, pattern)).toBe(false)
  })
})
