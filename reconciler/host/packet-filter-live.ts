// This machine's tables, by nft(8).

import * as fs from "node:fs"
import * as Effect from "effect/Effect"
import { ResourceFailure } from "../contract/resource.ts"
import { change, look, type Outcome, said } from "./command.ts"
import { filterFamily, filterPrefix, type PacketFilter } from "./packet-filter.ts"

const program = "/usr/sbin/nft"

/** `add` makes the table where it is not, so that `delete` always finds one: nft loads all of a text or nothing. */
export const replacing = (table: string, text: string): string =>
  `add table ${filterFamily} ${table}\ndelete table ${filterFamily} ${table}\n${text}`

const listing = (table: string): [string, ...Array<string>] => [
  ...([program, "--stateless", "--terse"] as const),
  ...["list", "table", filterFamily, table],
]

/**
 * In a network of its own that ends with the command, where nothing is filtered: what nft prints is what it was loaded from,
 * in the words of the nft that is installed.
 */
const rehearsal = 'nft --file - && exec nft --stateless --terse list table "$1" "$2"'

const failed = (doing: string, outcome: Outcome) =>
  new ResourceFailure({
    reason: "PacketFilterRefused",
    message: `nft ${doing}: ${said(outcome)}`,
    mend: "`nft list ruleset`, as root, says whether this kernel lets the host filter packets at all.",
    verdict: { kind: "retry" },
  })

export const livePacketFilter: Effect.Effect<PacketFilter, ResourceFailure> = Effect.gen(function* () {
  const there = fs.existsSync(program)
  // A container without the right to its own network, a kernel without nf_tables: nft is there and of no use.
  const usable = there && (yield* look([program, "list", "tables"], 10)).code === 0
  const known = new Map<string, string>()
  const read: PacketFilter["read"] = (table) =>
    there
      ? look(listing(table), 30).pipe(
          Effect.flatMap((outcome) => {
            if (outcome.code === 0) return Effect.succeed(outcome.stdout)
            if (/No such file or directory/.test(outcome.stderr)) return Effect.succeed(undefined)
            return Effect.fail(failed("lists a table", outcome))
          }),
        )
      : Effect.succeed(undefined)
  return {
    program: usable ? program : null,
    printed: (table, text) =>
      Effect.suspend(() => {
        const before = known.get(text)
        if (before !== undefined) return Effect.succeed(before)
        const argv = ["unshare", "--net", "--", "/bin/sh", "-euc", rehearsal, "rehearsal", filterFamily, table] as const
        return look([...argv], 30, undefined, replacing(table, text)).pipe(
          Effect.flatMap((outcome) =>
            outcome.code === 0 ? Effect.succeed(outcome.stdout) : Effect.fail(failed("reads a table", outcome)),
          ),
          Effect.tap((printed) => Effect.sync(() => known.set(text, printed))),
        )
      }),
    read,
    survey: Effect.gen(function* () {
      const tables = usable ? yield* look([program, "list", "tables", filterFamily], 30) : { stdout: "" }
      const seen = new Map<string, string>()
      for (const [, table = ""] of tables.stdout.matchAll(
        new RegExp(`^table ${filterFamily} (${filterPrefix}\\w+)$`, "gm"),
      ))
        seen.set(table, (yield* read(table)) ?? "")
      return (table) => seen.get(table) ?? ""
    }),
    load: (table, text) =>
      change([program, "--file", "-"], (outcome) => failed("loads a table", outcome), replacing(table, text)),
    remove: (table) =>
      there
        ? change([program, "--file", "-"], (outcome) => failed("removes a table", outcome), replacing(table, ""))
        : Effect.void,
  }
})
