// `plumb password`: a new password for a user that a record has. It is made by the API and shown once, or read from stdin;
// in both cases only what the server needs of it is kept. Never an argument: those can be read in the list of processes.

import { text } from "node:stream/consumers"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import { ask } from "./client.ts"
import { CommandFailure, wordsOf } from "./failure.ts"
import { output } from "./flags.ts"
import { kindArgument, kindOf } from "./kinds.ts"
import { note, print, printJson } from "./terminal.ts"

const fromStdin = Effect.tryPromise({
  try: () => text(process.stdin),
  catch: (cause) => new CommandFailure({ message: `stdin could not be read: ${wordsOf(cause)}` }),
}).pipe(
  // A line break at the end is the shell's.
  Effect.map((given) => given.replace(/\r?\n$/, "")),
)

export const password = Command.make(
  "password",
  {
    kind: kindArgument,
    name: Argument.String("NAME").pipe(Argument.withDescription("The record that has the user")),
    user: Argument.String("USER").pipe(Argument.withDescription("The user's name")),
    stdin: Flag.Boolean("stdin").pipe(
      Flag.withDescription("Take the password from stdin instead of having one made"),
      Flag.withDefault(false),
    ),
    output,
  },
  Effect.fn(function* (input) {
    const kind = yield* kindOf(input.kind)
    if (kind !== "Database") {
      return yield* new CommandFailure({
        message: `records of ${kind} have no users with passwords`,
        mend: "name a Database and one of its users: plumb password database NAME USER",
      })
    }
    const { name, user } = input
    const payload = input.stdin ? { password: yield* fromStdin } : {}
    const set = yield* ask((api) => api.passwords.database({ params: { name, user }, payload }))
    if (input.output === "json") return yield* printJson(set)
    if (set.password === undefined) return yield* print(`the password of ${user} (${kind}/${name}) is set`)
    yield* print(set.password)
    yield* note(`the new password of ${user} (${kind}/${name}) is shown this once and kept nowhere`)
  }),
).pipe(
  Command.withDescription("Give a database user a new password, and show it once"),
  Command.withExamples([
    { command: "plumb password database shop shop", description: "Have one made" },
    { command: "pass show shop | plumb password database shop shop --stdin", description: "Set one of your own" },
  ]),
)
