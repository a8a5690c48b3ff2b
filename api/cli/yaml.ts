// Between `spec/` and the API: files to the records of a request, an answer's mistakes back to the lines they stand on, and
// records back to YAML.

import * as Result from "effect/Result"
import type * as Schema from "effect/Schema"
import { encodeEnvelope } from "../../spec/kinds.ts"
import { type LoadedRecord, load as loadFiles, placeProblem } from "../../spec/load.ts"
import { printPlain } from "../../spec/print.ts"
import { parseField, printProblem } from "../../spec/problem.ts"
import type { Mistake } from "../problems.ts"
import type { DesiredRecord, StoredRecord } from "../shapes.ts"
import { mistakeLine } from "./client.ts"
import { CommandFailure } from "./failure.ts"
import type { SourceFile } from "./sources.ts"

export interface Loaded {
  readonly origins: ReadonlyArray<LoadedRecord>
  /** As the API takes them: the same order as `origins`. */
  readonly records: ReadonlyArray<Schema.Json>
  /** One line a mistake; when there is any, nothing may be sent. */
  readonly problems: ReadonlyArray<string>
  /** What was left out of the input, and why. */
  readonly notes: ReadonlyArray<string>
}

export const load = (files: ReadonlyArray<SourceFile>): Loaded => {
  const loaded = loadFiles(files)
  if (Result.isFailure(loaded)) {
    return { origins: [], records: [], problems: loaded.failure.map(printProblem), notes: [] }
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
export const placed = (loaded: Loaded, mistakes: ReadonlyArray<Mistake>): ReadonlyArray<string> =>
  mistakes.map((mistake) => {
    const origin = mistake.index === undefined ? undefined : loaded.origins[mistake.index]
    return origin === undefined
      ? mistakeLine(mistake)
      : printProblem(placeProblem(origin, { ...mistake, path: parseField(mistake.field) }))
  })

export const refused = (problems: ReadonlyArray<string>): CommandFailure =>
  new CommandFailure({
    message: `${problems.length === 1 ? "there is 1 mistake" : `there are ${problems.length} mistakes`}; nothing was written`,
    details: problems,
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
