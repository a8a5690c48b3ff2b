/**
 * Files to records: all of them, or every mistake in all of them. Nothing in between, and nothing stops at the first.
 *
 * The one thing to know before changing it: a file with one broken document still has its other documents checked.
 */
import * as Result from "effect/Result"
import { examine } from "./examine.ts"
import type { Envelope } from "./kinds.ts"
import { type FieldPath, type Problem, printField } from "./problem.ts"
import { type Position, parseText } from "./yaml.ts"

export interface SourceFile {
  /** How messages name it. */
  readonly file: string
  readonly text: string
}

/** A record and where it was written. */
export interface LoadedRecord {
  readonly envelope: Envelope
  readonly file: string
  readonly position: (path: FieldPath, part?: "key" | "value") => Position
  readonly notes: ReadonlyArray<string>
}

export const load = (
  files: ReadonlyArray<SourceFile>,
): Result.Result<ReadonlyArray<LoadedRecord>, ReadonlyArray<Problem>> => {
  const records: Array<LoadedRecord> = []
  const problems: Array<Problem> = []
  for (const { file, text } of files) {
    const parsed = parseText(file, text)
    const found = [...parsed.problems]
    for (const document of parsed.documents) {
      const examined = examine(document.value, document.asTyped)
      if (Result.isSuccess(examined)) {
        const { envelope, notes } = examined.success
        records.push({ envelope, notes, file, position: document.position })
        continue
      }
      for (const { path, part, ...mistake } of examined.failure)
        found.push({ ...mistake, file, ...document.position(path, part) })
    }
    for (const problem of shortened(found)) problems.push(problem)
  }
  return problems.length === 0 ? Result.succeed(records) : Result.fail(problems)
}

// Beyond this nobody reads on, and the text is likely not a spec at all.
const maxProblems = 1000

const shortened = (found: ReadonlyArray<Problem>): ReadonlyArray<Problem> => {
  const sorted = found.toSorted((a, b) => a.line - b.line || a.column - b.column)
  const next = sorted[maxProblems]
  if (next === undefined) return sorted
  const { file, line, column } = next
  const message = `There are ${sorted.length - maxProblems} more mistakes from here on.`
  return [...sorted.slice(0, maxProblems), { file, line, column, field: "", message, mend: "Mend those above first." }]
}

/** Places a mistake that was found later (a claim that another record has) in the file that the record came from. */
export const placeProblem = (
  record: LoadedRecord,
  mistake: { readonly path: FieldPath; readonly message: string; readonly mend: string },
): Problem => ({
  file: record.file,
  ...record.position(mistake.path),
  kind: record.envelope.kind,
  name: record.envelope.metadata.name,
  field: printField(mistake.path),
  message: mistake.message,
  mend: mistake.mend,
})
