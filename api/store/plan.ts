/**
 * What a write would do, decided without touching anything: each wanted record against the one that is there. A dry run
 * shows this and a real one carries it out, so the two cannot differ.
 *
 * The one thing to know before changing it: `version` moves with every write, `generation` only with the spec.
 */
import type { Json } from "effect/Schema"
import { apiVersion } from "../../spec/envelope.ts"
import type { SecretPlace } from "../../spec/secret.ts"
import type { VersionMismatch } from "../problems.ts"
import type { Change, FieldChange } from "../shapes.ts"
import { changes } from "./fields.ts"
import type { RevisionRow } from "./history.ts"
import type { JsonObject, RecordRow } from "./rows.ts"

/** A record that somebody wants, valid in itself, in the form that is stored. */
export interface Wanted {
  readonly key: string
  readonly kind: string
  readonly name: string
  readonly metadata: JsonObject
  readonly spec: JsonObject
  /** Where its secrets are, or would be. */
  readonly secrets: ReadonlyArray<SecretPlace>
  /** Its place in the list that was sent. */
  readonly index?: number
  readonly notes: ReadonlyArray<string>
  /** The identity that it takes up again. */
  readonly id?: string
}

export interface Unwanted {
  readonly key: string
  readonly confirmed: boolean
}

/** A row as it shall be. `before` is what it replaces. */
export interface Step extends Omit<RecordRow, "created_at" | "updated_at" | "deleted_at"> {
  readonly action: Change["action"]
  readonly deleted: boolean
  readonly confirmed: boolean
  readonly fields: ReadonlyArray<FieldChange>
  readonly notes: ReadonlyArray<string>
  readonly takenFrom?: string
  readonly before: RecordRow | undefined
}

export interface Intent {
  readonly wanted: ReadonlyArray<Wanted>
  readonly unwanted: ReadonlyArray<Unwanted>
  /** The set that the wanted records belong to from now on; undefined leaves that as it is. */
  readonly source: string | undefined
}

export const keyOf = (record: { readonly kind: string; readonly name: string }): string =>
  `${record.kind}/${record.name}`

export const plan = (
  intent: Intent,
  existing: ReadonlyMap<string, RecordRow>,
  /** The newest revision of names that have no row: counters go on from there. */
  last: ReadonlyMap<string, Pick<RevisionRow, "version" | "generation" | "record_id">>,
  newId: () => string,
): ReadonlyArray<Step> => [
  ...intent.wanted.map((wanted) => {
    const before = existing.get(wanted.key)
    return before === undefined
      ? appear(wanted, intent.source, last.get(wanted.key), newId)
      : replace(wanted, intent.source, before)
  }),
  ...intent.unwanted.flatMap(({ key, confirmed }) => {
    const before = existing.get(key)
    return before === undefined ? [] : [tombstone(before, confirmed)]
  }),
]

const appear = (
  wanted: Wanted,
  source: string | undefined,
  last: Pick<RevisionRow, "version" | "generation" | "record_id"> | undefined,
  newId: () => string,
): Step => ({
  ...rowOf(wanted),
  action: wanted.id === undefined ? "created" : "restored",
  id: wanted.id ?? newId(),
  version: (last?.version ?? 0) + 1,
  generation: (last?.generation ?? 0) + 1,
  source: source ?? null,
  fields: [],
  before: undefined,
})

const replace = (wanted: Wanted, source: string | undefined, before: RecordRow): Step => {
  const wasDeleted = before.deleted_at !== null
  const newSource = source ?? before.source
  const fields = [
    ...changes({ metadata: before.metadata, spec: before.spec }, { metadata: wanted.metadata, spec: wanted.spec }),
    ...changes({ source: before.source }, { source: newSource }),
  ]
  const action = wasDeleted ? "restored" : fields.length === 0 ? "unchanged" : "updated"
  const specChanged = fields.some(({ field }) => /^spec\b/.test(field))
  return {
    ...rowOf(wanted),
    action,
    id: before.id,
    version: before.version + (action === "unchanged" ? 0 : 1),
    generation: before.generation + (specChanged ? 1 : 0),
    source: newSource,
    fields,
    ...(before.source !== null && newSource !== before.source ? { takenFrom: before.source } : {}),
    before,
  }
}

const tombstone = (before: RecordRow, confirmed: boolean): Step => {
  // Deleting again says nothing new, but for a person's agreement that was missing.
  const action = before.deleted_at !== null && !confirmed ? "unchanged" : "deleted"
  return {
    kind: before.kind,
    name: before.name,
    id: before.id,
    metadata: before.metadata,
    spec: before.spec,
    source: before.source,
    generation: before.generation,
    version: before.version + (action === "unchanged" ? 0 : 1),
    action,
    deleted: true,
    confirmed,
    fields: [],
    notes: [],
    before,
  }
}

const rowOf = ({ kind, name, metadata, spec, notes }: Wanted) => ({
  kind,
  name,
  metadata,
  spec,
  notes,
  deleted: false,
  confirmed: false,
})

/** The expectations that do not hold. 0 stands for "no such record", which a deleted one satisfies too. */
export const mismatches = (
  expected: Readonly<Record<string, number>>,
  existing: ReadonlyMap<string, RecordRow>,
): ReadonlyArray<VersionMismatch> =>
  Object.entries(expected).flatMap(([key, version]) => {
    const row = existing.get(key)
    const actual = row?.version ?? 0
    if (version === actual || (version === 0 && row?.deleted_at !== null)) return []
    const slash = key.indexOf("/")
    return [{ kind: key.slice(0, slash), name: key.slice(slash + 1), expected: version, actual }]
  })

/** The part of a source that a prune may delete without asking, in percent, and the count up to which it never asks. */
const pruneShare = 25
const pruneCount = 3

/** Which records of a source a set leaves out, and whether a guard holds their deletion back. */
export const prune = (
  owned: ReadonlyArray<string>,
  wanted: ReadonlySet<string>,
): {
  readonly owned: number
  readonly unwanted: ReadonlyArray<string>
  readonly guard: "empty" | "share" | undefined
} => {
  const unwanted = owned.filter((key) => !wanted.has(key))
  return {
    owned: owned.length,
    unwanted,
    guard:
      wanted.size === 0
        ? "empty"
        : unwanted.length > pruneCount && unwanted.length * 100 > owned.length * pruneShare
          ? "share"
          : undefined,
  }
}

/** The record as text is compared and exported: what a person would write. */
export const documentOf = (
  record: Pick<Step, "kind" | "name" | "metadata" | "spec">,
): { readonly [key: string]: Json } => ({
  apiVersion,
  kind: record.kind,
  metadata: { name: record.name, ...record.metadata },
  spec: record.spec,
})
