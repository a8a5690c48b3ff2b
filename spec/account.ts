/**
 * Account: one customer on a host, with a Linux user, a home and a slice of the machine.
 *
 * The one thing to know before changing it: `uid` is allocated once by the API, kept in the spec and exported with it, so
 * that a rebuilt host gives the files back to the same user. It is never reused.
 */
import * as Schema from "effect/Schema"
import { Access } from "./access.ts"
import { explained, flaw, hiddenFlaw, intBetween, rule, show, withDefault } from "./grammar.ts"
import { defineKind } from "./kind.ts"
import { AccountName, bytesBetween, Uid } from "./names.ts"

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

export const AccountLimits = Schema.Struct({
  memory: bytesBetween("64M", "1T").pipe(
    explained("The most memory that all processes of the account may use together."),
    withDefault("512M"),
  ),
  cpu: intBetween(1, 12800, "percent of one core").pipe(
    explained("The most CPU time, in percent of one core: 150 is one core and a half."),
    withDefault(100),
  ),
  tasks: intBetween(16, 32768, "processes and threads").pipe(
    explained("The most processes and threads at one time."),
    withDefault(200),
  ),
})
export type AccountLimits = typeof AccountLimits.Type

export const AccountSpec = Schema.Struct({
  uid: Schema.optionalKey(Uid),
  limits: AccountLimits.pipe(explained("What the account's slice may use."), withDefault({})),
  access: Access.pipe(explained("What the account's SSH keys open."), withDefault({})),
  comment: Schema.optionalKey(Comment.pipe(explained("A note on whom or what the account is for."))),
})
export type AccountSpec = typeof AccountSpec.Type

export const Account = defineKind({
  kind: "Account",
  description: "One customer on a host: a Linux user, a home, and a slice with limits.",
  name: AccountName,
  spec: AccountSpec,
  references: () => [],
  claims: (name, spec) => [
    { key: `account:${name}`, field: "metadata.name" },
    ...(spec.uid === undefined ? [] : [{ key: `uid:${spec.uid}`, field: "spec.uid" }]),
  ],
})
