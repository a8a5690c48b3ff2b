/** What is set for the whole installation, as the API takes and shows it; what is left out of a PUT is as it is when nobody set it. */
import * as Schema from "effect/Schema"
import { Role } from "../identity/role.ts"

const between = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))
const text = (most: number) => Schema.String.check(Schema.isMaxLength(most))
const networks = Schema.Array(text(100)).check(Schema.isMaxLength(100))

export const SecuritySettings = Schema.Struct({
  /** Of a password, in characters; those that are set already stay. */
  leastPasswordLength: between(10, 64),
  /** A session ends after so many days, whatever happens in it. */
  sessionDays: between(1, 365),
  /** And after so many when nothing does. */
  idleDays: between(1, 90),
  /** Who may do nothing but set one up as long as they have no second factor. */
  secondFactorFor: Schema.Array(Role),
  /** Networks that are not public and that webhooks may reach all the same: everybody's, and the operator's own. */
  webhookNetworks: networks,
  operatorWebhookNetworks: networks,
})
export type SecuritySettings = typeof SecuritySettings.Type

export const BillingSettings = Schema.Struct({
  /** Who sells, as it stands on invoices. */
  seller: Schema.Struct({
    name: text(200),
    /** Line by line. */
    address: Schema.Array(text(200)).check(Schema.isMaxLength(6)),
    /** ISO 3166-1, two letters. */
    country: text(2),
    vatId: Schema.NullOr(text(20)),
  }),
  /** ISO 4217: of packages that name no other. */
  currency: text(3),
  /** In hundredths of a percent: 1900 is 19 %. */
  taxBasisPoints: between(0, 10_000),
  /** Begins the number of each invoice. */
  invoicePrefix: text(20),
  /** Within how many days an invoice is to be paid. */
  paymentDays: between(0, 90),
  /** How many days after that somebody is reminded; the last reminder says what follows. */
  reminderDays: Schema.Array(between(1, 365)).check(Schema.isMaxLength(10)),
  /** How many days after it accounts are suspended; null: never by themselves. */
  suspendAfterDays: Schema.NullOr(between(1, 365)),
})
export type BillingSettings = typeof BillingSettings.Type
