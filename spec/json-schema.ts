/**
 * JSON Schema of the kinds (draft 2020-12), made from the same schemas that decode: editors complete and check a spec by it.
 *
 * The one thing to know before changing it: it may let pass what decoding refuses (a reserved name, a domain twice), never
 * the other way round. The files in `schemas/` are written by `json-schema.main.ts`, and a test says when they are stale.
 *
 * In an editor with the YAML language server, the first line of a spec file names the schema:
 *
 *     # yaml-language-server: $schema=./spec/schemas/plumbline.json
 */
import * as Schema from "effect/Schema"
import { apiVersion } from "./envelope.ts"
import { envelopes, type KindName, kindNames, kinds } from "./kinds.ts"

export interface JsonSchema {
  readonly [key: string]: unknown
}

const dialect = "https://json-schema.org/draft/2020-12/schema"
const idOf = (name: string): string => `https://plumbline.dev/schemas/v1/${name}.json`

const cache = new Map<KindName, JsonSchema>()

/** The schema of one kind's records, without the frame of a schema file. */
export const kindSchemas = (kind: KindName): JsonSchema => {
  const made = cache.get(kind) ?? generate(kind)
  cache.set(kind, made)
  return made
}

const generate = (kind: KindName): JsonSchema => {
  const { schema, definitions } = Schema.toJsonSchemaDocument(envelopes[kind], { onExcessProperty: "error" })
  if (Object.keys(definitions).length > 0)
    throw new Error(`The schema of ${kind} needs definitions, which are not written.`)
  return { title: kind, description: kinds[kind].description, ...flattened(schema) }
}

const isObject = (value: unknown): value is JsonSchema =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const deep = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(deep)
  return isObject(value) ? flattened(value) : value
}

// A later annotation of a field comes out as `allOf` with one member. Editors look for description and default outside.
const flattened = (schema: JsonSchema): JsonSchema => {
  const { allOf, ...others } = schema
  const only = Array.isArray(allOf) && allOf.length === 1 ? allOf[0] : undefined
  const merged = isObject(only) ? { ...others, ...only } : schema
  return Object.fromEntries(Object.entries(merged).map(([key, value]) => [key, deep(value)]))
}

/** Every schema file, by its name: one a kind, and `plumbline.json` for files that hold any. */
export const schemaFiles = (): { readonly [file: string]: JsonSchema } => ({
  ...Object.fromEntries(
    kindNames.map((kind) => [`${kind}.json`, { $schema: dialect, $id: idOf(kind), ...kindSchemas(kind) }]),
  ),
  "plumbline.json": {
    $schema: dialect,
    $id: idOf("plumbline"),
    title: "A record of Plumbline",
    type: "object",
    required: ["apiVersion", "kind", "metadata", "spec"],
    properties: {
      apiVersion: { const: apiVersion },
      kind: { enum: kindNames, description: "What the record describes." },
    },
    // One condition a kind instead of a bare oneOf: an editor then complains of the field, not of all kinds at once.
    allOf: kindNames.map((kind) => ({
      if: { properties: { kind: { const: kind } }, required: ["kind"] },
      // biome-ignore lint/suspicious/noThenProperty: the keyword of JSON Schema.
      then: { $ref: `#/$defs/${kind}` },
    })),
    $defs: Object.fromEntries(kindNames.map((kind) => [kind, kindSchemas(kind)])),
  },
})

export const printSchema = (schema: JsonSchema): string => `${JSON.stringify(schema, null, 2)}\n`
