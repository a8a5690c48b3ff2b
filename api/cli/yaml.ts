// Between `spec/` and the API: files to the records of a request, an answer's mistakes back to the lines they stand on, and
// records back to YAML.

import * as Result from "effect/Result"
import type * as Schema from "effect/Schema"
import { encodeEnvelope } from "../../spec/kinds.ts"
import { type LoadedRecord, load as loadFiles, placeProblem } from "../../spec/load.ts"
import { printPlain } from "../../spec/print.ts"
import { type Problem, parseField, printProblem } from "../../spec/problem.ts"
import type { Mistake } from "../problems.ts"
import type { DesiredRecord, StoredRecord } from "../shapes.ts"
import { mistakeLine } from "./client.ts"
import { CommandFailure } from "./failure.ts"
import type { Sources } from "./sources.ts"

export interface Loaded {
  readonly origins: ReadonlyArray<LoadedRecord>
  /** As the API takes them: the same order as `origins`. */
  readonly records: ReadonlyArray<Schema.Json>
  /** When there is any, nothing may be sent. */
  readonly problems: ReadonlyArray<Problem>
  /** What was left out of the input, and why. */
  readonly notes: ReadonlyArray<string>
}

export const load = ({ files, problems: unreadable }: Sources): Loaded => {
  const loaded = loadFiles(files)
  const problems = [...unreadable, ...(Result.isFailure(loaded) ? loaded.failure : [])]
  if (Result.isFailure(loaded) || problems.length > 0) {
    return { origins: [], records: [], problems, notes: [] }
  }
  const origins = loaded.success
  return {
    origins,
    records: origins.map(({ envelope }) => encodeEnvelope(envelope)),
    problems: [],
    notes: origins.flatMap(({ notes, file, position }) =>
      notes.map((text) => `${file}:${position([]).line}: note: ${text}`),
    ),
  }
}

/** The API counts mistakes by the record's place in the request; a person finds them by file and line. */
export const placed = (loaded: Loaded, mistakes: ReadonlyArray<Mistake>): ReadonlyArray<Problem | Mistake> =>
  mistakes.map((mistake) => {
    const origin = mistake.index === undefined ? undefined : loaded.origins[mistake.index]
    return origin === undefined ? mistake : placeProblem(origin, { ...mistake, path: parseField(mistake.field) })
  })

export const refused = (problems: ReadonlyArray<Problem | Mistake>): CommandFailure =>
  new CommandFailure({
    message: `${problems.length === 1 ? "there is 1 mistake" : `there are ${problems.length} mistakes`}; nothing was written`,
    details: problems.map((problem) => ("file" in problem ? printProblem(problem) : mistakeLine(problem))),
    problems,
  })

export const desiredOf = ({ apiVersion, kind, metadata, spec }: StoredRecord): DesiredRecord => ({
  apiVersion,
  kind,
  metadata,
  spec,
})

/** Records as one text that `plumb apply` takes back. */
export const yamlOf = (records: ReadonlyArray<DesiredRecord>): string =>
  records.map((record) => printPlain(record)).join("---\n")
