// `plumb pause` and `plumb resume`: tell the agent to leave something alone, or to look and not touch. A pause always has a
// reason: somebody else will find it.

import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Pause } from "../shapes.ts"
import { ask } from "./client.ts"
import { momentOf } from "./durations.ts"
import { CommandFailure } from "./failure.ts"
import { output } from "./flags.ts"
import { kindArgument, nameArgument, recordOf } from "./kinds.ts"
import { clean, paint, print, printJson } from "./terminal.ts"

const scopeArguments = {
  kind: kindArgument.pipe(Argument.optional),
  name: nameArgument,
  all: Flag.Boolean("all").pipe(Flag.withDescription("Everything on every node"), Flag.withDefault(false)),
}

const scopeOf = (input: {
  readonly kind: Option.Option<string>
  readonly name: Option.Option<string>
  readonly all: boolean
}) =>
  Effect.gen(function* () {
    if (Option.isSome(input.kind) === input.all) {
      return yield* new CommandFailure({
        message: input.all ? "--all and a kind contradict each other" : "what of it?",
        mend: "name a record (KIND NAME), all records of a kind (KIND), or everything (--all)",
      })
    }
    if (Option.isNone(input.kind)) return {}
    const { kind, name } = yield* recordOf(input.kind.value, input.name)
    return name === undefined ? { kind } : { kind, name }
  })

const scopeWords = ({ kind, name }: Pause): string =>
  kind === null ? "everything" : name === null ? `every ${kind}` : `${kind}/${name}`

export const pause = Command.make(
  "pause",
  {
    ...scopeArguments,
    reason: Flag.String("reason").pipe(Flag.withDescription("Why, for whoever finds it"), Flag.optional),
    until: Flag.String("until").pipe(
      Flag.withMetavar("TIME"),
      Flag.withDescription("When it ends by itself: 2h, 3d, or a moment such as 2031-04-05T18:00:00Z (default: never)"),
      Flag.optional,
    ),
    observe: Flag.Boolean("observe").pipe(
      Flag.withDescription("Go on looking and reporting drift, but change nothing"),
      Flag.withDefault(false),
    ),
    output,
  },
  Effect.fn(function* (input) {
    const scope = yield* scopeOf(input)
    const reason = Option.getOrElse(input.reason, () => "").trim()
    if (reason === "") {
      return yield* new CommandFailure({ message: "a pause needs a reason", mend: 'add --reason "why"' })
    }
    const until = Option.isNone(input.until) ? {} : { until: yield* momentOf(input.until.value) }
    const mode = input.observe ? ("observe" as const) : ("pause" as const)
    const pause = yield* ask((api) => api.pauses.pause({ payload: { ...scope, mode, reason, ...until } }))
    if (input.output === "json") return yield* printJson(pause)
    const end = pause.until === null ? "until somebody resumes it" : `until ${pause.until}`
    yield* print(
      `${scopeWords(pause)} ${paint("yellow", mode === "observe" ? "is observed only" : "is paused")} ${end}`,
    )
  }),
).pipe(
  Command.withDescription("Have the agent leave a record, a kind or everything alone"),
  Command.withExamples([
    { command: 'plumb pause site shop --reason "editing by hand" --until 2h', description: "One site, for two hours" },
    { command: 'plumb pause --all --observe --reason "audit"', description: "Look at everything, change nothing" },
  ]),
)

export const resume = Command.make(
  "resume",
  { ...scopeArguments, output },
  Effect.fn(function* (input) {
    const scope = yield* scopeOf(input)
    const ended = yield* ask((api) => api.pauses.resume({ query: scope }))
    if (input.output === "json") return yield* printJson(ended)
    for (const pause of ended) {
      yield* print(
        `${scopeWords(pause)} ${paint("green", "goes on")} (it was paused by ${clean(pause.actor)}: ${clean(pause.reason)})`,
      )
    }
  }),
).pipe(
  Command.withDescription("End a pause of exactly that scope"),
  Command.withExamples([
    { command: "plumb resume site shop", description: "One site" },
    { command: "plumb resume --all", description: "The pause of everything" },
  ]),
)
