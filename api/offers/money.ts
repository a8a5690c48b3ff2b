/** Amounts of money: whole minor units (cents) of a currency. Never a fraction, and never one number without its currency. */
import { type Flaw, flaw, show } from "../../spec/grammar.ts"

const currencies: ReadonlySet<string> = new Set(Intl.supportedValuesOf("currency"))

/** ISO 4217, as this machine knows it. */
export const currencyFlaw = (code: string): Flaw | undefined =>
  currencies.has(code) ? undefined : flaw(`${show(code)} is no currency.`, "Write its three letters: EUR.")

/** A hundred million of most currencies: what is above is a slip. */
const most = 10_000_000_000

export const amountFlaw = (amount: number): Flaw | undefined =>
  Number.isSafeInteger(amount) && amount >= 0 && amount <= most
    ? undefined
    : flaw("This is no amount.", `Give whole minor units (cents), from 0 to ${most}.`)
