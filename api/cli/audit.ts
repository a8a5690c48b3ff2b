// `plumb audit`: who logged in, who failed to, and what else was done besides writing records (`plumb history` tells of those).

import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { AuditEvent } from "../shapes.ts"
import { ask } from "./client.ts"
import { output } from "./flags.ts"
import { clean, paint, print, printJson } from "./terminal.ts"

const { action, outcome } = AuditEvent.fields

const colours = { succeeded: "green", failed: "red", refused: "yellow" } as const

const given = <A>(key: string, value: Option.Option<A>) => (Option.isSome(value) ? { [key]: value.value } : {})

export const audit = Command.make(
  "audit",
  {
    action: Flag.Literals("action", action.literals).pipe(Flag.optional, Flag.withDescription("Only of this kind")),
    outcome: Flag.Literals("outcome", outcome.literals).pipe(
      Flag.optional,
      Flag.withDescription("Only those that ended so"),
    ),
    actor: Flag.String("actor").pipe(Flag.optional, Flag.withDescription("Only of this user, by e-mail address")),
    limit: Flag.Int("limit").pipe(Flag.withDefault(50), Flag.withDescription("How many, the newest first")),
    output,
  },
  Effect.fn(function* (input) {
    const query = {
      limit: input.limit,
      ...given("action", input.action),
      ...given("outcome", input.outcome),
      ...given("actor", input.actor),
    }
    const { items } = yield* ask((api) => api.audit.list({ query }))
    if (input.output === "json") return yield* printJson(items)
    if (items.length === 0) return yield* print("nothing happened that fits")
    for (const event of items) {
      const what = `${event.action} ${paint(colours[event.outcome], event.outcome)}`
      const target = event.target === "" ? "" : ` ${clean(event.target)}`
      yield* print(`${event.at}  ${what}  ${clean(event.actor)}${target}  from ${clean(event.address)}`)
    }
  }),
).pipe(
  Command.withDescription("See who logged in, who failed to, and what else was done"),
  Command.withExamples([
    { command: "plumb audit --outcome failed", description: "Log-ins that failed" },
    { command: "plumb audit --actor ada@example.org --limit 500 -o json", description: "All that somebody did" },
  ]),
)
