// `plumb explain`: why is this here? From a path, a unit or a user of a host to the record, the field, the revision and the
// person that made it so.

import { existsSync } from "node:fs"
import { resolve } from "node:path"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Owner, Status } from "../shapes.ts"
import { ask } from "./client.ts"
import { CommandFailure, NotSo } from "./failure.ts"
import { output } from "./flags.ts"
import { short } from "./history.ts"
import { clean, note, paint, print, printJson } from "./terminal.ts"

type Subject = { readonly path: string } | { readonly unit: string } | { readonly user: string }

const unitName = /\.(service|slice|timer|socket|mount|target|path)$/

/** On a directory host a person names the file below its root; the records know the path on the host. */
const pathOnHost = (path: string, nodes: Status["nodes"]): string => {
  for (const { facts } of nodes) {
    const root = facts["root"]
    if (typeof root === "string" && root !== "" && path.startsWith(`${root}/`)) return path.slice(root.length)
  }
  return path
}

const subjectOf = (word: string): Subject => {
  const prefixed = /^(path|unit|user):(.+)$/s.exec(word)
  if (prefixed?.[1] === "path") return { path: prefixed[2] ?? "" }
  if (prefixed?.[1] === "unit") return { unit: prefixed[2] ?? "" }
  if (prefixed?.[1] === "user") return { user: prefixed[2] ?? "" }
  if (word.includes("/")) return { path: resolve(word) }
  if (unitName.test(word)) return { unit: word }
  return existsSync(word) ? { path: resolve(word) } : { user: word }
}

const printOwner = (owner: Owner) =>
  Effect.gen(function* () {
    const inside = owner.match === "ancestor" ? " (the nearest thing above it that is owned)" : ""
    yield* print(`${paint("bold", clean(owner.key))} on ${clean(owner.node)}${inside}`)
    yield* print(
      `  belongs to ${paint("cyan", `${owner.kind}/${owner.name}`)} since generation ${owner.generation} (${owner.claimedAt})`,
    )
    for (const { field, value, revision } of owner.fields) {
      const shown = value === undefined ? "" : ` = ${short(value)}`
      const who =
        revision === null
          ? "by default"
          : `set in revision ${revision.seq} by ${clean(revision.actor)} (${clean(revision.source)}, ${revision.at})`
      yield* print(`  ${field}${shown}, ${who}`)
    }
    yield* print(paint("dim", `  when nobody wants it any more: ${owner.onDelete}`))
  })

export const explain = Command.make(
  "explain",
  {
    subject: Argument.String("PATH|UNIT|USER").pipe(
      Argument.withDescription(
        "A file or folder, a systemd unit, or a user; path:, unit: or user: before it settles which",
      ),
    ),
    node: Flag.String("node").pipe(Flag.withDescription("Only on this node"), Flag.optional),
    output,
  },
  Effect.fn(function* (input) {
    let subject = subjectOf(input.subject)
    if ("path" in subject) {
      const { nodes } = yield* ask((api) => api.live.status({ query: { kind: "Node" } }))
      subject = { path: pathOnHost(subject.path, nodes) }
    }
    const node = Option.match(input.node, { onNone: () => ({}), onSome: (node) => ({ node }) })
    const owners = yield* ask((api) =>
      api.live.explain({ query: { ...subject, ...node } }).pipe(
        Effect.catchIf(
          (error) => "_tag" in error && error._tag === "NotFound",
          () => Effect.succeed([]),
        ),
      ),
    )
    if (input.output === "json") yield* printJson(owners)
    for (const owner of owners) if (input.output === "text") yield* printOwner(owner)
    if (owners.length > 0) return
    if (Object.values(subject)[0] === "") return yield* new CommandFailure({ message: "explain what?" })
    yield* note(`no record owns ${clean(Object.entries(subject)[0]?.join(" ") ?? "")}: Plumbline never touches it`)
    return yield* new NotSo({})
  }),
).pipe(
  Command.withDescription(
    "Say which record, field, revision and person a thing on a host comes from (exit 1: nobody's)",
  ),
  Command.withExamples([
    { command: "plumb explain /etc/plumbline/nginx/live/sites/shop.conf", description: "A file" },
    { command: "plumb explain plumb-php8.2@acme.service", description: "A systemd unit" },
    { command: "plumb explain acme", description: "A user" },
  ]),
)
