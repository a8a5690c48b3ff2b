// The tables of nftables that are ours, each whole by its name. A table is compared as nft prints it: nft has its own way of
// writing each rule, which differs between its versions.

import * as Effect from "effect/Effect"
import type { ResourceFailure } from "../contract/resource.ts"
import { toFailure } from "./failure.ts"
import type { Files } from "./files.ts"
import type { HostPath } from "./path.ts"
import { filtersFolder } from "./state-folders.ts"

/** The family of all our tables: IPv4 and IPv6 in one. */
export const filterFamily = "inet"

/** What their names begin with. */
export const filterPrefix = "plumb_"

export interface PacketFilter {
  /** nft(8), where it is there and this kernel lets the host have tables; null otherwise. */
  readonly program: string | null
  /** What the text of a table looks like once it is loaded. Reads only. */
  readonly printed: (table: string, text: string) => Effect.Effect<string, ResourceFailure>
  /** The table as it is, without counters and without what packets put into its sets; undefined when there is none. */
  readonly read: (table: string) => Effect.Effect<string | undefined, ResourceFailure>
  /** One look at all that are ours: a text that changes whenever the table does. */
  readonly survey: Effect.Effect<(table: string) => string, ResourceFailure>
  /** In one step, in the place of the one that is there. */
  readonly load: (table: string, text: string) => Effect.Effect<void, ResourceFailure>
  readonly remove: (table: string) => Effect.Effect<void, ResourceFailure>
}

/** A folder has no packets: the texts are noted. */
export const directoryPacketFilter = (files: Files): PacketFilter => {
  const act = <A>(change: () => A) => Effect.try({ try: change, catch: toFailure })
  const note = (table: string): HostPath => `${filtersFolder}/${table}`
  const noted = (table: string): string | undefined =>
    files.stat(note(table)) === undefined ? undefined : files.read(note(table)).toString("utf8")
  return {
    program: null,
    printed: (_, text) => Effect.succeed(text),
    read: (table) => act(() => noted(table)),
    survey: Effect.succeed((table) => noted(table) ?? ""),
    load: (table, text) => act(() => files.write(note(table), text, { owner: "root", group: "root", mode: 0o600 })),
    remove: (table) => act(() => files.remove(note(table))),
  }
}
