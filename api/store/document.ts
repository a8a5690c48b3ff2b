/** Records as text, in the one canonical form: for diffs and exports. */
import * as Compare from "../../spec/compare.ts"
import { printPlain } from "../../spec/print.ts"
import { documentOf, keyOf, type Step } from "./plan.ts"
import type { RecordRow } from "./rows.ts"

/** What a step does to the text of its record; empty when nothing. */
export const unifiedDiff = (step: Step): string => {
  const before = step.before === undefined || step.before.deleted_at !== null ? "" : printPlain(documentOf(step.before))
  const after = step.deleted ? "" : printPlain(documentOf(step))
  return Compare.unifiedDiff(keyOf(step), before, after)
}

/** One multi-document YAML text. Labels, annotations and defaults are written out as the store has them. */
export const yamlOf = (rows: ReadonlyArray<RecordRow>): string =>
  rows.map((row) => printPlain(documentOf(row))).join("---\n")
