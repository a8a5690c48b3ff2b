/**
 * Package: what an account of it may use and have. Many accounts have one package; changing it changes them all.
 *
 * The one thing to know before changing it: a package takes nothing away. Counts are held against it when something is
 * added; a limit below what is there already is said beside the account, and what is there stays.
 */
import * as Schema from "effect/Schema"
import { explained, flaw, hiddenFlaw, rule, withDefault } from "./grammar.ts"
import { defineKind } from "./kind.ts"
import { Limits } from "./limits.ts"
import { RecordName } from "./names.ts"

const Description = Schema.String.check(
  rule<string>(
    (text) =>
      hiddenFlaw(text) ??
      (text.length <= 500 ? undefined : flaw(`The description has ${text.length} characters.`, "Use at most 500.")),
    { maxLength: 500 },
  ),
)

export const PackageSpec = Schema.Struct({
  description: Schema.optionalKey(Description.pipe(explained("What the package is, for whoever chooses one."))),
  limits: Limits.pipe(explained("What each account of it may use and have."), withDefault({})),
})
export type PackageSpec = typeof PackageSpec.Type

export const Package = defineKind({
  kind: "Package",
  description: "What each account of it may use and have.",
  name: RecordName,
  spec: PackageSpec,
  references: () => [],
  claims: () => [],
})
