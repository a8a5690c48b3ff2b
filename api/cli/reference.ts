// The kinds and their fields as a page for people, made from the JSON Schema that is made from the schemas that decode:
// `docs/spec.md` is this text, and a test says when it is stale.

import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { kindSchemas } from "../../spec/json-schema.ts"
import { type KindName, kindNames } from "../../spec/kinds.ts"

/** As much of JSON Schema as our schemas use. */
interface Shape {
  readonly type?: string
  readonly description?: string
  readonly default?: Schema.Json
  readonly examples?: ReadonlyArray<Schema.Json>
  readonly enum?: ReadonlyArray<Schema.Json>
  readonly minimum?: number
  readonly maximum?: number
  readonly minItems?: number
  readonly maxItems?: number
  readonly items?: Shape
  readonly required?: ReadonlyArray<string>
  readonly properties?: { readonly [key: string]: Shape }
  readonly additionalProperties?: Shape | boolean
  readonly anyOf?: ReadonlyArray<Shape>
  readonly allOf?: ReadonlyArray<Shape>
}

const key = Schema.optionalKey
const Shape: Schema.Codec<Shape> = Schema.suspend(() =>
  Schema.Struct({
    type: key(Schema.String),
    description: key(Schema.String),
    default: key(Schema.Json),
    examples: key(Schema.Array(Schema.Json)),
    enum: key(Schema.Array(Schema.Json)),
    minimum: key(Schema.Number),
    maximum: key(Schema.Number),
    minItems: key(Schema.Int),
    maxItems: key(Schema.Int),
    items: key(Shape),
    required: key(Schema.Array(Schema.String)),
    properties: key(Schema.Record(Schema.String, Shape)),
    additionalProperties: key(Schema.Union([Shape, Schema.Boolean])),
    anyOf: key(Schema.Array(Shape)),
    allOf: key(Schema.Array(Shape)),
  }),
)

const code = (value: Schema.Json | undefined): string => `\`${JSON.stringify(value)}\``

/** What a value may be, where it is one of several things. */
const alternatives = (shape: Shape): ReadonlyArray<Shape> => (shape.anyOf ?? []).filter(({ type }) => type !== "null")

/** A constraint that was added to a schema stands in its `allOf`; the later one speaks for the field. */
const merged = (shape: Shape): Shape => {
  const all = alternatives(shape)
  return Object.assign({}, shape, ...[...(all.length === 1 ? all : []), ...(shape.allOf ?? [])].map(merged))
}

const range = ({ minimum, maximum }: Shape): string =>
  minimum !== undefined && maximum !== undefined
    ? `, ${minimum} to ${maximum}`
    : minimum !== undefined
      ? `, at least ${minimum}`
      : maximum !== undefined
        ? `, at most ${maximum}`
        : ""

/** What it may be in plain, of a field that is kept sealed. */
const secretOf = ({ anyOf = [] }: Shape): string | undefined => {
  const plain = anyOf.filter(({ properties }) => properties?.["sealed"] === undefined)
  return plain.length === anyOf.length ? undefined : `${plain.map(valuesOf).join(" or ")}, kept [sealed](secrets.md)`
}

const valuesOf = (given: Shape): string => {
  const secret = secretOf(given)
  if (secret !== undefined) return secret
  const shape = merged(given)
  const several = alternatives(shape)
  if (several.length > 1) return [...new Set(several.map(valuesOf))].join(" or ")
  if (shape.enum !== undefined) return shape.enum.map(code).join(", ")
  if (shape.type === "array") {
    const limit = shape.maxItems === undefined ? "" : `, at most ${shape.maxItems}`
    return `list of ${valuesOf(shape.items ?? {}).replace(/^group$/, "groups")}${limit}`
  }
  if (shape.type === "object") return "group"
  if (shape.type === "integer" || shape.type === "number") return `number${range(shape)}`
  if (shape.type === "boolean") return "`true`, `false`"
  return `text${shape.examples?.[0] === undefined ? "" : `, such as ${code(shape.examples[0])}`}`
}

const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll("\n", " ")

/** One row a field; what stands inside a field follows it with its path. */
const rows = (path: string, given: Shape, presence: "required" | "one of these" | undefined): ReadonlyArray<string> => {
  const shape = merged(given)
  const fallback = presence ?? (shape.default === undefined ? "" : code(shape.default))
  const row = `| \`${path}\` | ${cell(shape.description ?? "")} | ${cell(valuesOf(shape))} | ${cell(fallback)} |`
  const inner = shape.type === "array" ? merged(shape.items ?? {}) : shape
  const suffix = shape.type === "array" ? "[]" : ""
  return [row, ...fields(`${path}${suffix}`, inner)]
}

const fields = (path: string, shape: Shape, isAlternative = false): ReadonlyArray<string> => {
  const several = secretOf(shape) === undefined ? alternatives(shape) : []
  if (several.length > 1) return several.flatMap((each) => fields(path, merged(each), true))
  const properties = Object.entries(shape.properties ?? {})
  const texts = new Set(properties.map(([, property]) => JSON.stringify(property)))
  const [first] = properties
  // Many keys of the same shape (an error page for each status) are one row.
  if (first !== undefined && properties.length > 3 && texts.size === 1) {
    const names = properties.map(([name]) => `\`${name}\``).join(", ")
    return [`| \`${path}.*\` | One of ${names} | ${cell(valuesOf(first[1]))} | |`]
  }
  return properties.flatMap(([name, property]) =>
    rows(
      path === "" ? name : `${path}.${name}`,
      property,
      shape.required?.includes(name) !== true ? undefined : isAlternative ? "one of these" : "required",
    ),
  )
}

const section = (kind: KindName): string => {
  const shape = Option.getOrThrow(Schema.decodeUnknownOption(Shape)(kindSchemas(kind)))
  const name = shape.properties?.["metadata"]?.properties?.["name"]
  return [
    `## ${kind}`,
    "",
    shape.description ?? "",
    "",
    "| field | what it is | values | default |",
    "| --- | --- | --- | --- |",
    ...(name === undefined ? [] : rows("metadata.name", name, "required")),
    ...fields("spec", shape.properties?.["spec"] ?? {}),
    "",
  ].join("\n")
}

const head = `# The spec

<!-- Made by \`plumb schema --markdown > docs/spec.md\`. Change the schemas in spec/, not this file. -->

What somebody wants is a record: \`apiVersion\`, \`kind\`, \`metadata\`, \`spec\`. Records stand in YAML or JSON files, several in
one file when \`---\` stands between them, and one folder holds as many files as you like.

\`\`\`yaml
apiVersion: plumbline.dev/v1
kind: Site
metadata:
  name: shop
  labels: { team: web }
spec:
  account: acme
  domains: [shop.example.org]
\`\`\`

Every field that is left out gets its default; a field that does not exist is refused. All mistakes are reported at once, with
file, line, column, field and what to do, and nothing is written as long as there is one. An editor with a YAML language
server completes and checks a file whose first line is \`# yaml-language-server: $schema=PATH/spec/schemas/plumbline.json\`
(\`plumb schema\` prints that file).

Annotations that mean something: \`plumbline.dev/adopt: "true"\` lets a record take over what stood on the host before it;
\`plumbline.dev/self-heal: "false"\` has its drift reported and not healed. \`plumbline.dev/suspended-by\` is written by the API
([tenancy](tenancy.md)).
`

export const reference = (): string => [head, ...kindNames.map(section)].join("\n").replace(/\n+$/, "\n")
