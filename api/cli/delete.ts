// `plumb delete`: says that a record is no longer wanted. The agent removes what it owned; what holds customers' data goes to
// a trash, and `plumb rollback` takes the delete back for as long as it is there.

import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import { changeLine } from "./changes.ts"
import { ask } from "./client.ts"
import { output, timeout, wait } from "./flags.ts"
import { kindArgument, nameArgument, oneRecordOf } from "./kinds.ts"
import { print, printJson } from "./terminal.ts"
import { waitFor } from "./wait.ts"

export const deleteRecord = Command.make(
  "delete",
  {
    kind: kindArgument,
    name: nameArgument,
    confirm: Flag.Boolean("confirm").pipe(
      Flag.withDescription("Agree to a removal that the agent's guard holds back"),
      Flag.withDefault(false),
    ),
    wait,
    timeout,
    output,
  },
  Effect.fn(function* (input) {
    const params = yield* oneRecordOf(input.kind, input.name)
    const { version } = yield* ask((api) => api.records.read({ params }))
    const change = yield* ask((api) =>
      api.records.remove({
        params,
        query: { version, ...(input.confirm ? { confirm: "true" as const } : {}) },
        headers: {},
      }),
    )
    if (input.output === "json") yield* printJson(change)
    else yield* print(`${changeLine(change)}; to take it back: plumb rollback ${params.kind} ${params.name}`)
    if (input.wait) yield* waitFor([change], input.timeout)
  }),
).pipe(
  Command.withDescription("Delete one record; homes go to the trash and can be taken back"),
  Command.withExamples([
    { command: "plumb delete site shop --wait", description: "Delete a site, and wait until the host is rid of it" },
    { command: "plumb delete account acme --confirm", description: "Agree to a removal that a guard has stopped" },
  ]),
)
