/**
 * A record as the YAML that a person would write: `plumb export`, `get -o yaml`, diffs.
 *
 * The one thing to know before changing it: there is one canonical form, and printing what was parsed from it gives it
 * back byte for byte. Keys stand in the order of the schema, free keys in that of the alphabet. Defaults are written out
 * unless asked otherwise, so that a file means the same on a release whose defaults differ.
 */
import * as Result from "effect/Result"
import { stringify } from "yaml"
import { canonicalJson } from "./canonical.ts"
import { kindSchemas } from "./json-schema.ts"
import { decodeEnvelope, type Envelope, encodeEnvelope, isKindName } from "./kinds.ts"

export interface PrintOptions {
  readonly defaults?: "written" | "omitted"
}

interface Plain {
  readonly [key: string]: unknown
}

const isPlain = (value: unknown): value is Plain => typeof value === "object" && value !== null && !Array.isArray(value)

export const printRecord = (envelope: Envelope, options?: PrintOptions): string =>
  printOrdered(encodeEnvelope(envelope), options)

/** For records as the store and the API hold them, where keys are in no order, also of kinds that are not known here. */
export const printPlain = (record: unknown, options?: PrintOptions): string => {
  const decoded = decodeEnvelope(record)
  return Result.isSuccess(decoded) ? printRecord(decoded.success, options) : printOrdered(sorted(record), options)
}

/** Many records as one file. `schema` is where an editor finds the JSON Schema, by path or URL. */
export const printFile = (
  envelopes: ReadonlyArray<Envelope>,
  options?: PrintOptions & { readonly schema?: string },
): string => {
  const header = options?.schema === undefined ? "" : `# yaml-language-server: $schema=${options.schema}\n`
  return header + envelopes.map((envelope) => printRecord(envelope, options)).join("---\n")
}

const envelopeKeys = ["apiVersion", "kind", "metadata", "spec"]

const printOrdered = (record: unknown, options: PrintOptions | undefined): string => {
  if (!isPlain(record)) return toYaml(record)
  const { metadata, spec, kind } = record
  const fields: Plain = {
    ...record,
    ...(isPlain(metadata) ? { metadata: withoutEmpty(metadata) } : {}),
    ...(isKindName(kind) ? { spec: specFields(spec, specSchema(kind), options?.defaults === "omitted") } : {}),
  }
  const known = envelopeKeys.filter((key) => key in fields).map((key) => [key, fields[key]] as const)
  const others = Object.entries(fields).filter(([key]) => !envelopeKeys.includes(key))
  return toYaml(Object.fromEntries([...known, ...others]))
}

const specFields = (spec: unknown, schema: unknown, short: boolean): unknown =>
  ordered(short ? minimal(spec, schema) : spec, schema)

// `compat` puts quotes round what a YAML 1.1 reader would take for something else, such as `on` or `12:30`.
const toYaml = (value: unknown): string =>
  stringify(value, { aliasDuplicateObjects: false, compat: "yaml-1.1", indentSeq: true, lineWidth: 0, version: "1.2" })

const withoutEmpty = (metadata: Plain): Plain => {
  const { name, labels, annotations, ...others } = metadata
  const filled = (value: unknown) => isPlain(value) && Object.keys(value).length > 0
  return {
    ...(name === undefined ? {} : { name }),
    ...(filled(labels) ? { labels: sorted(labels) } : {}),
    ...(filled(annotations) ? { annotations: sorted(annotations) } : {}),
    ...others,
  }
}

const sorted = (value: unknown): unknown =>
  isPlain(value) || Array.isArray(value) ? JSON.parse(canonicalJson(value)) : value

/** Sorts the keys that are free to choose; those of the schema stand in its order already, which is that of decoding. */
const ordered = (value: unknown, schema: unknown): unknown => {
  if (!isPlain(value)) return value
  if (!isPlain(schema) || !isPlain(schema["properties"])) return sorted(value)
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, ordered(inner, property(schema, key))]))
}

const property = (schema: unknown, key: string): unknown => {
  const properties = isPlain(schema) ? schema["properties"] : undefined
  return isPlain(properties) ? properties[key] : undefined
}

const specSchema = (kind: Parameters<typeof kindSchemas>[0]): unknown => property(kindSchemas(kind), "spec")

/** Leaves out, from the inside outwards, what the schema's defaults say anyway. */
const minimal = (value: unknown, schema: unknown): unknown => {
  if (Array.isArray(value)) return value.map((item) => minimal(item, isPlain(schema) ? schema["items"] : undefined))
  if (!isPlain(value)) return value
  const kept = Object.entries(value).flatMap(([key, inner]) => {
    const field = property(schema, key)
    const short = minimal(inner, field)
    const isDefault =
      isPlain(field) && "default" in field && canonicalJson(short) === canonicalJson(minimal(field["default"], field))
    return isDefault ? [] : [[key, short] as const]
  })
  return Object.fromEntries(kept)
}
