import { assert, describe, it } from "@effect/vitest"
import fc from "fast-check"
import { revenueOf, type Sold } from "./revenue.ts"

const sold = (more: Partial<Sold>): Sold => ({
  currency: "EUR",
  monthlyPrice: null,
  yearlyPrice: null,
  accounts: 1,
  ...more,
})

const price = fc.option(fc.integer({ min: 0, max: 1_000_000 }))
const packages = fc.array(
  fc.record({
    currency: fc.constantFrom("EUR", "CHF"),
    monthlyPrice: price,
    yearlyPrice: price,
    accounts: fc.integer({ min: 0, max: 10_000 }),
  }),
)

describe("recurring revenue", () => {
  it("is what accounts pay by the month, and a twelfth of what they pay by the year", () => {
    assert.deepStrictEqual(
      revenueOf([
        sold({ monthlyPrice: 990, yearlyPrice: 9900, accounts: 3 }),
        sold({ yearlyPrice: 10_000, accounts: 1 }),
        sold({ currency: "CHF", monthlyPrice: 500, accounts: 2 }),
        sold({ accounts: 7 }),
        sold({ monthlyPrice: 100, accounts: 0 }),
      ]),
      [
        { currency: "CHF", yearly: 12_000, monthly: 1000 },
        { currency: "EUR", yearly: 45_640, monthly: 3803 },
      ],
    )
    assert.deepStrictEqual(revenueOf([]), [])
  })

  it("is whole units, off by no more than half a unit a month, and the same in whatever order", () => {
    fc.assert(
      fc.property(packages, (list) => {
        const found = revenueOf(list)
        for (const { monthly, yearly } of found) {
          assert.isTrue(Number.isInteger(monthly) && Number.isInteger(yearly))
          assert.isAtMost(Math.abs(monthly * 12 - yearly), 6)
        }
        assert.deepStrictEqual(revenueOf(list.toReversed()), found)
      }),
    )
  })
})
