import * as Result from "effect/Result"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { countedAmong } from "./counts.ts"
import { decodeEnvelope, type Envelope } from "./kinds.ts"
import { heldBy, identityOf, tiesOf, touchedBy } from "./ties.ts"
import { validateSet } from "./validate-set.ts"

const make = (kind: string, name: string, spec: object): Envelope =>
  Result.getOrThrow(decodeEnvelope({ apiVersion: "plumbline.dev/v1", kind, metadata: { name }, spec }))

// Few names, so that records collide, refer to each other and miss each other all the time.
const name = fc.constantFrom("ash", "birch", "cedar")
const record: fc.Arbitrary<Envelope> = fc.oneof(
  fc
    .record({
      name,
      uid: fc.integer({ min: 10000, max: 10002 }),
      package: fc.option(name, { nil: undefined }),
      sites: fc.option(fc.nat(2), { nil: undefined }),
    })
    .map(({ name, uid, sites, ...some }) =>
      make("Account", name, {
        uid,
        ...(some.package === undefined ? {} : { package: some.package }),
        ...(sites === undefined ? {} : { limits: { sites } }),
      }),
    ),
  fc
    .record({ name, sites: fc.nat(2), phps: fc.nat(2) })
    .map(({ name, ...limits }) => make("Package", name, { limits })),
  fc
    .record({ name, account: name, version: fc.constantFrom("8.1", "8.2") })
    .map(({ name, ...spec }) => make("Php", name, spec)),
  fc
    .record({
      name,
      account: name,
      php: fc.option(name, { nil: undefined }),
      domain: fc.constantFrom("ash.example.org", "www.ash.example.org", "birch.example.org", "cedar.ash.example.org"),
      wildcard: fc.constantFrom([], [], ["*.example.org"], ["*.ash.example.org"]),
      www: fc.constantFrom("add", "remove", "keep"),
    })
    .map(({ name, account, php, domain, wildcard, www }) =>
      make("Site", name, {
        account,
        domains: [domain, ...wildcard],
        redirects: { www },
        ...(php === undefined ? {} : { php }),
      }),
    ),
)
const set = fc.uniqueArray(record, { selector: identityOf, maxLength: 9 })

describe("the ties of a record", () => {
  it("are its name, what it claims and what it names", () => {
    expect(tiesOf(make("Site", "shop", { account: "acme", domains: ["shop.example.org"], php: "shop" }))).toEqual([
      "is Site/shop",
      "has domain:shop.example.org",
      "has of wildcard:*.example.org",
      "names Account/acme",
      "relies on Php/shop",
      "counts as sites of Account/acme",
    ])
  })

  it("find every record that a change is to be judged beside: the rest of the set makes no difference", () => {
    const change = fc.record({
      existing: set,
      incoming: fc.array(record, { maxLength: 4 }),
      gone: fc.array(fc.nat(8), { maxLength: 2 }),
    })
    fc.assert(
      fc.property(change, ({ existing, incoming, gone }) => {
        const removed = existing
          .filter((_, index) => gone.includes(index))
          .map(({ kind, metadata }) => ({ kind, name: metadata.name }))
        const ties = touchedBy({ incoming, removed })
        const having = (ties: ReadonlySet<string>) => existing.filter((one) => tiesOf(one).some((tie) => ties.has(tie)))
        const touched = having(ties)
        const near = existing.filter((one) => [...touched, ...having(heldBy(incoming, touched))].includes(one))
        const counted = countedAmong({ existing, incoming, removed })
        const problems = validateSet({ existing, incoming, removed })
        expect(validateSet({ existing: near, incoming, removed, counted })).toEqual(problems)
      }),
      { numRuns: 500 },
    )
  })
})
