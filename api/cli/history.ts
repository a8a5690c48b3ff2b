// `plumb history` and `plumb rollback`: who changed what and when, and the way back. Going back is a write like any other:
// nothing is taken out of the history.

import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { FieldChange } from "../shapes.ts"
import { changeLine } from "./changes.ts"
import { ask } from "./client.ts"
import { CommandFailure } from "./failure.ts"
import { output, timeout, wait } from "./flags.ts"
import { kindArgument, nameArgument, oneRecordOf } from "./kinds.ts"
import { clean, paint, print, printJson, table } from "./terminal.ts"
import { waitFor } from "./wait.ts"

/** A value as far as it fits into a line. */
export const short = (value: unknown): string => {
  const text = clean(JSON.stringify(value) ?? "")
  return text.length > 60 ? `${text.slice(0, 59)}…` : text
}

export const fieldLine = ({ field, before, after }: FieldChange): string =>
  before === undefined
    ? `${field}: ${short(after)}`
    : after === undefined
      ? `${field}: removed (was ${short(before)})`
      : `${field}: ${short(before)} -> ${short(after)}`

export const history = Command.make(
  "history",
  {
    kind: kindArgument,
    name: nameArgument,
    limit: Flag.Int("limit").pipe(
      Flag.withDescription("How many revisions at most, newest first (default: 20)"),
      Flag.withSchema(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1000 }))),
      Flag.withDefault(20),
    ),
    output,
  },
  Effect.fn(function* (input) {
    const params = yield* oneRecordOf(input.kind, input.name)
    const page = yield* ask((api) => api.history.history({ params, query: { limit: input.limit } }))
    if (input.output === "json") return yield* printJson(page.items)
    yield* print(
      table(
        ["REVISION", "AT", "ACTION", "GENERATION", "BY", "FROM", "WHAT"],
        page.items.map((revision) => [
          String(revision.seq),
          revision.at,
          revision.action,
          String(revision.generation),
          clean(revision.actor),
          clean(revision.source),
          revision.action === "create"
            ? ""
            : revision.action === "update" && revision.fields.length === 0
              ? "belongs to another source now"
              : `${revision.fields.slice(0, 3).map(fieldLine).join("; ")}${revision.fields.length > 3 ? `; and ${revision.fields.length - 3} more` : ""}`,
        ]),
      ),
    )
    if (page.next !== null) yield* print(paint("dim", `there is more: --limit ${Math.min(1000, input.limit * 4)}`))
  }),
).pipe(
  Command.withDescription("List the revisions of a record with who made them"),
  Command.withExamples([{ command: "plumb history site shop", description: "Every change of one site, newest first" }]),
)

export const rollback = Command.make(
  "rollback",
  {
    kind: kindArgument,
    name: nameArgument,
    to: Flag.Int("to").pipe(
      Flag.withMetavar("REVISION"),
      Flag.withDescription(
        "The revision to go back to, as `plumb history` shows it (default: the one before the newest)",
      ),
      Flag.optional,
    ),
    wait,
    timeout,
    output,
  },
  Effect.fn(function* (input) {
    const params = yield* oneRecordOf(input.kind, input.name)
    const { items } = yield* ask((api) => api.history.history({ params, query: { limit: 2 } }))
    const revision = Option.getOrElse(input.to, () => items[1]?.seq)
    if (revision === undefined) {
      return yield* new CommandFailure({
        message: `${params.kind}/${params.name} has only one revision: there is nothing to go back to`,
      })
    }
    const change = yield* ask((api) => api.history.rollback({ headers: {}, payload: { ...params, revision } }))
    if (input.output === "json") yield* printJson(change)
    else yield* print(`${changeLine(change)}, as in revision ${revision}`)
    if (input.wait) yield* waitFor([change], input.timeout)
  }),
).pipe(
  Command.withDescription("Go back to an earlier revision of a record, also of a deleted one"),
  Command.withExamples([
    { command: "plumb rollback site shop", description: "Undo the last change" },
    {
      command: "plumb rollback site shop --to 41 --wait",
      description: "Go back to revision 41, and wait for the host",
    },
  ]),
)
