import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { accountName, recordName } from "./arbitrary.ts"
import { TimeZone } from "./ini.ts"
import { AccountName, bytesBetween, DomainName, ExtensionName, NodeName, printBytes, RecordName, Uid } from "./names.ts"
import { FileName, RedirectTarget, RelativePath, UrlPath } from "./paths.ts"

const read = <T>(schema: Schema.Codec<T, unknown>, value: unknown): T | string =>
  Result.match(Schema.decodeUnknownResult(schema)(value), {
    onFailure: (error) => `refused: ${error.message}`,
    onSuccess: (decoded) => decoded,
  })
const refused = expect.stringMatching(/^refused: /)

// What has ended a directive, a line, a string or a folder somewhere before.
const poison = [
  "\n",
  "\r",
  "\0",
  "\t",
  " ",
  "'",
  '"',
  "`",
  ";",
  "{",
  "}",
  "$",
  "|",
  "&",
  "<",
  ">",
  "\\",
  "#",
  "(",
  ")",
  "*",
  "^",
  "!",
  "../",
  "/..",
  "\u202e",
  "\u200f",
  "\u200b",
  "\u200d",
  "\u00ad",
  "\ufeff",
  "\u2028",
  "\u0085",
  "\u034f",
  "\ufe0f",
  "\u3164",
  "\ud800",
  "$document_root",
  "$(id)",
  "%0a",
  "%00",
  "%2e%2e",
  "%24",
  "%5c",
  "%3b",
]

const grammars: ReadonlyArray<readonly [name: string, schema: Schema.Codec<string, unknown>, sample: string]> = [
  ["AccountName", AccountName, "acme"],
  ["RecordName", RecordName, "shop"],
  ["NodeName", NodeName, "web1.example.org"],
  ["DomainName", DomainName, "shop.example.org"],
  ["ExtensionName", ExtensionName, "intl"],
  ["RelativePath", RelativePath, "public/app"],
  ["FileName", FileName, "index.html"],
  ["UrlPath", UrlPath, "/about/us"],
  ["RedirectTarget (path)", RedirectTarget, "/about/us"],
  ["RedirectTarget (URL)", RedirectTarget, "https://shop.example.org/a"],
  ["TimeZone", TimeZone, "Europe/Vienna"],
]

describe.each(grammars)("%s", (_, schema, sample) => {
  it("takes its sample, and refuses it with anything dangerous before, within or after", () => {
    expect(read(schema, sample)).toBe(sample)
    for (const bad of poison)
      for (const text of [bad + sample, sample + bad, sample.slice(0, 2) + bad + sample.slice(2)])
        expect({ text, result: read(schema, text) }).toEqual({ text, result: refused })
  })

  it("never lets a character through that ends or expands something in nginx, PHP, systemd or a shell", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: "binary" }),
          fc.string().map((text) => sample + text),
          fc.mixedCase(fc.constant(sample)),
        ),
        (text) => {
          const result = read(schema, text)
          if (!result.startsWith("refused: ")) expect(result).toMatch(/^[A-Za-z0-9._~/%@:+,=?&-]+$/)
        },
      ),
      { numRuns: 2000 },
    )
  })

  it("says in words what is wrong, without repeating what cannot be seen", () => {
    const result = read(schema, `${sample}\u202e\n`)
    expect(result).toMatch(/^refused: .+\. .+\.$/s)
    expect(result).not.toMatch(/[\u202e\n\0]/)
  })
})

describe("a domain", () => {
  it.each([
    ["SHOP.Example.ORG", "shop.example.org"],
    ["bücher.example", "xn--bcher-kva.example"],
    ["BÜCHER.example", "xn--bcher-kva.example"],
    ["XN--BCHER-KVA.example", "xn--bcher-kva.example"],
    ["bu\u0308cher.example", "xn--bcher-kva.example"],
    ["ｓｈｏｐ.example.org", "shop.example.org"],
    ["shop。example。org", "shop.example.org"],
    ["straße.example", "xn--strae-oqa.example"],
    ["日本語カナ.example", "xn--eckwd4c7cv97wu2ahw1e.example"],
    ["пример.example", "xn--e1afmkfd.example"],
    ["1.example.org", "1.example.org"],
  ])("has one form whatever the spelling: %s", (text, canonical) => {
    const result = read(DomainName, text)
    if (!canonical.startsWith("xn--eck")) expect(result).toBe(canonical)
    expect(read(DomainName, result)).toBe(result)
  })

  it.each([
    ["pаypal.example", "mixes"],
    ["xn--pypal-4ve.example", "mixes"],
    ["gοοgle.example", "mixes"],
    ["*.example.org", "wildcard"],
    ["192.0.2.1", "IP address"],
    ["0x7f.1", "IP address"],
    ["example.1", "IP address"],
    ["１９２.0.2.1", "IP address"],
    ["[2001:db8::1]", "IP address"],
    ["2001:db8::1", "IP address"],
    ["https://example.org", "URL"],
    ["example.org:80", 'holds ":"'],
    ["example.org/x", 'holds "/"'],
    ["%65xample.org", 'holds "%"'],
    ["a_b.example.org", 'holds "_"'],
    ["example.org.", "ends with a dot"],
    ["a..example.org", "empty label"],
    [".example.org", "empty label"],
    ["-a.example.org", "dash"],
    ["a-.example.org", "dash"],
    ["ab--c.example.org", "third and fourth"],
    ["xn--a.example.org", "Punycode"],
    ["xn--example-.example.org", "dash"],
    [`${"a".repeat(64)}.example.org`, "at most 63"],
    [`${"a.".repeat(125)}example.org`, "at most 253"],
    [`${"ü".repeat(60)}.example.org`, "at most 63"],
    ["localhost", "no dot"],
    ["", "empty"],
  ])("is refused for its own reason: %s", (text, reason) => {
    const result = read(DomainName, text)
    expect(result).toEqual(refused)
    expect(result).toContain(reason)
  })

  it("is stable: what was accepted is accepted unchanged", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.domain(),
          fc.string({ unit: "grapheme" }).map((label) => `${label}.example.org`),
        ),
        (text) => {
          const once = read(DomainName, text)
          if (!once.startsWith("refused: ")) expect(read(DomainName, once)).toBe(once)
        },
      ),
    )
  })
})

