import * as Result from "effect/Result"
import { beforeAll, describe, expect, it } from "vitest"
import { authority, type Made } from "../fixtures/acme/authority.ts"
import { examine } from "./examine.ts"
import { show } from "./grammar.ts"
import type { Envelope } from "./kinds.ts"
import { validateSet } from "./validate-set.ts"

const record = (kind: string, name: string, spec: unknown) =>
  examine({ apiVersion: "plumbline.dev/v1", kind, metadata: { name }, spec })
const certificate = (spec: unknown) => record("Certificate", "shop", { site: "shop", ...(spec as object) })
const fieldsOf = (examined: ReturnType<typeof record>) =>
  Result.isFailure(examined) ? examined.failure.map(({ field, message }) => `${field}: ${message}`) : []
const sound = (examined: ReturnType<typeof record>): Envelope => {
  if (Result.isFailure(examined)) throw new Error(JSON.stringify(examined.failure))
  return examined.success.envelope
}

const nasty = [
  "a\nb",
  "a\rb",
  "a\0b",
  "a\u2028b",
  `a"b`,
  "a'b",
  "a;}$|&`b",
  "../a",
  "..%2fa",
  "a".repeat(10_000_000),
  "аcme", // the first letter is Cyrillic
  "$plumb_pairs",
]

