/**
 * SshKey: a public key that opens an account's SFTP or shell, whichever the account has.
 *
 * The one thing to know before changing it: a key is a record of its own, so that it can be given and revoked without a
 * write to the account. The same key twice in one account is refused: revoking one of the two would revoke nothing.
 */
import * as Schema from "effect/Schema"
import { explained, type Flaw, flaw, rule, show } from "./grammar.ts"
import { defineKind } from "./kind.ts"
import { AccountName, RecordName } from "./names.ts"
import { fingerprintOf, SshPublicKey } from "./ssh-public-key.ts"

const momentShape = /^(\d{4})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d):(\d\d)Z)?$/

const isLeap = (year: number): boolean => (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0
const daysIn = (year: number, month: number): number =>
  month === 2 ? (isLeap(year) ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31

/** Whether all of it is what a calendar and a clock have. */
const isMoment = (text: string): boolean => {
  const [year, month, day, hour = 0, minute = 0, second = 0] = (momentShape.exec(text) ?? [])
    .slice(1)
    .filter((part) => part !== undefined)
    .map(Number)
  if (year === undefined || month === undefined || day === undefined) return false
  const isDay = year >= 2000 && year <= 2999 && month >= 1 && month <= 12 && day >= 1 && day <= daysIn(year, month)
  return isDay && hour <= 23 && minute <= 59 && second <= 59
}

const expiryFlaw = (text: string): Flaw | undefined =>
  isMoment(text)
    ? undefined
    : flaw(
        `${show(text)} is no moment.`,
        "Write a day, such as 2027-01-31, or with a time in UTC, 2027-01-31T18:00:00Z.",
      )

/** A moment in UTC; a day alone is its beginning. */
const Expiry = Schema.String.annotate({ examples: ["2027-01-31", "2027-01-31T18:00:00Z"] }).check(
  rule<string>(expiryFlaw, { pattern: "^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}:[0-9]{2}Z)?$" }),
)

export const SshKeySpec = Schema.Struct({
  account: AccountName.pipe(explained("The account that the key opens.")),
  publicKey: SshPublicKey.pipe(
    explained("The line of the .pub file. Options before the key are dropped; weak keys are refused."),
  ),
  expires: Schema.optionalKey(Expiry.pipe(explained("When it stops opening anything, in UTC."))),
})
export type SshKeySpec = typeof SshKeySpec.Type

export const SshKey = defineKind({
  kind: "SshKey",
  description: "A public key that opens an account's SFTP or shell.",
  name: RecordName,
  spec: SshKeySpec,
  references: (spec) => [{ kind: "Account", name: spec.account, field: "spec.account" }],
  counts: (spec) => [{ kind: "Account", name: spec.account, what: "sshKeys", field: "spec.account" }],
  claims: (_name, spec) => [{ key: `key:${spec.account}/${fingerprintOf(spec.publicKey)}`, field: "spec.publicKey" }],
})
