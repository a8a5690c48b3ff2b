import * as Result from "effect/Result"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { decodeEnvelope, type Envelope } from "./kinds.ts"
import { identityOf, tiesOf, touchedBy } from "./ties.ts"
import { validateSet } from "./validate-set.ts"

const make = (kind: string, name: string, spec: object): Envelope =>
  Result.getOrThrow(decodeEnvelope({ apiVersion: "plumbline.dev/v1", kind, metadata: { name }, spec }))

// Few names, so that records collide, refer to each other and miss each other all the time.
const name = fc.constantFrom("ash", "birch", "cedar")
const record: fc.Arbitrary<Envelope> = fc.oneof(
  fc
    .record({ name, uid: fc.integer({ min: 10000, max: 10002 }) })
    .map((some) => make("Account", some.name, { uid: some.uid })),
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
        const near = existing.filter((one) => tiesOf(one).some((tie) => ties.has(tie)))
        expect(validateSet({ existing: near, incoming, removed })).toEqual(validateSet({ existing, incoming, removed }))
      }),
      { numRuns: 500 },
    )
  })
})
