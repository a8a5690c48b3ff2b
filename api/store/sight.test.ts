import { isDeepStrictEqual } from "node:util"
import * as fc from "fast-check"
import { expect, it } from "vitest"
import { type Sight, sameSight } from "./sight.ts"

const records = fc.array(fc.constantFrom("Site/blog", "Site/shop"), { maxLength: 2 })
const sights: fc.Arbitrary<Sight> = fc.oneof(
  fc.constant<Sight>({ of: "operator" }),
  fc.constant<Sight>({ of: "auditor" }),
  fc.record(
    {
      of: fc.constant("tenant" as const),
      as: fc.constantFrom("reseller" as const, "customer" as const),
      tenant: fc.constantFrom("a", "b"),
      records,
    },
    { requiredKeys: ["of", "as", "tenant"], noNullPrototype: true },
  ),
)

it("two look as the same where all of it is the same", () => {
  fc.assert(
    fc.property(sights, sights, (one, other) => {
      expect(sameSight(one, other)).toBe(isDeepStrictEqual(one, other))
      expect(sameSight(one, structuredClone(one))).toBe(true)
    }),
    { numRuns: 1000 },
  )
})
