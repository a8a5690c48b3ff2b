// `plumb first-run`: the right to become the first administrator, shown once. For whoever has the token of this machine.

import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import { ask } from "./client.ts"
import { output } from "./flags.ts"
import { note, print, printJson } from "./terminal.ts"

export const firstRun = Command.make(
  "first-run",
  { output },
  Effect.fn(function* (input) {
    const offered = yield* ask((api) => api.sessions.offerFirstRun())
    if (input.output === "json") return yield* printJson(offered)
    yield* print(offered.token)
    yield* note(`this makes the first administrator: once, until ${offered.expiresAt}, and it is shown nowhere else`)
    yield* note('send {"token", "email", "name", "password"} to POST /auth/first-run')
  }),
).pipe(
  Command.withDescription("Get the one-time token that makes the first administrator"),
  Command.withExamples([{ command: "plumb first-run", description: "Show a token; an earlier one is good no more" }]),
)
