// `plumb drift`: what changed on a host without a record that explains it, and what became of it.

import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { DriftEvent } from "../shapes.ts"
import { ask } from "./client.ts"
import { output } from "./flags.ts"
import { kindArgument, nameArgument, recordOf } from "./kinds.ts"
import { clean, paint, paintDiff, print, printJson, table } from "./terminal.ts"

const ownerOf = ({ kind, name }: DriftEvent) => (kind === null ? "(nobody's)" : `${kind}/${name ?? "?"}`)

const optional = <Key extends string, A>(key: Key, value: Option.Option<A>) =>
  Option.match(value, { onNone: () => ({}), onSome: (value) => ({ [key]: value }) as { readonly [K in Key]: A } })

const list = Command.make(
  "list",
  {
    kind: kindArgument.pipe(Argument.optional),
    name: nameArgument,
    outcome: Flag.Literals("outcome", ["healed", "reported", "adopted", "ignored", "fought"]).pipe(
      Flag.withDescription("Only what ended so"),
      Flag.optional,
    ),
    node: Flag.String("node").pipe(Flag.withDescription("Only on this node"), Flag.optional),
    limit: Flag.Int("limit").pipe(
      Flag.withDescription("How many at most, newest first (default: 50)"),
      Flag.withSchema(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1000 }))),
      Flag.withDefault(50),
    ),
    output,
  },
  Effect.fn(function* (input) {
    const of = Option.isNone(input.kind) ? undefined : yield* recordOf(input.kind.value, input.name)
    const page = yield* ask((api) =>
      api.live.drift({
        query: {
          limit: input.limit,
          ...optional("outcome", input.outcome),
          ...optional("node", input.node),
          ...(of === undefined ? {} : { kind: of.kind }),
          ...(of?.name === undefined ? {} : { name: of.name }),
        },
      }),
    )
    if (input.output === "json") return yield* printJson(page.items)
    if (page.items.length === 0) return yield* print("no drift has been found")
    yield* print(
      table(
        ["DRIFT", "SEEN", "NODE", "RECORD", "WHAT", "OUTCOME", "RESOURCE"],
        page.items.map((event) => [
          String(event.seq),
          event.seenAt,
          clean(event.node),
          ownerOf(event),
          event.driftKind,
          paint(event.outcome === "healed" ? "green" : "yellow", event.outcome),
          clean(event.resource),
        ]),
      ),
    )
    if (page.next !== null) yield* print(paint("dim", `there is more: --limit ${Math.min(1000, input.limit * 4)}`))
  }),
).pipe(
  Command.withDescription("List drift, newest first"),
  Command.withExamples([
    { command: "plumb drift list", description: "The last 50 findings" },
    {
      command: "plumb drift list site shop --outcome reported",
      description: "What was found on one site and not healed",
    },
  ]),
)

const show = Command.make(
  "show",
  { drift: Argument.Int("DRIFT").pipe(Argument.withDescription("The number that `plumb drift list` shows")), output },
  Effect.fn(function* ({ drift, output }) {
    const event = yield* ask((api) => api.live.driftEvent({ params: { seq: drift } }))
    if (output === "json") return yield* printJson(event)
    yield* print(`${paint("bold", clean(event.resource))} of ${ownerOf(event)} on ${clean(event.node)}`)
    yield* print(`${event.driftKind}, seen ${event.seenAt}, ${event.outcome} (${event.stream})`)
    const author = event.author
    if (typeof author === "object" && author !== null && Object.keys(author).length > 0) {
      yield* print(`what is known of the author: ${clean(JSON.stringify(author))}`)
    }
    if (event.keptCopy !== null) {
      const { nodes } = yield* ask((api) => api.live.status({ query: { kind: "Node" } }))
      const root = nodes.find(({ name }) => name === event.node)?.facts["root"]
      yield* print(`what stood there is kept in ${clean(`${typeof root === "string" ? root : ""}${event.keptCopy}`)}`)
    }
    yield* print("")
    yield* print(paintDiff(event.diff.trimEnd()))
  }),
).pipe(
  Command.withDescription("Show one finding with its diff: - is what the record says, + what stood there"),
  Command.withExamples([{ command: "plumb drift show 12", description: "The twelfth finding" }]),
)

export const drift = Command.make("drift").pipe(
  Command.withDescription("What changed on a host behind the platform's back"),
  Command.withSubcommands([list, show]),
  Command.withExamples([{ command: "plumb drift list", description: "The last 50 findings" }]),
)
