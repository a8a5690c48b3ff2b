// `plumb apply`: says what is wanted. Everything is read and checked before anything is written, all mistakes are shown, and
// the API writes all records or none.
//
// With --watch a folder is applied again whenever a file in it changes: GitOps at its smallest. A file that is broken in the
// middle of an edit is reported, and what was applied last stays.

import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Applied } from "../shapes.ts"
import { changeLine, changeWithDiff, isChange, summaryLine } from "./changes.ts"
import { ask } from "./client.ts"
import { CommandFailure } from "./failure.ts"
import { confirmPrune, files, output, prune, source, timeout, wait } from "./flags.ts"
import { openExported, withSecrets } from "./secrets.ts"
import { readSources, sourceOf } from "./sources.ts"
import { note, print, printJson } from "./terminal.ts"
import { waitFor } from "./wait.ts"
import { watchFiles } from "./watch.ts"
import { load, placed, refused } from "./yaml.ts"

export interface ApplyInput {
  readonly files: ReadonlyArray<string>
  readonly source?: Option.Option<string>
  readonly prune?: boolean
  readonly confirmPrune?: boolean
  /** By the place that each is for. */
  readonly opened?: ReadonlyMap<string, string> | undefined
}

/** Reads and checks everything that `-f` names, and gives what the API takes. */
const requestOf = (input: ApplyInput, stamp: "stamp" | "leave") =>
  Effect.gen(function* () {
    const sources = yield* readSources(input.files)
    const prune = input.prune === true
    const named = Option.getOrUndefined(input.source ?? Option.none())
    const source = named ?? (prune || stamp === "stamp" ? sourceOf(input.files) : undefined)
    if (prune && source === undefined) {
      return yield* new CommandFailure({
        message: "--prune needs to know whose records may be deleted",
        mend: "apply one folder (-f DIR), or name the set with --source",
      })
    }
    const read = load(sources)
    if (read.problems.length > 0) return yield* refused(read.problems)
    const loaded = input.opened === undefined ? read : yield* withSecrets(read, input.opened)
    if (loaded.records.length === 0 && !prune) {
      return yield* new CommandFailure({
        message:
          sources.files.length === 0
            ? `there is no .yaml, .yml or .json file in ${input.files.join(", ")}`
            : `there is no record in ${input.files.join(", ")}`,
        mend: "a record has apiVersion, kind, metadata and spec; `plumb schema --markdown` describes them",
      })
    }
    for (const line of loaded.notes) yield* note(line)
    return {
      loaded,
      payload: {
        records: loaded.records,
        ...(source === undefined ? {} : { source }),
        ...(prune ? { prune, confirmPrune: input.confirmPrune === true } : {}),
      },
    }
  })

export const applyFiles = (input: ApplyInput & { readonly dryRun?: boolean }) =>
  Effect.gen(function* () {
    const { loaded, payload } = yield* requestOf(input, "stamp")
    return yield* ask((api) =>
      api.records
        .apply({ headers: {}, payload: { ...payload, dryRun: input.dryRun === true } })
        .pipe(Effect.catchTag("Invalid", ({ problems }) => Effect.fail(refused(placed(loaded, problems))))),
    )
  })

/** The same folder at another place on another machine is no difference, so what records are stamped with is left out. */
export const compareFiles = (input: ApplyInput) =>
  Effect.gen(function* () {
    const { loaded, payload } = yield* requestOf(input, "leave")
    return yield* ask((api) =>
      api.records
        .diff({ payload })
        .pipe(Effect.catchTag("Invalid", ({ problems }) => Effect.fail(refused(placed(loaded, problems))))),
    )
  })

/** In JSON a failure is told on stdout too: with each mistake as an object, so that an editor or a CI can show it in place. */
export const failingIn =
  (output: "text" | "json") =>
  <A, R>(work: Effect.Effect<A, CommandFailure, R>) =>
    Effect.tapError(work, ({ message, mend, problems = [] }) =>
      output === "json"
        ? printJson({ error: message, ...(mend === undefined ? {} : { mend }), problems })
        : Effect.void,
    )

