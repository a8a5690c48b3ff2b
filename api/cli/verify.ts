// `plumb verify`: has anybody edited or dropped a row of the history? Every revision and every drift event carries the hash
// of the one before it; the API computes the chain again.

import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import { ask } from "./client.ts"
import { NotSo } from "./failure.ts"
import { output } from "./flags.ts"
import { clean, paint, print, printJson } from "./terminal.ts"

export const verify = Command.make(
  "verify",
  { output },
  Effect.fn(function* ({ output }) {
    const verified = yield* ask((api) => api.chain.verify({}))
    if (output === "json") yield* printJson(verified)
    else if (verified.broken === null) {
      yield* print(`${paint("green", "the history is whole")}: ${verified.links} links, head ${verified.head}`)
    } else yield* print(`${paint("red", "the history was changed")}: ${clean(verified.broken.message)}`)
    if (!verified.ok) return yield* new NotSo({})
  }),
).pipe(
  Command.withDescription("Check that no row of the history was edited or dropped (exit 0: whole, 1: not)"),
  Command.withExamples([
    { command: "plumb verify", description: "Note the head down somewhere else, and compare it later" },
  ]),
)
