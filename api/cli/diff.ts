// `plumb diff`: what `plumb apply` would change, and nothing else. Exit 0 when nothing would, 1 when something would, 2 when
// that cannot be said.

import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import { compareFiles, failingIn } from "./apply.ts"
import { changeWithDiff, isChange, summaryLine } from "./changes.ts"
import { NotSo } from "./failure.ts"
import { confirmPrune, files, output, prune, source } from "./flags.ts"
import { note, print, printJson } from "./terminal.ts"

export const diff = Command.make(
  "diff",
  { files, source, prune, confirmPrune, output },
  Effect.fn(function* (input) {
    const applied = yield* compareFiles(input).pipe(failingIn(input.output))
    const changes = applied.changes.filter(isChange)
    if (input.output === "json") yield* printJson(applied)
    else for (const change of changes) yield* print(changeWithDiff(change))
    if (changes.length === 0) return
    if (input.output === "text") yield* note(summaryLine({ ...applied, dryRun: false }))
    return yield* new NotSo({})
  }),
).pipe(
  Command.withDescription("Show what apply would change (exit 0: nothing, 1: something, 2: error)"),
  Command.withExamples([
    { command: "plumb diff -f shop.yaml", description: "One file against the records" },
    { command: "plumb diff -f hosting/ --prune", description: "A folder, with what is no longer in it" },
  ]),
)
