/** What the accounts bring in, by their packages: recurring revenue by the month and by the year, in minor units. */

export interface Sold {
  readonly currency: string
  /** Minor units; null: not sold by that time. */
  readonly monthlyPrice: number | null
  readonly yearlyPrice: number | null
  /** How many accounts have it. */
  readonly accounts: number
}

export interface Revenue {
  readonly currency: string
  readonly monthly: number
  readonly yearly: number
}

/**
 * An account pays by the month where its package is sold so, and otherwise by the year. What is paid by the year is a twelfth of it
 * a month; the sum is rounded once, half a unit upwards, so that no account adds an error of its own.
 */
export const revenueOf = (packages: ReadonlyArray<Sold>): ReadonlyArray<Revenue> => {
  const years = new Map<string, number>()
  for (const { accounts, currency, monthlyPrice, yearlyPrice } of packages) {
    const yearly = monthlyPrice === null ? (yearlyPrice ?? 0) : monthlyPrice * 12
    if (accounts > 0 && (monthlyPrice ?? yearlyPrice) !== null)
      years.set(currency, (years.get(currency) ?? 0) + yearly * accounts)
  }
  return [...years]
    .map(([currency, yearly]) => ({ currency, yearly, monthly: Math.floor((yearly + 6) / 12) }))
    .toSorted((one, other) => (one.currency < other.currency ? -1 : 1))
}