describe("an account's name", () => {
  it.each([
    "root",
    "www-data",
    "mysql",
    "plumb",
    "plumbline",
    "systemd-network",
    "Acme",
    "acme-",
    "1acme",
    "-acme",
    "a_b",
    "",
    "a".repeat(32),
    "аcme",
  ])("is refused: %s", (name) => {
    expect(read(AccountName, name)).toEqual(refused)
  })

  it("is taken when it is a plain word", () => {
    fc.assert(
      fc.property(
        accountName,
        recordName,
        (account, record) => read(AccountName, account) === account && read(RecordName, record) === record,
      ),
    )
  })
})

describe("a user id", () => {
  it.each([0, -1, 1000, 9999, 60000, 65534, 4294967295, 10000.5, Number.NaN, "10000", null])(
    "is refused: %s",
    (uid) => {
      expect(read(Uid, uid)).toEqual(refused)
    },
  )
})

describe("a size", () => {
  const schema = bytesBetween("1K", "10G")

  it.each([
    ["64M", 67108864, "64M"],
    ["1024k", 1048576, "1M"],
    ["1025K", 1049600, "1025K"],
    ["1025", 1025, "1025"],
    ["10g", 10737418240, "10G"],
  ])("is bytes inside and short outside: %s", (text, bytes, printed) => {
    expect(read(schema, text)).toBe(bytes)
    expect(printBytes(bytes)).toBe(printed)
  })

  it.each(["", "M", "-1M", "1.5M", "1 M", "1MB", "1P", "0", "11G", "1e9", "٣M", "9".repeat(40), 1024])(
    "is refused: %s",
    (text) => {
      expect(read(schema, text)).toEqual(refused)
    },
  )

  it("prints to what reads as the same number", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1024, max: 10737418240 }), (bytes) => read(schema, printBytes(bytes)) === bytes),
    )
  })
})

describe("a path", () => {
  it.each([
    "/etc",
    "..",
    ".",
    "a/../b",
    "a//b",
    "a/",
    ".git",
    "-rf",
    "a/.htaccess",
    "~",
    "a b",
    "",
    "ü",
    "a".repeat(201),
  ])("of a folder is refused: %s", (path) => {
    expect(read(RelativePath, path)).toEqual(refused)
  })

  it.each([
    "about",
    "//example.org/",
    "/a/../b",
    "/a/./b",
    "/%2e%2e/",
    "/a%2fb",
    "/%zz",
    "/%c3",
    "/a b",
    "/a?b",
    "/a#b",
    "/ü",
    "/%e2%80%ae",
  ])("of a URL is refused: %s", (path) => {
    expect(read(UrlPath, path)).toEqual(refused)
  })

  it("that only needs encoding is given encoded", () => {
    expect(read(UrlPath, "/über uns")).toContain("Write /%C3%BCber%20uns.")
  })
})

describe("a redirect's target", () => {
  it.each(["/", "/a?b=c&d=%20", "https://example.org", "http://xn--bcher-kva.example:8080/a?b"])(
    "is taken: %s",
    (target) => {
      expect(read(RedirectTarget, target)).toBe(target)
    },
  )

  it.each([
    "javascript:alert(1)",
    "//example.org",
    "ftp://example.org/",
    "https://a@example.org/",
    "https://192.0.2.1/",
    "https://[2001:db8::1]/",
    "https://EXAMPLE.org/",
    "https://bücher.example/",
    "https://example.org:0/",
    "https://example.org:99999/",
    "https://example.org/$host",
    "https:///x",
    "https://",
    "/a?b=$x",
    "/a?%0d%0aSet-Cookie:x",
    "x",
  ])("is refused: %s", (target) => {
    expect(read(RedirectTarget, target)).toEqual(refused)
  })
})
