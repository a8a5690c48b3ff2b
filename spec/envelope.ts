/**
 * The envelope that every record has: `apiVersion`, `kind`, `metadata`, `spec`. A person writes these four; `status` is
 * written by the reconciler alone and is no part of it.
 *
 * The one thing to know before changing it: annotations below `plumbline.dev/` change what the engine does, so they are
 * listed here with their values, and an unknown one is refused instead of being silently without effect.
 */
import * as Schema from "effect/Schema"
import { explained, type FlawAt, flaw, hiddenFlaw, rule, ruleAcross, show, withDefault } from "./grammar.ts"
import type { Kind } from "./kind.ts"

export const apiVersion = "plumbline.dev/v1"

/** Policy on a record, as annotations. */
export const policyAnnotations = {
  "plumbline.dev/adopt": {
    values: ["true", "false"],
    explanation: "Take over what stood on the host before the record.",
  },
  "plumbline.dev/self-heal": {
    values: ["true", "false"],
    explanation: "Heal drift of this record, or only report it.",
  },
  "plumbline.dev/suspended-by": {
    values: ["reseller", "customer"],
    explanation: "Who suspended it, where that was not the operator. Written by the API.",
  },
} as const satisfies {
  readonly [key: string]: { readonly values: ReadonlyArray<string>; readonly explanation: string }
}

const keyPattern = "^([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$"
const keyShape = new RegExp(keyPattern)

const MetadataKey = Schema.String.check(
  rule<string>(
    (key) =>
      keyShape.test(key)
        ? undefined
        : flaw(
            `${show(key)} cannot be a key here.`,
            "Use letters, digits, dots, dashes and underscores, with an optional domain/ before.",
          ),
    { pattern: keyPattern },
  ),
)

const labelPattern = "^([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?$"
const labelShape = new RegExp(labelPattern)

const LabelValue = Schema.String.check(
  rule<string>(
    (value) =>
      labelShape.test(value)
        ? undefined
        : flaw(
            `${show(value)} cannot be the value of a label.`,
            "Use at most 63 letters, digits, dots, dashes and underscores.",
          ),
    { pattern: labelPattern },
  ),
)

const AnnotationValue = Schema.String.check(
  rule<string>(
    (value) =>
      hiddenFlaw(value) ??
      (value.length <= 1000 ? undefined : flaw(`The value has ${value.length} characters.`, "Use at most 1000.")),
    { maxLength: 1000 },
  ),
)

const annotationFlaws = (annotations: { readonly [key: string]: string }): ReadonlyArray<FlawAt> =>
  Object.entries(annotations).flatMap(([key, value]) => {
    if (!key.startsWith("plumbline.dev/")) return []
    const known = Object.entries(policyAnnotations).find(([name]) => name === key)?.[1]
    if (known === undefined)
      return [
        {
          path: [key],
          ...flaw(`${show(key)} is not known.`, `Known are ${Object.keys(policyAnnotations).join(", ")}.`),
        },
      ]
    return known.values.some((allowed) => allowed === value)
      ? []
      : [
          {
            path: [key],
            ...flaw(
              `${show(value)} has no meaning here.`,
              `Write ${known.values.map((allowed) => `"${allowed}"`).join(" or ")}.`,
            ),
          },
        ]
  })

export const Labels = Schema.Record(MetadataKey, LabelValue)
export const Annotations = Schema.Record(MetadataKey, AnnotationValue).check(ruleAcross(annotationFlaws))

export const metadataFields = {
  labels: Labels.pipe(explained("Words of your own to find and group records by."), withDefault({})),
  annotations: Annotations.pipe(explained("Notes and policy on the record."), withDefault({})),
}

/** The schema of the records of one kind, as a person writes them. */
export const envelopeOf = <const K extends string, Name extends string, Spec, Encoded>(
  kind: Kind<K, Name, Spec, Encoded>,
) =>
  Schema.Struct({
    apiVersion: Schema.Literal(apiVersion),
    kind: Schema.Literal(kind.kind),
    metadata: Schema.Struct({ name: kind.name, ...metadataFields }),
    spec: kind.spec,
  }).annotate({ title: kind.kind, description: kind.description })
