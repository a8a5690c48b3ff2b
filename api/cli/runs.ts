// `plumb run`, `plumb runs` and `plumb output`: ask for a run, see the last ones and the next, read what one has written.

import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { Run } from "../shapes.ts"
import { changeLine } from "./changes.ts"
import { ask } from "./client.ts"
import { output, timeout, wait } from "./flags.ts"
import { kindArgument, nameArgument, oneRecordOf } from "./kinds.ts"
import { clean, paint, print, printJson, table } from "./terminal.ts"
import { waitFor } from "./wait.ts"

const took = ({ durationMs }: Run): string => (durationMs === null ? "?" : `${(durationMs / 1000).toFixed(1)} s`)

const end = ({ outcome, exitStatus }: Run): string =>
  outcome === "failed" && exitStatus !== null ? `failed with ${exitStatus}` : outcome

const bytes = (count: number): string => (count < 10_000 ? `${count} B` : `${Math.round(count / 1024)} KiB`)

export const runs = Command.make(
  "runs",
  {
    kind: kindArgument,
    name: nameArgument,
    limit: Flag.Int("limit").pipe(
      Flag.withDescription("How many of the last runs at most (default: 10)"),
      Flag.withSchema(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1000 }))),
      Flag.withDefault(10),
    ),
    output,
  },
  Effect.fn(function* (input) {
    const of = yield* oneRecordOf(input.kind, input.name)
    const page = yield* ask((api) => api.runs.list({ query: { ...of, limit: input.limit } }))
    if (input.output === "json") return yield* printJson({ upcoming: page.upcoming, runs: page.items })
    yield* print(page.upcoming.length === 0 ? "no run is to come" : "next:")
    for (const moment of page.upcoming) yield* print(`  ${moment}`)
    if (page.items.length === 0) return yield* print("nothing has run yet")
    yield* print(
      table(
        ["RUN", "STARTED", "TOOK", "ENDED", "WHY", "OUTPUT", "TOLD"],
        page.items.map((run) => [
          run.id,
          run.startedAt,
          took(run),
          paint(run.outcome === "succeeded" ? "green" : "yellow", end(run)),
          run.requestedAt === null ? "its time" : "asked for",
          bytes(run.outputBytes),
          run.told.map(({ by, state }) => `${by} ${state}`).join(", "),
        ]),
      ),
    )
  }),
).pipe(
  Command.withDescription("Show the next runs of a record and the last ones"),
  Command.withExamples([{ command: "plumb runs cronjob shop-feed", description: "When it runs, and how it went" }]),
)

export const runOutput = Command.make(
  "output",
  { run: Argument.String("RUN").pipe(Argument.withDescription("The run, as `plumb runs` shows it")), output },
  Effect.fn(function* (input) {
    const run = yield* ask((api) => api.runs.read({ params: { run: input.run } }))
    if (input.output === "json") return yield* printJson(run)
    yield* print(
      `${paint("bold", `${run.kind}/${clean(run.name)}`)} on ${clean(run.node)}, ${run.startedAt}: ${end(run)}`,
    )
    for (const { at, by, state, why } of run.told)
      yield* print(paint("dim", `${by}: ${state} ${at}${why === null ? "" : `: ${clean(why)}`}`))
    yield* print(clean(run.output))
    if (run.outputDropped > 0) yield* print(paint("dim", `${bytes(run.outputDropped)} more were written and not kept`))
  }),
).pipe(
  Command.withDescription("Show what a run has written"),
  Command.withExamples([
    { command: "plumb output 018f2f5e-6d1c-8a52-8f3e-1d2c3b4a5f60", description: "Of the run that is called so" },
  ]),
)

export const run = Command.make(
  "run",
  { kind: kindArgument, name: nameArgument, wait, timeout, output },
  Effect.fn(function* (input) {
    const of = yield* oneRecordOf(input.kind, input.name)
    const change = yield* ask((api) => api.runs.run({ headers: {}, payload: of }))
    if (input.output === "json") yield* printJson(change)
    else yield* print(`${changeLine(change)}: it runs once, now`)
    if (input.wait) yield* waitFor([change], input.timeout)
  }),
).pipe(
  Command.withDescription("Run a record's command once, now, beside its schedule"),
  Command.withExamples([
    { command: "plumb run cronjob shop-feed", description: "Ask for it" },
    { command: "plumb run cronjob shop-feed --wait", description: "Ask for it, and wait until it has begun" },
  ]),
)
