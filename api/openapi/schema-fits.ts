/**
 * Whether whatever one JSON Schema lets through is let through by another, as far as the schemas of our contract go: objects,
 * arrays, text, numbers, enums, alternatives.
 *
 * The one thing to know before changing it: what it cannot tell it calls a problem. A person looks then; a change that breaks
 * somebody's program and is not told is worse than one that is told for nothing.
 */

type Json = unknown

export interface Schema {
  readonly $ref?: string
  readonly type?: string | ReadonlyArray<string>
  readonly enum?: ReadonlyArray<Json>
  readonly anyOf?: ReadonlyArray<Schema>
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: ReadonlyArray<string>
  readonly additionalProperties?: boolean | Schema
  readonly items?: Schema | boolean
  readonly prefixItems?: ReadonlyArray<Schema>
  readonly pattern?: string
  readonly format?: string
  readonly minLength?: number
  readonly maxLength?: number
  readonly minItems?: number
  readonly maxItems?: number
  readonly minimum?: number
  readonly maximum?: number
}

export interface Side {
  readonly schema: Schema
  /** What `$ref` leads to. */
  readonly schemas: Readonly<Record<string, Schema>>
}

export interface Options {
  /** Whether a new word is let through where a list of words was: whoever reads an answer is to bear one that is new. */
  readonly newWords: boolean
}

const resolved = ({ schema, schemas }: Side): Schema =>
  schema.$ref === undefined ? schema : (schemas[schema.$ref.slice(schema.$ref.lastIndexOf("/") + 1)] ?? {})

const typesOf = ({ type }: Schema): ReadonlyArray<string> =>
  type === undefined ? [] : typeof type === "string" ? [type] : type

const isAnything = (schema: Schema): boolean =>
  Object.keys(schema).every((key) => ["description", "title", "format", "contentMediaType"].includes(key))

const below = ["minLength", "minItems", "minimum"] as const
const above = ["maxLength", "maxItems", "maximum"] as const

/** What of the first is not let through by the second, by the path to it; none: all of it is. */
export const misfits = (from: Side, to: Side, options: Options, path = ""): ReadonlyArray<string> => {
  const [one, other] = [resolved(from), resolved(to)]
  if (isAnything(other)) return []
  const at = path === "" ? "it" : path
  const sub = (a: Schema, b: Schema, name: string) =>
    misfits({ ...from, schema: a }, { ...to, schema: b }, options, path === "" ? name : `${path}.${name}`)

  if (one.anyOf !== undefined) return one.anyOf.flatMap((schema) => misfits({ ...from, schema }, to, options, path))
  if (other.anyOf !== undefined) {
    const tries = other.anyOf.map((schema) => misfits(from, { ...to, schema }, options, path))
    return tries.toSorted((a, b) => a.length - b.length)[0] ?? []
  }

  const types = typesOf(one)
  const allowed = new Set(typesOf(other))
  if (allowed.size > 0) {
    if (types.length === 0) return [`${at} may be anything, and was ${[...allowed].join(" or ")}`]
    const strange = types.filter((type) => !allowed.has(type) && !(type === "integer" && allowed.has("number")))
    if (strange.length > 0) return [`${at} is ${strange.join(" or ")}, and was ${[...allowed].join(" or ")}`]
  }

  const problems: Array<string> = []
  if (other.enum !== undefined) {
    const known = new Set(other.enum)
    const words = one.enum
    if (words === undefined) problems.push(`${at} may be anything, and was one of ${other.enum.join(", ")}`)
    else if (!options.newWords)
      problems.push(...words.filter((word) => !known.has(word)).map((word) => `${at} may no longer be ${String(word)}`))
  }
  for (const key of below) {
    const [a, b] = [one[key], other[key]]
    if (b !== undefined && (a === undefined || a < b)) problems.push(`${at}: ${key} is ${b} and was ${a ?? "none"}`)
  }
  for (const key of above) {
    const [a, b] = [one[key], other[key]]
    if (b !== undefined && (a === undefined || a > b)) problems.push(`${at}: ${key} is ${b} and was ${a ?? "none"}`)
  }
  if (other.pattern !== undefined && other.pattern !== one.pattern) problems.push(`${at} has another pattern`)

  for (const name of other.required ?? [])
    if (!(one.required ?? []).includes(name)) problems.push(`${at}: ${name} need not be there, and has to be`)
  for (const [name, schema] of Object.entries(one.properties ?? {})) {
    const known = other.properties?.[name]
    if (known !== undefined) problems.push(...sub(schema, known, name))
    else if (other.additionalProperties === false) problems.push(`${at}: ${name} is not known`)
  }
  if (typeof one.additionalProperties === "object" && typeof other.additionalProperties === "object")
    problems.push(...sub(one.additionalProperties, other.additionalProperties, "*"))
  if (typeof other.items === "object")
    problems.push(...sub(typeof one.items === "object" ? one.items : {}, other.items, "[]"))
  for (const [index, schema] of (other.prefixItems ?? []).entries())
    problems.push(...sub(one.prefixItems?.[index] ?? {}, schema, `[${index}]`))
  return problems
}
