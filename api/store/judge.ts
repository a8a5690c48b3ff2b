/**
 * What the set of all records would become, judged as a whole: nobody refers to nothing, nobody has what another has.
 *
 * The one thing to know before changing it: a stored record that does not decode (it is of a newer Plumbline) takes part in
 * no rule and stops nobody.
 */
import * as Result from "effect/Result"
import { decodeEnvelope, type Envelope } from "../../spec/kinds.ts"
import { validateSet } from "../../spec/validate-set.ts"
import type { Mistake } from "../problems.ts"
import { at } from "./fields.ts"
import { documentOf, keyOf, type Step, type Wanted } from "./plan.ts"
import type { RecordRow } from "./rows.ts"

export const judge = (
  existing: ReadonlyMap<string, RecordRow>,
  steps: ReadonlyArray<Step>,
  wanted: ReadonlyArray<Wanted>,
  /** Keys of records that were sent too, but have mistakes of their own. */
  broken: ReadonlySet<string>,
): ReadonlyArray<Mistake> => {
  // What changes nothing cannot break anything either; leaving it out keeps its place as an existing record.
  const unchanged = new Set(steps.filter(({ action }) => action === "unchanged").map(keyOf))
  const repeated = new Set(wanted.map(({ key }) => key)).size < wanted.length
  const incoming = repeated ? wanted : wanted.filter(({ key }) => !unchanged.has(key))
  const removed = steps.filter(({ deleted }) => deleted).map(({ kind, name }) => ({ kind, name }))
  const problems = validateSet({
    existing: [...existing.values()].filter(({ deleted_at }) => deleted_at === null).flatMap(remembered),
    incoming: incoming.flatMap((record) => decoded(record)),
    removed,
  })
  return problems.flatMap(({ index, kind, name, field, message, mend }): ReadonlyArray<Mistake> => {
    const culprit = index === undefined ? undefined : incoming[index]
    const target = culprit === undefined || field === "" ? undefined : at(documentOf(culprit), field)
    if (typeof target === "string" && [...broken].some((key) => key.endsWith(`/${target}`))) return []
    return [{ ...(culprit?.index === undefined ? {} : { index: culprit.index }), kind, name, field, message, mend }]
  })
}

const decoded = (record: Pick<RecordRow, "kind" | "name" | "metadata" | "spec">): ReadonlyArray<Envelope> => {
  const envelope = decodeEnvelope(documentOf(record))
  return Result.isSuccess(envelope) ? [envelope.success] : []
}

// Decoding thousands of records for each small write would be most of its cost.
const memory = new WeakMap<RecordRow, ReadonlyArray<Envelope>>()

const remembered = (row: RecordRow): ReadonlyArray<Envelope> => {
  const known = memory.get(row) ?? decoded(row)
  memory.set(row, known)
  return known
}
