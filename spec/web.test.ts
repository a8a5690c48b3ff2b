import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { Realm, Verifier, VisitorName } from "./basic-auth.ts"
import { DomainPattern, domainsAbove } from "./domain.ts"
import { load } from "./load.ts"
import { Network } from "./network.ts"
import { AreaPath } from "./paths.ts"
import { printProblem } from "./problem.ts"
import { type ResponseHeaders, responseHeaders } from "./response-headers.ts"

const read = <T>(schema: Schema.Codec<T, unknown>, value: unknown): T | string =>
  Result.match(Schema.decodeUnknownResult(schema)(value), {
    onFailure: (error) => `refused: ${error.message}`,
    onSuccess: (decoded) => decoded,
  })
const refused = expect.stringMatching(/^refused: /)

const problemsOf = (spec: string): ReadonlyArray<string> =>
  Result.match(
    load([
      {
        file: "x.yaml",
        text: `apiVersion: plumbline.dev/v1\nkind: Site\nmetadata: {name: s}\nspec: {account: acme, domains: [a.example.org], ${spec}}\n`,
      },
    ]),
    { onFailure: (problems) => problems.map(printProblem), onSuccess: () => [] },
  )

const sha512 = `$6$saltstring$${"x./Z".repeat(21)}xy`
const bcrypt = `$2y$05$${"./aZ9".repeat(10)}abc`

describe("an address or network", () => {
  it.each([
    ["192.0.2.7", "192.0.2.7"],
    ["192.0.2.7/32", "192.0.2.7"],
    ["192.0.2.0/24", "192.0.2.0/24"],
    ["0.0.0.0/0", "0.0.0.0/0"],
    ["2001:DB8:0:0::7", "2001:db8::7"],
    ["2001:db8::7/128", "2001:db8::7"],
    ["2001:db8:0:0:0::/032", "2001:db8::/32"],
    ["::/0", "::/0"],
    ["2001:db8:0:1000::/52", "2001:db8:0:1000::/52"],
  ])("has one form whatever the spelling: %s", (text, canonical) => {
    expect(read(Network, text)).toBe(canonical)
    expect(read(Network, canonical)).toBe(canonical)
  })

  it.each([
    ["10.0.0.1/8", "Write 10.0.0.0/8 for the network, or 10.0.0.1 for the address."],
    ["2001:db8:0:1001::/52", "Write 2001:db8:0:1000::/52"],
    ["192.0.2.0/33", "from 0 to 32"],
    ["::/129", "from 0 to 128"],
    ["192.0.2.0/", "no length"],
    ["192.0.2.0/24/8", "no length"],
    ["192.0.2.0/-1", "no length"],
    ["::ffff:192.0.2.7", "IPv4 address alone"],
    ["fe80::1%eth0", "neither"],
    ["192.0.2.07", "neither"],
    ["192.0.2", "neither"],
    ["all", "neither"],
    ["unix:", "neither"],
    ["example.org", "neither"],
    ["192.0.2.1;", "neither"],
    ["192.0.2.1 ", "neither"],
    ["192.0.2.1\n", "invisible"],
    ["", "neither"],
  ])("is refused for its own reason: %j", (text, reason) => {
    const result = read(Network, text)
    expect(result).toEqual(refused)
    expect(result).toContain(reason)
  })

  it("is stable: what was accepted is accepted unchanged", () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV6(), fc.ipV4(), fc.ipV4Extended()), fc.nat(128), (address, prefix) => {
        for (const text of [address, `${address}/${prefix}`]) {
          const once = read(Network, text)
          if (!once.startsWith("refused: ")) expect(read(Network, once)).toBe(once)
        }
      }),
    )
  })
})

describe("a name with a wildcard", () => {
  it.each([
    ["*.example.org", "*.example.org"],
    ["*.BÜCHER.example", "*.xn--bcher-kva.example"],
    ["shop.example.org", "shop.example.org"],
  ])("has one form: %s", (text, canonical) => {
    expect(read(DomainPattern, text)).toBe(canonical)
  })

  it.each([
    "*",
    "*.",
    "*.org",
    "*.*.example.org",
    "a.*.example.org",
    "a*.example.org",
    "*example.org",
    "**.example.org",
  ])("stands for whole labels below a domain, and not otherwise: %s", (text) => {
    expect(read(DomainPattern, text)).toEqual(refused)
  })

  it("is below the domains that another wildcard may have", () => {
    expect(domainsAbove("a.b.example.org")).toEqual(["b.example.org", "example.org"])
    expect(domainsAbove("*.b.example.org")).toEqual(["example.org"])
    expect(domainsAbove("example.org")).toEqual([])
  })

  it("is never the primary domain of a site", () => {
    const [problem] = Result.match(
      load([
        {
          file: "x.yaml",
          text: "apiVersion: plumbline.dev/v1\nkind: Site\nmetadata: {name: s}\nspec: {account: acme, domains: ['*.example.org']}\n",
        },
      ]),
      { onFailure: (problems) => problems.map(printProblem), onSuccess: () => [] },
    )
    expect(problem).toContain('spec.domains[0]: "*.example.org" cannot be the primary domain.')
  })
})

