import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { amountFlaw, currencyFlaw } from "./money.ts"

describe("an amount of money", () => {
  it("is whole minor units, not below nothing and not beyond reason", () => {
    fc.assert(
      fc.property(fc.oneof(fc.double(), fc.integer(), fc.maxSafeInteger()), (amount) => {
        expect(amountFlaw(amount) === undefined).toBe(
          Number.isInteger(amount) && amount >= 0 && amount <= 10_000_000_000,
        )
      }),
    )
    for (const no of [0.1, -1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53]) expect(amountFlaw(no)).toBeDefined()
  })

  it("is of a currency that there is", () => {
    for (const code of ["EUR", "USD", "CHF", "JPY"]) expect(currencyFlaw(code)).toBeUndefined()
    for (const no of ["eur", "EURO", "", "ΕUR", "EUR\n", "XYZ1"]) expect(currencyFlaw(no)).toBeDefined()
  })
})
