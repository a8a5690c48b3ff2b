/** Who sells, in which currency, with which tax, and what happens when nobody pays. */
import * as Effect from "effect/Effect"
import { type Flaw, flaw, hiddenFlaw, show } from "../../spec/grammar.ts"
import { nameFlaw } from "../identity/names.ts"
import { currencyFlaw } from "../offers/money.ts"
import { Invalid, type Mistake } from "../problems.ts"
import { BillingSettings } from "./shapes.ts"
import { type Group, readStored, writeStored } from "./stored.ts"

const group: Group<BillingSettings> = {
  name: "billing",
  schema: BillingSettings,
  unset: {
    seller: { name: "", address: [], country: "", vatId: null },
    currency: "EUR",
    taxBasisPoints: 0,
    invoicePrefix: "",
    paymentDays: 14,
    reminderDays: [7, 14],
    suspendAfterDays: null,
  },
}

export const read = readStored(group)

const countries = new Intl.DisplayNames(["en"], { type: "region", fallback: "none" })

const countryFlaw = (code: string): Flaw | undefined =>
  /^[A-Z]{2}$/.test(code) && code !== "ZZ" && countries.of(code) !== undefined
    ? undefined
    : flaw(`${show(code)} is no country.`, "Use the two letters of ISO 3166-1, such as DE.")

/** As the member states write them, which differs: https://taxation-customs.ec.europa.eu/vat-identification-numbers_en. */
const vatIdFlaw = (id: string): Flaw | undefined =>
  /^[A-Z]{2}[A-Z0-9+*]{2,13}$/.test(id)
    ? undefined
    : flaw(`${show(id)} is no VAT identification number.`, "Write it as DE123456789, without spaces.")

const ascending = (days: ReadonlyArray<number>): Flaw | undefined =>
  days.every((day, index) => index === 0 || day > (days[index - 1] ?? 0))
    ? undefined
    : flaw("The days do not grow.", "Write each once, the first reminder first: [7, 14].")

const mistakesOf = (wish: BillingSettings): ReadonlyArray<Mistake> => {
  const { currency, invoicePrefix, reminderDays, seller, suspendAfterDays } = wish
  const last = reminderDays.at(-1) ?? 0
  const found: ReadonlyArray<readonly [string, Flaw | undefined]> = [
    ["seller.name", seller.name === "" ? undefined : nameFlaw(seller.name)],
    ...seller.address.map((line, index) => [`seller.address[${index}]`, nameFlaw(line)] as const),
    ["seller.country", seller.country === "" ? undefined : countryFlaw(seller.country)],
    ["seller.vatId", seller.vatId === null ? undefined : vatIdFlaw(seller.vatId)],
    ["currency", currencyFlaw(currency)],
    ["invoicePrefix", invoicePrefix === "" ? undefined : (hiddenFlaw(invoicePrefix) ?? prefixFlaw(invoicePrefix))],
    ["reminderDays", ascending(reminderDays)],
    [
      "suspendAfterDays",
      suspendAfterDays !== null && suspendAfterDays <= last
        ? flaw("Accounts would be suspended before the last reminder.", `Use more than ${last}, or null.`)
        : undefined,
    ],
  ]
  return found.flatMap(([field, one]) => (one === undefined ? [] : [{ field, ...one }]))
}

const prefixFlaw = (prefix: string): Flaw | undefined =>
  /^[A-Za-z0-9/._-]+$/.test(prefix)
    ? undefined
    : flaw(`${show(prefix)} does not begin a number.`, "Use letters, digits and - / . _ only.")

export const write = Effect.fn("config.billing.write")(function* (given: Partial<BillingSettings>) {
  const settings = { ...group.unset, ...given }
  const problems = mistakesOf(settings)
  if (problems.length > 0) return yield* new Invalid({ detail: "The settings were not changed.", problems })
  yield* writeStored(group, settings)
  return settings
})