describe("a protected path", () => {
  it("takes the verifiers of crypt(3) that nginx can check quickly", () => {
    for (const verifier of [sha512, sha512.replace("$6$", "$6$rounds=10000$"), bcrypt, bcrypt.replace("$05$", "$08$")])
      expect(read(Verifier, verifier)).toBe(verifier)
  })

  it.each([
    ["a password", "correct horse battery"],
    ["a verifier without a salt", "{PLAIN}secret"],
    ["SHA-1", "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ="],
    ["MD5", "$apr1$3cGCmOJ8$aHgpY/cLIvUvLbhVGw6Rp."],
    ["one that holds up a worker", sha512.replace("$6$", "$6$rounds=999999999$")],
    ["one that costs too much", bcrypt.replace("$05$", "$31$")],
    ["one with another line", `${sha512}\nroot:x`],
    ["one with a field more", `${sha512}:x`],
  ])("refuses %s, and does not repeat it", (_, text) => {
    const [problem = ""] = problemsOf(
      `protect: [{path: /a, users: [{name: editor, verifier: ${JSON.stringify(text)}}]}]`,
    )
    expect(problem).toContain("spec.protect[0].users[0].verifier: ")
    expect(problem).toMatch(/plumb hash-password/)
    expect(problem).not.toContain(text)
  })

  it.each(["", "a:b", "a b", "#a", "é", "a\nb", "a".repeat(65), "$a"])("has no visitor called %j", (name) => {
    expect(read(VisitorName, name)).toEqual(refused)
  })

  it.each(["", "off", 'a"b', "a\\", "$host", "a\nb", " a", "a ", "a".repeat(81)])("has no realm %j", (realm) => {
    expect(read(Realm, realm)).toEqual(refused)
  })

  it("is written without a slash at its end, and once", () => {
    expect(read(AreaPath, "/admin/")).toContain("Write /admin:")
    expect(read(AreaPath, "/")).toBe("/")
    expect(problemsOf("protect: [{path: /a, users: []}, {path: /a, users: []}]")).toHaveLength(1)
    expect(
      problemsOf(
        `protect: [{path: /a, users: [{name: x, verifier: ${JSON.stringify(sha512)}}, {name: x, verifier: ${JSON.stringify(bcrypt)}}]}]`,
      ),
    ).toHaveLength(1)
  })
})

describe("a response header", () => {
  const headers = Schema.Struct(responseHeaders)
  const one = (name: keyof ResponseHeaders, value: unknown) => read(headers.fields[name], value)

  it.each([
    ["Content-Security-Policy", "default-src 'self'; img-src * data:; script-src 'sha256-a+b/c=' 'nonce-x'"],
    ["Content-Security-Policy", "upgrade-insecure-requests;"],
    ["Permissions-Policy", 'camera=(), geolocation=(self "https://maps.example.org"), fullscreen=*'],
    ["X-Robots-Tag", "googlebot: noindex, nofollow"],
    ["Access-Control-Allow-Origin", "https://app.example.org:8443"],
    ["Access-Control-Allow-Headers", "Content-Type, X-Requested-With"],
  ] as const)("may be %s: %s", (name, value) => {
    expect(one(name, value)).toBe(value)
  })

  it.each([
    ["Content-Security-Policy", "default-src 'self'\r\nSet-Cookie: a=b"],
    ["Content-Security-Policy", 'default-src "x"'],
    ["Content-Security-Policy", "default-src $host"],
    ["Content-Security-Policy", "default-src \\"],
    ["Content-Security-Policy", "Default-Src 'self'"],
    ["Content-Security-Policy", "default-src é"],
    ["Content-Security-Policy", "default-src 'self'\u2028"],
    ["Content-Security-Policy", `default-src ${"a".repeat(10_000_000)}`],
    ["Content-Security-Policy", ""],
    ["Permissions-Policy", 'camera=("javascript:x")'],
    ["X-Frame-Options", "ALLOWALL"],
    ["Access-Control-Allow-Origin", "https://a.example.org, https://b.example.org"],
    ["Access-Control-Allow-Methods", "GET; x"],
  ] as const)("is never %s: %j", (name, value) => {
    expect(one(name, value)).toEqual(refused)
  })

  it.each(["Set-Cookie", "Location", "Content-Length", "Server", "X-Accel-Redirect", "Strict-Transport-Security"])(
    "is not %s, which is the server's own",
    (name) => {
      expect(problemsOf(`headers: {${name}: x}`)[0]).toContain(`spec.headers`)
    },
  )
})

describe("folders without PHP", () => {
  it("are not the whole site", () => {
    expect(problemsOf("noPhp: [/]")[0]).toContain("Leave php out of the site")
    expect(problemsOf("noPhp: [/uploads, /uploads]")[0]).toContain("given twice")
  })
})
