/**
 * Every place of every kind at which somebody's own text stands, read from the schemas: what tests of bad input go through.
 *
 * The one thing to know before changing it: nothing here knows a field. A field that is added to a kind appears by itself, and
 * the tests then ask for a sample of it (`fullest.ts`) and for who reads it on the host.
 */
import { kindSchemas } from "./json-schema.ts"
import type { KindName } from "./kind-names.ts"

/** From the record on: names of fields, `[]` for an item of a list, `{}` for a value of a map, `{key}` for one of its keys. */
export type TextField = ReadonlyArray<string>

/** A place in one record: the same with numbers and names in the place of `[]`, `{}` and `{key}`. */
export type Place = ReadonlyArray<string | number>

export const nameOf = (field: TextField): string => field.join(".")

const isObject = (value: unknown): value is { readonly [key: string]: unknown } =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const entriesOf = (value: unknown): ReadonlyArray<readonly [string, unknown]> =>
  isObject(value) ? Object.entries(value) : []

const walk = (schema: unknown, at: TextField): ReadonlyArray<TextField> => {
  if (!isObject(schema)) return []
  const branches = ["anyOf", "oneOf", "allOf"].flatMap((word) => (Array.isArray(schema[word]) ? schema[word] : []))
  const isText = schema["type"] === "string" && schema["enum"] === undefined && schema["const"] === undefined
  const keys = schema["propertyNames"]
  const isMap = isObject(schema["additionalProperties"])
  return [
    ...(isText ? [at] : []),
    ...branches.flatMap((branch) => walk(branch, at)),
    ...entriesOf(schema["properties"]).flatMap(([name, inner]) => walk(inner, [...at, name])),
    ...(isMap ? walk(schema["additionalProperties"], [...at, "{}"]) : []),
    ...(isMap && isObject(keys) && keys["enum"] === undefined ? [[...at, "{key}"]] : []),
    ...walk(schema["items"], [...at, "[]"]),
  ]
}

export const textFieldsOf = (kind: KindName): ReadonlyArray<TextField> => {
  const found = walk(kindSchemas(kind), [])
  return [...new Map(found.map((field) => [nameOf(field), field])).values()]
}

/** Where in a record the field has a value. */
export const placesOf = (record: unknown, [step, ...rest]: TextField): ReadonlyArray<Place> => {
  if (step === undefined) return typeof record === "string" ? [[]] : []
  const inside = (key: string | number, inner: unknown) => placesOf(inner, rest).map((place) => [key, ...place])
  if (step === "[]") return Array.isArray(record) ? record.flatMap((inner, index) => inside(index, inner)) : []
  if (step === "{key}") return entriesOf(record).map(([key]) => [key])
  if (step === "{}") return entriesOf(record).flatMap(([key, inner]) => inside(key, inner))
  return isObject(record) && step in record ? inside(step, record[step]) : []
}

/** The text at a place, or the key where the field is one. */
export const textAt = (record: unknown, field: TextField, place: Place): unknown =>
  field.at(-1) === "{key}"
    ? place.at(-1)
    : place.reduce<unknown>(
        (inner, key) => (isObject(inner) || Array.isArray(inner) ? Reflect.get(inner, key) : undefined),
        record,
      )

/** The record with another text there. */
export const withText = (record: unknown, field: TextField, [key, ...rest]: Place, text: string): unknown => {
  if (key === undefined) return text
  if (Array.isArray(record))
    return record.map((inner, index) => (index === key ? withText(inner, field.slice(1), rest, text) : inner))
  const isKey = rest.length === 0 && field.at(-1) === "{key}"
  return Object.fromEntries(
    entriesOf(record).map(([name, inner]) =>
      name !== key ? [name, inner] : isKey ? [text, inner] : [name, withText(inner, field.slice(1), rest, text)],
    ),
  )
}
