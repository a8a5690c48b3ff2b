import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { describe, expect, it } from "vitest"
import { decodeEnvelope } from "./kinds.ts"
import { OnFailure } from "./on-failure.ts"

const decode = Schema.decodeUnknownResult(OnFailure)
const isFine = (given: unknown) => Result.isSuccess(decode(given))
const hook = (url: string, secret: unknown = "0123456789abcdef") => ({ webhook: { url, secret } })

describe("who is told when a run fails", () => {
  it.each(["ada@example.org", "a.b+c_d-e@sub.example.org", "1@xn--bcher-kva.example"])("takes %s", (address) => {
    expect(isFine({ mail: [address] })).toBe(true)
  })
  it.each([
    ...[
      "",
      "ada",
      "@example.org",
      "ada@",
      "ada@localhost",
      "a@b@example.org",
      "-oQ/tmp@example.org",
      "a..b@example.org",
    ],
    ...[
      "ada@example.org, bob@example.org",
      "Ada <ada@example.org>",
      '"a b"@example.org',
      "ada@[192.0.2.1]",
      "|sh@example.org",
    ],
    ...["ada@example.org\nBcc: x@example.org", "ada@example.org\r", "ada\u2028@example.org", "\u0430da@example.org"],
    ...[
      "ada@exam\0ple.org",
      "ada@-example.org",
      `${"a".repeat(65)}@example.org`,
      `ada@${"a".repeat(64)}.org`,
      "a".repeat(10_000_000),
    ],
  ])("refuses to mail %j", (address) => {
    expect(isFine({ mail: [address] })).toBe(false)
  })
  it("names one to ten", () => {
    expect(isFine({ mail: [] })).toBe(false)
    expect(isFine({ mail: Array(11).fill("ada@example.org") })).toBe(false)
  })

  it.each(["https://hooks.example.org", "http://192.0.2.1:8080/a?b=%0a&c=1", "https://[2001:db8::1]/"])(
    "asks %s",
    (url) => {
      expect(isFine(hook(url))).toBe(true)
    },
  )
  it.each([
    ...[
      "",
      "hooks.example.org",
      "//example.org",
      "ftp://example.org/",
      "file:///etc/passwd",
      "javascript:alert(1)",
      "https://",
    ],
    ...[
      "https://ada:secret@example.org/",
      "https://example.org/#x",
      "https://example.org/a b",
      "https://exa\nmple.org/",
    ],
    ...[
      "https://example.org/\r\nX: y",
      "https://example.org/\0",
      "https://ex\u00e4mple.org/",
      'https://example.org/"',
      "https://a:99999/",
    ],
    `https://example.org/${"a".repeat(1000)}`,
  ])("asks nothing of %j", (url) => {
    expect(isFine(hook(url))).toBe(false)
  })

  it.each(["short", "has a space in it, it has", "größe größe größe", `${"x".repeat(16)}\n`, "x".repeat(201), 7, null])(
    "signs with no such secret: %j",
    (secret) => {
      expect(isFine(hook("https://example.org/", secret))).toBe(false)
    },
  )

  it("is refused with the field's name, and a secret is not repeated", () => {
    const found = decodeEnvelope({
      apiVersion: "plumbline.dev/v1",
      kind: "CronJob",
      metadata: { name: "feed" },
      spec: {
        account: "acme",
        schedule: "@daily",
        command: "true",
        onFailure: hook("https://example.org/", "tell nobody"),
      },
    })
    const said = Result.isFailure(found) ? String(found.failure) : ""
    expect(said).toContain('["onFailure"]["webhook"]["secret"]')
  })
})
