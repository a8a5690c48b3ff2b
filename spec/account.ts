/**
 * Account: one customer on a host, with a Linux user, a home and a slice of the machine.
 *
 * The one thing to know before changing it: `uid` is allocated once by the API, kept in the spec and exported with it, so
 * that a rebuilt host gives the files back to the same user. It is never reused.
 */
import * as Schema from "effect/Schema"
import { Access, secretsOfAccess } from "./access.ts"
import { explained, flaw, hiddenFlaw, rule, show, withDefault } from "./grammar.ts"
import { defineKind } from "./kind.ts"
import { effectiveLimits, type LimitName, Limits, limitUses } from "./limits.ts"
import { AccountName, RecordName, Uid } from "./names.ts"
import type { PackageSpec } from "./package.ts"

// The comment is the GECOS field of passwd(5), where a colon ends the field and commas divide it.
const Comment = Schema.String.check(
  rule<string>(
    (text) =>
      hiddenFlaw(text) ??
      (text.length <= 200 && !/[:,="\\]/.test(text)
        ? undefined
        : flaw(
            `The comment ${show(text)} does not fit.`,
            'Use at most 200 characters, none of : , = " \\ among them.',
          )),
    { maxLength: 200 },
  ),
)

// In a status it stands on one line, beside others.
const Reason = Schema.String.check(
  rule<string>(
    (text) =>
      hiddenFlaw(text) ??
      (text.trim() !== "" && text.length <= 300
        ? undefined
        : flaw("The reason of a suspension is empty or too long.", "Use 1 to 300 characters, or leave it out.")),
    { minLength: 1, maxLength: 300 },
  ),
)

export const Suspension = Schema.Struct({
  reason: Schema.optionalKey(
    Reason.pipe(explained("Why, for those who look after the account. Visitors never see it.")),
  ),
})

export const AccountSpec = Schema.Struct({
  uid: Schema.optionalKey(Uid),
  customer: Schema.optionalKey(
    RecordName.pipe(explained("The customer whose account it is. Left out: nobody's but the operator's.")),
  ),
  package: Schema.optionalKey(RecordName.pipe(explained("The package whose limits it has."))),
  limits: Limits.pipe(
    explained("What it may use and have, where that is another than its package says."),
    withDefault({}),
  ),
  access: Access.pipe(explained("What the account's SSH keys open."), withDefault({})),
  suspended: Schema.Boolean.pipe(
    explained("Whether all of it rests: sites show a page, nothing runs, nobody gets in. What is stored stays."),
    withDefault(false),
  ),
  suspension: Schema.optionalKey(Suspension.pipe(explained("About the suspension, while there is one."))),
  comment: Schema.optionalKey(Comment.pipe(explained("A note on whom or what the account is for."))),
})
export type AccountSpec = typeof AccountSpec.Type

export const Account = defineKind({
  kind: "Account",
  description: "One customer on a host: a Linux user, a home, and a slice with limits.",
  name: AccountName,
  spec: AccountSpec,
  references: (spec) =>
    spec.package === undefined ? [] : [{ kind: "Package", name: spec.package, field: "spec.package" }],
  suspends: (spec) => spec.suspended,
  claims: (name, spec) => [
    { key: `account:${name}`, field: "metadata.name" },
    ...(spec.uid === undefined ? [] : [{ key: `uid:${spec.uid}`, field: "spec.uid" }]),
  ],
  uses: (spec, find) => {
    const ofPackage = spec.package === undefined ? undefined : find<PackageSpec>("Package", spec.package)?.limits
    const limits = effectiveLimits(spec.limits, ofPackage)
    return limitUses.map((use) => {
      const most = limits[use.what]
      return most === undefined ? use : { ...use, most }
    })
  },
  holds: (spec, what, find) => {
    const limitIn = (limits: Limits | undefined) => limits?.[what as LimitName]
    const field = `spec.limits.${what}`
    const own = limitIn(spec.limits)
    if (own !== undefined) return { most: own, field }
    const most = spec.package === undefined ? undefined : limitIn(find<PackageSpec>("Package", spec.package)?.limits)
    return most === undefined ? undefined : { most, field, in: `Package/${spec.package}` }
  },
  secrets: (spec) => secretsOfAccess(spec.access),
})