const report = (applied: Applied) =>
  Effect.gen(function* () {
    for (const change of applied.changes.filter((change) => isChange(change) || (change.notes ?? []).length > 0)) {
      yield* print(applied.dryRun ? changeWithDiff(change) : changeLine(change))
    }
    yield* print(summaryLine(applied))
  })

/** What a watch does at each change; whatever goes wrong is said, and the watch goes on. */
const applyAgain = (input: ApplyInput) =>
  applyFiles(input).pipe(
    Effect.flatMap((applied) => (applied.changes.some(isChange) ? report(applied) : Effect.void)),
    Effect.catchTag("CommandFailure", (failure) =>
      Effect.gen(function* () {
        for (const line of failure.details ?? []) yield* note(line)
        yield* note(
          `${failure.message}${failure.mend === undefined ? "" : ` (${failure.mend})`}; what was applied last stays`,
        )
      }),
    ),
  )

const secretsIn = (input: { readonly secrets: Option.Option<string>; readonly identity: Option.Option<string> }) => {
  if (Option.isSome(input.secrets) && Option.isSome(input.identity))
    return openExported(input.secrets.value, input.identity.value)
  return Option.isNone(input.secrets) && Option.isNone(input.identity)
    ? Effect.succeed(undefined)
    : Effect.fail(
        new CommandFailure({
          message: "--secrets and --identity go together: the file, and the key that opens it",
          mend: "plumb apply -f FOLDER --secrets secrets.age --identity recovery.key",
        }),
      )
}

export const apply = Command.make(
  "apply",
  {
    files,
    source,
    dryRun: Flag.Boolean("dry-run").pipe(
      Flag.withDescription("Check everything and show what would change, but write nothing"),
      Flag.withDefault(false),
    ),
    prune,
    confirmPrune,
    secrets: Flag.String("secrets").pipe(
      Flag.withMetavar("FILE"),
      Flag.withDescription(
        "Put the secrets of this file of `plumb export --secrets` into the records; with --identity",
      ),
      Flag.optional,
    ),
    identity: Flag.String("identity").pipe(
      Flag.withMetavar("FILE"),
      Flag.withDescription("The recovery key, as `plumb recovery-key` has written it"),
      Flag.optional,
    ),
    wait,
    timeout,
    watch: Flag.Boolean("watch").pipe(
      Flag.withAlias("w"),
      Flag.withDescription("Stay, and apply again whenever a file changes"),
      Flag.withDefault(false),
    ),
    output,
  },
  Effect.fn(function* (input) {
    if (input.watch && Option.isSome(input.secrets)) {
      return yield* new CommandFailure({ message: "--secrets brings secrets back once, and does not go with --watch" })
    }
    if (input.watch && (input.dryRun || input.files.includes("-") || input.output === "json")) {
      return yield* new CommandFailure({
        message: "--watch goes with files and folders only, without --dry-run and -o json",
      })
    }
    if (input.watch) {
      let first = true
      return yield* watchFiles(
        input.files,
        Effect.gen(function* () {
          // Agreeing to a large prune once is not agreeing to the next.
          yield* applyAgain({ ...input, confirmPrune: input.confirmPrune && first })
          if (first) yield* note(`watching ${input.files.join(", ")}; Ctrl-C ends it`)
          first = false
        }),
      )
    }
    const opened = yield* secretsIn(input).pipe(failingIn(input.output))
    const applied = yield* applyFiles({ ...input, opened }).pipe(failingIn(input.output))
    yield* input.output === "json" ? printJson(applied) : report(applied)
    if (input.wait && !input.dryRun) yield* waitFor(applied.changes, input.timeout)
  }),
).pipe(
  Command.withDescription("Say what is wanted: write the records of files or folders, all or none"),
  Command.withExamples([
    {
      command: "plumb apply -f shop.yaml --wait",
      description: "One file, and wait for the host (exit 1: not converged)",
    },
    { command: "plumb apply -f hosting/ --prune --dry-run", description: "What a folder would change and delete" },
    {
      command: "plumb apply -f hosting/ --secrets hosting.age --identity recovery.key",
      description: "On a new host: with the secrets of the old one",
    },
    { command: "plumb apply -f hosting/ --prune --watch", description: "Keep following a folder" },
  ]),
)
