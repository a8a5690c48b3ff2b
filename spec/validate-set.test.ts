import * as Result from "effect/Result"
import { describe, expect, it } from "vitest"
import { decodeEnvelope, type Envelope } from "./kinds.ts"
import { type Change, validateSet } from "./validate-set.ts"

const make = (kind: string, name: string, spec: object): Envelope =>
  Result.getOrThrow(decodeEnvelope({ apiVersion: "plumbline.dev/v1", kind, metadata: { name }, spec }))

const account = (name: string, spec: object = {}) => make("Account", name, spec)
const php = (name: string, of = "acme", version = "8.2") => make("Php", name, { account: of, version })
const site = (name: string, domain: string, spec: object = {}) =>
  make("Site", name, { account: "acme", domains: [domain], ...spec })

const said = (change: Change): ReadonlyArray<string> =>
  validateSet(change).map(
    ({ index, kind, name, field, message }) => `${index ?? "-"} ${kind}/${name} ${field}: ${message}`,
  )

const acme = account("acme")
const shop = site("shop", "shop.example.org", { php: "shop" })

describe("a set of records", () => {
  it("is right when all that is named comes with it, in any order", () => {
    expect(said({ existing: [], incoming: [shop, php("shop"), acme] })).toEqual([])
    expect(said({ existing: [acme, php("shop"), shop], incoming: [shop] })).toEqual([])
    expect(
      said({ existing: [acme, php("shop"), shop], incoming: [], removed: [{ kind: "Site", name: "shop" }] }),
    ).toEqual([])
  })

  it("names what is missing", () => {
    expect(said({ existing: [], incoming: [shop] })).toEqual([
      "0 Site/shop spec.account: There is no Account/acme.",
      "0 Site/shop spec.php: There is no Php/shop.",
    ])
  })

  it("does not give one account's site the PHP of another", () => {
    expect(said({ existing: [acme, account("other"), php("shop", "other")], incoming: [shop] })).toEqual([
      '0 Site/shop spec.php: Php/shop has the account "other", and this record "acme".',
    ])
    expect(said({ existing: [acme, account("other"), php("shop"), shop], incoming: [php("shop", "other")] })).toEqual([
      '0 Php/shop spec.account: Site/shop uses this record and has the account "acme".',
    ])
  })

  it("keeps what is still used", () => {
    expect(
      said({ existing: [acme, php("shop"), shop], incoming: [], removed: [{ kind: "Account", name: "acme" }] }),
    ).toEqual([
      "- Account/acme : Account/acme is still used by Php/shop (spec.account).",
      "- Account/acme : Account/acme is still used by Site/shop (spec.account).",
    ])
  })

  it("has no record twice, and none both given and removed", () => {
    expect(said({ existing: [], incoming: [acme, acme] })).toEqual([
      "1 Account/acme metadata.name: Account/acme is given twice.",
    ])
    expect(said({ existing: [acme], incoming: [acme], removed: [{ kind: "Account", name: "acme" }] })).toEqual([
      "0 Account/acme metadata.name: The record is given and removed at once.",
    ])
  })

  it("has each domain once, in every spelling, as domain, alias or www", () => {
    const existing = [acme, site("old", "xn--bcher-kva.example", { aliases: ["b.example.org"] })]
    expect(said({ existing, incoming: [site("new", "BÜCHER.example")] })).toEqual([
      "0 Site/new spec.domains[0]: The domain xn--bcher-kva.example belongs to Site/old.",
    ])
    expect(said({ existing, incoming: [site("new", "c.example.org", { aliases: ["B.EXAMPLE.org"] })] })).toEqual([
      "0 Site/new spec.aliases[0]: The domain b.example.org belongs to Site/old.",
    ])
    expect(
      said({
        existing,
        incoming: [site("a", "a.example.org", { redirects: { www: "add" } }), site("b", "www.a.example.org")],
      }),
    ).toEqual(["1 Site/b spec.domains[0]: The domain www.a.example.org belongs to Site/a."])
  })

  it("has the names below a domain within one account, once a wildcard has them", () => {
    const other = account("other")
    const of = (name: string, account: string, ...domains: ReadonlyArray<string>) =>
      make("Site", name, { account, domains: [`${name}.example.net`, ...domains] })
    const wild = of("wild", "acme", "*.example.org")
    const existing = [acme, other, wild]
    expect(said({ existing, incoming: [of("own", "acme", "shop.example.org", "*.shop.example.org")] })).toEqual([])
    expect(said({ existing, incoming: [of("apex", "other", "example.org", "example.com")] })).toEqual([])
    for (const name of ["shop.example.org", "a.b.example.org", "*.b.example.org"])
      expect(said({ existing, incoming: [of("x", "other", name)] })).toEqual([
        "0 Site/x spec.domains[1]: The wildcard *.example.org belongs to Site/wild.",
      ])
    expect(said({ existing, incoming: [of("x", "other", "*.example.org")] })).toEqual([
      "0 Site/x spec.domains[1]: The domain *.example.org belongs to Site/wild.",
    ])
    const named = [acme, other, of("a", "other", "a.example.org"), of("b", "acme", "b.example.org")]
    expect(said({ existing: named, incoming: [wild] })).toEqual([
      "0 Site/wild spec.domains[1]: Site/a has a part of the wildcard *.example.org and is another's.",
    ])
    expect(said({ existing: named, incoming: [wild], removed: [{ kind: "Site", name: "a" }] })).toEqual([])
    expect(said({ existing: [...existing, of("a", "other", "a.example.org")], incoming: [of("c", "other")] })).toEqual(
      [],
    )
  })

  it("lets a domain move from one site to another in one change", () => {
    const existing = [acme, site("old", "a.example.org")]
    expect(said({ existing, incoming: [site("old", "b.example.org"), site("new", "a.example.org")] })).toEqual([])
    expect(
      said({ existing, incoming: [site("new", "a.example.org")], removed: [{ kind: "Site", name: "old" }] }),
    ).toEqual([])
  })

  it("has one Php an account and version, and one account a user id", () => {
    expect(said({ existing: [acme, php("one")], incoming: [php("two")] })).toEqual([
      "0 Php/two spec.version: The php acme/8.2 belongs to Php/one.",
    ])
    expect(said({ existing: [account("a", { uid: 10001 })], incoming: [account("b", { uid: 10001 })] })).toEqual([
      "0 Account/b spec.uid: The uid 10001 belongs to Account/a.",
    ])
  })

  it("is not stopped by what was broken before", () => {
    const existing = [shop, site("x", "x.example.org"), site("y", "x.example.org")]
    expect(said({ existing, incoming: [account("other")] })).toEqual([])
  })

  it("is checked in well under a second when it is large", () => {
    const existing = [acme, ...Array.from({ length: 10_000 }, (_, index) => site(`s${index}`, `s${index}.example.org`))]
    const started = performance.now()
    expect(said({ existing, incoming: [site("new", "s77.example.org")] })).toHaveLength(1)
    expect(performance.now() - started).toBeLessThan(1000)
  })
})
