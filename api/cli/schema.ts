// `plumb schema`: the JSON Schema of the kinds, for editors and for other programs; the same as a page for people.

import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { schemaFiles } from "../../spec/json-schema.ts"
import { kindArgument, kindOf } from "./kinds.ts"
import { reference } from "./reference.ts"
import { print, printJson } from "./terminal.ts"

export const schema = Command.make(
  "schema",
  {
    kind: kindArgument.pipe(Argument.optional),
    markdown: Flag.Boolean("markdown").pipe(
      Flag.withDescription("The reference of all kinds as Markdown (docs/spec.md)"),
      Flag.withDefault(false),
    ),
  },
  Effect.fn(function* (input) {
    if (input.markdown) return yield* print(reference().trimEnd())
    const file = Option.isNone(input.kind) ? "plumbline.json" : `${yield* kindOf(input.kind.value)}.json`
    yield* printJson(schemaFiles()[file])
  }),
).pipe(
  Command.withDescription("Print the JSON Schema of the kinds, or their reference as Markdown"),
  Command.withExamples([
    { command: "plumb schema > plumbline.json", description: "For an editor: all kinds" },
    { command: "plumb schema Site", description: "One kind" },
  ]),
)
