/**
 * What changed between two records: field by field for programs, as a unified diff for people.
 *
 * The one thing to know before changing it: both come from the canonical form, so two spellings of the same record have
 * no difference, and an empty list of changes means an empty diff.
 */
import { createTwoFilesPatch, FILE_HEADERS_ONLY } from "diff"
import * as Result from "effect/Result"
import { canonicalJson } from "./canonical.ts"
import { decodeEnvelope, type Envelope, encodeEnvelope } from "./kinds.ts"
import { printPlain } from "./print.ts"
import { type FieldPath, printField } from "./problem.ts"

export interface FieldChange {
  readonly field: string
  /** Absent where the field is new. */
  readonly before?: unknown
  /** Absent where the field is gone. */
  readonly after?: unknown
}

/** The changes between two plain values, such as two encoded specs. `undefined` is "not there". */
export const fieldChanges = (before: unknown, after: unknown, path: FieldPath = []): ReadonlyArray<FieldChange> => {
  if (before === after) return []
  if (isObject(before) && isObject(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])]
    return keys.flatMap((key) => fieldChanges(before[key], after[key], [...path, key]))
  }
  if (Array.isArray(before) && Array.isArray(after)) {
    const indexes = Array.from({ length: Math.max(before.length, after.length) }, (_, index) => index)
    return indexes.flatMap((index) => fieldChanges(before[index], after[index], [...path, index]))
  }
  if (before !== undefined && after !== undefined && canonicalJson(before) === canonicalJson(after)) return []
  return [
    {
      field: printField(path),
      ...(before === undefined ? {} : { before }),
      ...(after === undefined ? {} : { after }),
    },
  ]
}

const isObject = (value: unknown): value is { readonly [key: string]: unknown } =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** A unified diff of two texts, empty when they are the same. */
export const unifiedDiff = (name: string, before: string, after: string): string =>
  before === after
    ? ""
    : createTwoFilesPatch(name, name, before, after, "before", "after", {
        context: 3,
        headerOptions: FILE_HEADERS_ONLY,
      })

export interface Comparison {
  readonly fields: ReadonlyArray<FieldChange>
  readonly diff: string
}

/** The parts of a record that a person writes, as the store and the API hold them; also of kinds not known here. */
export interface PlainRecord {
  readonly kind: string
  readonly metadata: { readonly name: string }
  readonly spec: unknown
}

/** Two states of one record; `undefined` where it is not there yet, or no longer. */
export const compareRecords = (before: Envelope | undefined, after: Envelope | undefined): Comparison =>
  comparePlain(before && encodeEnvelope(before), after && encodeEnvelope(after))

export const comparePlain = (before: PlainRecord | undefined, after: PlainRecord | undefined): Comparison => {
  const [from, to] = [before && canonicalRecord(before), after && canonicalRecord(after)]
  const one = after ?? before
  return {
    fields: fieldChanges(written(from), written(to)),
    diff: unifiedDiff(
      one === undefined ? "" : `${one.kind}/${one.metadata.name}`,
      from === undefined ? "" : printPlain(from),
      to === undefined ? "" : printPlain(to),
    ),
  }
}

const canonicalRecord = (record: PlainRecord): PlainRecord => {
  const decoded = decodeEnvelope(record)
  return Result.isSuccess(decoded) ? encodeEnvelope(decoded.success) : record
}

const written = (record: PlainRecord | undefined) =>
  record === undefined ? {} : { metadata: record.metadata, spec: record.spec }
