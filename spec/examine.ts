/**
 * One record, from a value that came from anywhere (a YAML document, a JSON body): the decoded record, or its mistakes.
 *
 * The one thing to know before changing it: `status` is dropped with a note, because exported records may be applied as
 * they are; every other field that is not part of the envelope is a mistake.
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { type AsTyped, diagnose, type FieldFlaw } from "./diagnose.ts"
import { apiVersion, metadataFields } from "./envelope.ts"
import { flaw, rule, show } from "./grammar.ts"
import { type Envelope, envelopes, isKindName, kindNames } from "./kinds.ts"
import { type Mistake, nearest, printField } from "./problem.ts"

export interface Examined {
  readonly envelope: Envelope
  /** What was dropped from the input, and why. */
  readonly notes: ReadonlyArray<string>
}

export const examine = (input: unknown, asTyped?: AsTyped): Result.Result<Examined, ReadonlyArray<Mistake>> => {
  if (!isObject(input) || !envelopeKeys.some((key) => key in input))
    return Result.fail([
      {
        ...flaw("This is not a record.", "Write apiVersion, kind, metadata and spec, one record a document."),
        path: [],
        field: "",
        part: "value",
      },
    ])
  const { status, ...value } = input
  const kind = value["kind"]
  if (!isKindName(kind)) {
    const nameless = diagnose(UnknownKind, value, asTyped)
    return Result.fail((Result.isFailure(nameless) ? nameless.failure : []).map((found) => toMistake(found, value)))
  }
  const notes = status === undefined ? [] : ["status is written by the reconciler alone; it was left out."]
  const decoded = diagnose<Envelope>(envelopes[kind], value, asTyped)
  return Result.isSuccess(decoded)
    ? Result.succeed({ envelope: decoded.success, notes })
    : Result.fail(decoded.failure.map((found) => toMistake(found, value)))
}

// What has none of them is another kind of text altogether: to go through its lines would help nobody.
const envelopeKeys = ["apiVersion", "kind", "metadata", "spec"]

const isObject = (value: unknown): value is { readonly [key: string]: unknown } =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const toMistake = (found: FieldFlaw, value: { readonly [key: string]: unknown }): Mistake => {
  const metadata = value["metadata"]
  const name = isObject(metadata) ? metadata["name"] : undefined
  return {
    ...found,
    field: printField(found.path),
    ...(typeof value["kind"] === "string" ? { kind: value["kind"] } : {}),
    ...(typeof name === "string" ? { name } : {}),
  }
}

const isWord = (text: string): boolean => /^[A-Za-z]+$/.test(text)

// For a record whose kind is missing or unknown: what can be said of it all the same. Its rule on `kind` refuses the rest.
const UnknownKind = Schema.Struct({
  apiVersion: Schema.Literal(apiVersion),
  kind: Schema.String.check(
    rule<string>((kind) => {
      const meant = isWord(kind) ? nearest(kind, kindNames) : undefined
      return flaw(
        `There is no kind ${show(kind)}.`,
        meant === undefined ? `The kinds are ${kindNames.join(", ")}.` : `Did you mean ${meant}?`,
      )
    }),
  ),
  metadata: Schema.Struct({ name: Schema.String, ...metadataFields }),
  spec: Schema.Unknown,
})
