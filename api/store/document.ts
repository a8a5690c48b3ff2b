/** Records as text, in the one canonical form: for diffs and exports. */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as Compare from "../../spec/compare.ts"
import { printPlain } from "../../spec/print.ts"
import type { Change } from "../shapes.ts"
import { documentOf, keyOf, type Step } from "./plan.ts"
import type { RecordRow } from "./rows.ts"

/** What a step does to the text of its record; empty when nothing. */
export const unifiedDiff = (step: Step): string => {
  if (step.action === "unchanged") return ""
  const before = step.before === undefined || step.before.deleted_at !== null ? "" : printPlain(documentOf(step.before))
  const after = step.deleted ? "" : printPlain(documentOf(step))
  return Compare.unifiedDiff(keyOf(step), before, after)
}

/** A step as whoever asked for it is told of it. */
export const changeShown = (step: Step, withDiff: boolean): Change => ({
  kind: step.kind,
  name: step.name,
  action: step.action,
  version: step.version,
  generation: step.generation,
  fields: step.fields,
  ...(withDiff ? { diff: unifiedDiff(step) } : {}),
  ...(step.takenFrom === undefined ? {} : { takenFrom: step.takenFrom }),
  ...(step.notes.length === 0 ? {} : { notes: step.notes }),
})

/**
 * One multi-document YAML text, in pieces: thousands of records take seconds to print, and others want answers meanwhile.
 * Labels, annotations and defaults are written out as the store has them.
 */
export const yamlOf = (rows: ReadonlyArray<RecordRow>): Stream.Stream<string> =>
  Stream.fromIterable(rows).pipe(
    Stream.grouped(25),
    Stream.mapEffect((some) =>
      Effect.as(Effect.yieldNow, some.map((row) => printPlain(documentOf(row))).join("---\n")),
    ),
    Stream.intersperse("---\n"),
  )
