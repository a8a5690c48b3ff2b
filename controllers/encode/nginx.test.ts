import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { hostile } from "../samples/hostile.ts"
import { parseNginx } from "../samples/nginx-tokens.ts"
import * as to from "./nginx.ts"
import { nginx } from "./nginx.ts"
import { UnsafeValue } from "./unsafe.ts"

/** What an encoder makes of a value, or undefined when it refuses. Anything else that it throws fails the test. */
const tried = (encoder: (value: string) => to.Nginx, value: string): to.Nginx | undefined => {
  try {
    return encoder(value)
  } catch (error) {
    if (error instanceof UnsafeValue) return undefined
    throw error
  }
}

const encoders: ReadonlyArray<
  readonly [name: string, encoder: (value: string) => to.Nginx, good: string, word?: string]
> = [
  ["serverName", to.serverName, "xn--bcher-kva.example.org"],
  ["path", to.path, "/srv/My Sites/straße/a.log"],
  ["folder", to.folder, "/srv/My Sites", "/srv/My Sites/"],
  ["fromPath", to.fromPath, "/home/a b/c", "from=/home/a b/c"],
  ["unixSocket", to.unixSocket, "/run/a b/php.sock", "unix:/run/a b/php.sock"],
  ["uriPath", to.uriPath, "/stra%C3%9Fe%20%281%29", "/straße (1)"],
  ["internalUri", to.internalUri, "/errors/404.html"],
  ["redirectTarget", to.redirectTarget, "https://www.example.org:8443/a?b=c&d=%20"],
  ["fileName", to.fileName, "index.html"],
  ["identifier", to.identifier, "php_acme-shop"],
  ["user", to.user, "www-data"],
  ["errorStatus", to.errorStatus, "404"],
  ["serverNames", (value) => to.serverNames([value]), "*.example.org"],
  [
    "area",
    to.area,
    "/stra%C3%9Fe%20(1).x".replace("(", "%28").replace(")", "%29"),
    String.raw`~^/straße \(1\)\.x(?:/|\z)`,
  ],
  ["areaBehindScript", to.areaBehindScript, "/admin", String.raw`~(?s)^/.*\.php/admin(?:/|\z)`],
  ["exactly", to.exactly, "/401.html", String.raw`~^/401\.html\z`],
  ["scriptsBelow", to.scriptsBelow, "/up", String.raw`(?s)^/up/.*\.(?i:php\d*|phtml)(?:/|\z)`],
  ["cookie", to.cookie, "wp.in", String.raw`~(?:^|;\s*)wp\.in`],
  ["network", to.network, "2001:db8::/32"],
  ["headerName", to.headerName, "X-Frame-Options"],
  ["headerValue", to.headerValue, `camera=(self "https://a.example.org"); default-src 'self' {}#`],
  ["realm", to.realm, "Members (only), please"],
  [
    "mailCommand",
    (value) => to.mailCommand({ program: "/usr/sbin/sendmail", brings: "anywhere" }, value, "shop.example.org"),
    "shop-1",
    "sendmail_path='/usr/sbin/sendmail -t -i -f shop-1@shop.example.org'",
  ],
  [
    "mailCommand by the host's mail server",
    (value) => to.mailCommand({ program: "/usr/bin/msmtp", brings: "to-this-host" }, value, "shop.example.org"),
    "shop-1",
    "sendmail_path='/usr/bin/msmtp --host=127.0.0.1 -t -i -f shop-1@shop.example.org'",
  ],
]

describe.each(encoders.map((each) => [each[0], ...each] as const))(
  "the nginx encoder %s",
  (_title, ...[, encoder, good, word]) => {
    it("writes a good value as one word of nginx's", () => {
      expect(parseNginx(`before;\ndirective ${encoder(good)};\nafter;`)).toEqual([
        { words: ["before"] },
        { words: ["directive", word ?? good] },
        { words: ["after"] },
      ])
    })

    it("gives one word without a variable, or refuses, whatever the value", () => {
      fc.assert(
        fc.property(
          fc.oneof(
            hostile,
            fc.tuple(hostile, hostile).map(([a, b]) => a + good + b),
          ),
          (value) => {
            const text = tried(encoder, value)
            if (text === undefined) return
            const parsed = parseNginx(`before;\ndirective first ${text} last;\nafter;`)
            expect(parsed.map(({ block, words }) => [words.length, block])).toEqual([
              [1, undefined],
              [4, undefined],
              [1, undefined],
            ])
            expect(parsed[1]?.words[2]).not.toMatch(/[$\p{Cc}]|^$/u)
          },
        ),
        { numRuns: 2000 },
      )
    })
  },
)