describe("a certificate", () => {
  let ca: Awaited<ReturnType<typeof authority>>
  let shop: Made
  let other: Made
  const upload = (chain: string, privateKey: unknown) => certificate({ issuer: { uploaded: { chain, privateKey } } })

  beforeAll(async () => {
    ca = await authority()
    shop = await ca.pair(["shop.example.org", "*.shop.example.org"])
    other = await ca.pair(["shop.example.org"])
  })

  it("is ordered from the node's ACME server unless it says otherwise", () => {
    expect(sound(certificate({})).spec).toEqual({ site: "shop", issuer: { acme: { challenge: "http-01" } } })
  })

  it.each(nasty.map((text) => [show(text), text] as const))("takes no %s anywhere", (_, text) => {
    const acme = (spec: object) => fieldsOf(certificate({ issuer: { acme: spec } }))[0]
    expect(fieldsOf(certificate({ site: text }))[0]).toMatch(/^spec\.site: /)
    expect(acme({ directory: `https://ca.example.org/${text}` })).toMatch(/^spec\.issuer\.acme\.directory: /)
    expect(acme({ email: `${text}@example.org` })).toMatch(/^spec\.issuer\.acme\.email: /)
    expect(acme({ challenge: { dns01: text } })).toMatch(/^spec\.issuer\.acme\.challenge/)
    expect(fieldsOf(upload(text, shop.key))[0]).toMatch(/^spec\.issuer\.uploaded\.chain: /)
    expect(fieldsOf(upload(shop.chain + text, shop.key))[0]).toMatch(/^spec\.issuer\.uploaded\.chain: /)
    const key = fieldsOf(upload(shop.chain, shop.key + text))[0]
    expect(key).toMatch(/^spec\.issuer\.uploaded\.privateKey/)
    // It may be the key.
    expect(key?.length).toBeLessThan(300)
  })

  it.each([
    ["http://ca.example.org/dir"],
    ["https://user:secret@ca.example.org/"],
    ["https://ca.example.org/?x"],
    ["https://ca.example.org/#x"],
    ["https://"],
  ])("is not ordered from %s", (directory) => {
    expect(fieldsOf(certificate({ issuer: { acme: { directory } } }))[0]).toMatch(/^spec\.issuer\.acme\.directory: /)
  })

  it("has one issuer", () => {
    for (const issuer of [{}, { acme: {}, uploaded: { chain: shop.chain, privateKey: shop.key } }])
      expect(fieldsOf(certificate({ issuer }))).toEqual(["spec.issuer: One issuer has to be given."])
  })

  describe("that is uploaded", () => {
    it("is taken with its key, as it is or sealed", () => {
      expect(fieldsOf(upload(shop.chain, shop.key))).toEqual([])
      expect(
        fieldsOf(upload(shop.chain, { sealed: Buffer.from("age-encryption.org/v1\n").toString("base64") })),
      ).toEqual([])
    })

    it("is refused with the key of another", () => {
      expect(fieldsOf(upload(shop.chain, other.key))).toEqual([
        "spec.issuer.uploaded.privateKey: This is not the key of the certificate.",
      ])
    })

    it("is refused in another order, with a link left out, or with a key among the certificates", () => {
      const [leaf = "", second = ""] = shop.chain.split(/(?<=-----END CERTIFICATE-----\n)/)
      const said = (chain: string) => fieldsOf(upload(chain, shop.key))[0]
      expect(said(second + leaf)).toMatch(/chain: The first certificate is that of an authority/)
      expect(said(leaf + ca.root)).toMatch(/chain: Certificate 2 of the chain did not sign certificate 1/)
      expect(said(leaf + second + shop.key)).toMatch(/chain: There is a private key in the chain/)
      expect(said(`${leaf}what else\n${second}`)).toMatch(/chain: This is no chain/)
      expect(said("")).toMatch(/chain: This is no chain/)
      expect(said(leaf + second + ca.root)).toBeUndefined()
    })

    it("is refused with a key that is too small", async () => {
      const small = await ca.pair(["shop.example.org"], { bits: 1024 })
      expect(fieldsOf(upload(small.chain, small.key)).join("\n")).toMatch(/RSA of 1024 bits/)
    })
  })

  describe("beside its site", () => {
    const site = (domains: ReadonlyArray<string>) =>
      sound(record("Site", "shop", { account: "acme", domains, redirects: { www: "add" } }))
    const account = sound(record("Account", "acme", {}))
    const problems = (one: Envelope, domains: ReadonlyArray<string>, now?: number) =>
      validateSet({
        existing: [account, site(domains)],
        incoming: [one],
        ...(now === undefined ? {} : { now }),
      }).map(({ field, message }) => `${field}: ${message}`)

    it("is for all of its names", () => {
      const uploaded = sound(upload(shop.chain, shop.key))
      expect(problems(uploaded, ["shop.example.org"])).toEqual([])
      expect(problems(uploaded, ["shop.example.org", "blog.example.org"])).toEqual([
        "spec.issuer.uploaded.chain: The certificate is not for blog.example.org, www.blog.example.org.",
      ])
      // A wildcard is for one label, and for no wildcard below it.
      expect(problems(uploaded, ["shop.example.org", "a.b.shop.example.org"])[0]).toMatch(/not for a\.b\.shop/)
    })

    it("is not written once it has ended", async () => {
      const until = new Date(Date.UTC(2026, 0, 1))
      const old = await ca.pair(["*.example.org", "*.shop.example.org"], {
        from: new Date(Date.UTC(2025, 0, 1)),
        until,
      })
      const one = sound(upload(old.chain, old.key))
      expect(problems(one, ["shop.example.org"], until.getTime() - 1)).toEqual([])
      expect(problems(one, ["shop.example.org"], until.getTime())).toEqual([
        "spec.issuer.uploaded.chain: The certificate ended on 2026-01-01T00:00:00.000Z.",
      ])
    })

    it("is ordered with a wildcard by the DNS alone", () => {
      const domains = ["shop.example.org", "*.shop.example.org"]
      expect(problems(sound(certificate({})), domains)).toEqual([
        "spec.issuer.acme.challenge: http-01 cannot prove whose *.shop.example.org is.",
      ])
      const dns = { issuer: { acme: { challenge: { dns01: "example-dns" } } } }
      expect(problems(sound(certificate(dns)), domains)).toEqual([])
    })

    it("is the only one of its site", () => {
      const first = sound(certificate({}))
      const second = sound(record("Certificate", "second", { site: "shop" }))
      const found = validateSet({ existing: [account, site(["shop.example.org"]), first], incoming: [second] })
      expect(found.map(({ field, message }) => `${field}: ${message}`)).toEqual([
        "spec.site: The certificate of the site shop belongs to Certificate/shop.",
      ])
    })
  })
})

describe("what a site says of TLS", () => {
  const site = (spec: object) =>
    fieldsOf(record("Site", "shop", { account: "acme", domains: ["shop.example.org"], ...spec }))

  it("is HSTS only where visitors are sent to HTTPS, and preload only for what browsers take", () => {
    expect(site({ tls: { hsts: {} } })[0]).toMatch(/^spec\.tls\.hsts: /)
    expect(site({ redirects: { https: true }, tls: { hsts: {} } })).toEqual([])
    expect(site({ redirects: { https: true }, tls: { hsts: { preload: true } } })[0]).toMatch(
      /^spec\.tls\.hsts\.preload: /,
    )
    const all = { preload: true, includeSubDomains: true, maxAge: 31_536_000 }
    expect(site({ redirects: { https: true }, tls: { hsts: all } })).toEqual([])
    expect(site({ tls: { minimumVersion: "1.1" } })[0]).toMatch(/^spec\.tls\.minimumVersion: /)
  })
})