describe("nginx's encoders", () => {
  it.each([
    [
      "serverName",
      to.serverName,
      [
        "*.example.org",
        "~^a",
        "example.org;",
        ".example.org",
        "a..b",
        "localhost",
        "É.org",
        "-a.org",
        `${"a".repeat(64)}.org`,
        `${"abcdefg.".repeat(32)}org`,
      ],
    ],
    ["path", to.path, ["", "relative", "/a/../b", "/a//b", "/a/", "/a$b", '/a"b', "/a\nb", "/a\\b", "/ a", "/a;b"]],
    [
      "redirectTarget",
      to.redirectTarget,
      ["//evil.example.org", "/\\evil", "javascript:alert(1)", "https://", "https://a b/", "/a b", "/$host", "ftp://x"],
    ],
    ["uriPath", to.uriPath, ["a", "/%", "/%zz", "/%ff", "/%00", "/%0a", "/%24host", "/%22", "/%7b", "/%5c", "/%3b"]],
    ["user", to.user, ["root;", "0", "a b"]],
    ["serverNames", (value: string) => to.serverNames([value]), ["*", "*.", "*.org", "*.*.a.org", "a.*.org", "~a.org"]],
    [
      "area",
      to.area,
      ["", "a", "/a/", "/a$", "/%0a", "/%00", "/%24", "/a%22", "/a%0a", "/%5c", "/a|b", "/a[b]", "/a?b", "/{1}"],
    ],
    ["scriptsBelow", to.scriptsBelow, ["/", "/a/", "/a;b", "/a\n"]],
    ["cookie", to.cookie, ["", "a b", "a;b", "(a", "a|b", "a$", "*"]],
    ["network", to.network, ["", "all", "a::b;", "unix:", "192.0.2.1/", "1", "a", "::1 ", "2001:db8::/32/1"]],
    ["headerName", to.headerName, ["", "x", "X Frame", "X-Frame:", "X-Frame\n", "set-cookie"]],
    ["headerValue", to.headerValue, ["", " a", "a ", "$host", "a\\", "a\nb", "é", "a".repeat(2001)]],
    ["realm", to.realm, ["off", "Off", "", " a", "a$b", 'a"', "a\n"]],
  ] as const)("%s refuses what would mean something else", (_name, encoder, bad) => {
    for (const value of bad) expect(() => encoder(value), value).toThrow(UnsafeValue)
  })

  it("refuse values that are no strings and numbers that are no numbers, wherever they come from", () => {
    for (const value of [undefined, null, 7, ["a.org"], { toString: () => "a.org" }])
      expect(() => to.serverName(value as never)).toThrow(UnsafeValue)
    for (const value of [Number.NaN, -1, 1.5, Infinity, "1;", "64m", undefined])
      expect(() => to.size(value as never)).toThrow(UnsafeValue)
    expect(() => to.redirectStatus(200)).toThrow(UnsafeValue)
    expect(() => to.listen("127.0.0.1; root /", 80)).toThrow(UnsafeValue)
    expect(() => to.listen("127.0.0.1", 0)).toThrow(UnsafeValue)
  })

  it("write sizes exactly", () => {
    expect([67108864, 1024, 1025, 0].map((bytes) => to.size(bytes).toString())).toEqual(["64m", "1k", "1025", "0"])
  })

  it("write addresses of both families", () => {
    expect([to.listen("192.0.2.1", 80), to.listen("2001:db8::1", 8080)].map(String)).toEqual([
      "192.0.2.1:80",
      "[2001:db8::1]:8080",
    ])
  })
})

describe("a template", () => {
  it("takes encoded values of its own format alone", () => {
    const text: string = "example.org; root /"
    // @ts-expect-error a bare string has been through no encoder
    const refused = () => nginx`server_name ${text};`
    // @ts-expect-error nor has an object that looks like a Text
    const alsoRefused = () => nginx`server_name ${{ format: "nginx", toString: () => text }};`
    expect([refused, alsoRefused]).toHaveLength(2)
  })

  it("keeps indentation, and drops the line of an empty hole", () => {
    const inner = nginx`
      location / {
          return 404;
      }
    `
    const text = nginx`
      server {
          ${to.nothing}
          ${[nginx`a on;`, nginx`b on;`]}
          ${inner}
      }
    `
    expect(text.toString()).toBe("server {\n    a on;\n    b on;\n    location / {\n        return 404;\n    }\n}")
  })
})
