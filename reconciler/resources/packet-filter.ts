// A table of packet filter rules that the kernel has loaded. A boot takes it away, and a unit of the node's brings it back
// from its file; what is looked at is what is loaded now, because a flush of all rules leaves every file as it was.

import * as Effect from "effect/Effect"
import type { FieldDiff, Resource, ResourceType } from "../contract/resource.ts"
import { Host } from "../host/host.ts"
import { changed, missing } from "./differences.ts"
import { type Place, place } from "./place.ts"
import { goes } from "./removal.ts"

export interface PacketFilterSpec {
  /** The table in nft's language: `table inet NAME { … }`. */
  readonly rules: string
}

export interface SeenPacketFilter {
  /** Both as nft prints them. */
  readonly have: string
  readonly want: string
}

/** A table of the family inet, by its name. */
export const packetFilter = (table: string, spec: PacketFilterSpec, where: Place): Resource<PacketFilterSpec> =>
  place("packet-filter", table, spec, where)

const diff = (spec: PacketFilterSpec, seen: SeenPacketFilter | undefined): ReadonlyArray<FieldDiff> =>
  seen === undefined
    ? [missing("table"), { field: "rules", want: spec.rules, have: null, kind: "missing" }]
    : changed("rules", seen.want, seen.have)

export const packetFilterType: ResourceType<PacketFilterSpec, SeenPacketFilter> = {
  kind: "packet-filter",
  owns: (id) => [`packet-filter:${id}`],
  observe: (id, spec) =>
    Effect.gen(function* () {
      const { packetFilter: filter } = yield* Host
      const have = yield* filter.read(id)
      return have === undefined ? undefined : { have, want: yield* filter.printed(id, spec.rules) }
    }),
  diff,
  apply: (id, spec, seen) =>
    diff(spec, seen).length === 0
      ? Effect.void
      : Effect.flatMap(Host, ({ packetFilter: filter }) => filter.load(id, spec.rules)),
  remove: (id, removal) =>
    goes(removal)
      ? Effect.as(
          Effect.flatMap(Host, ({ packetFilter: filter }) => filter.remove(id)),
          [],
        )
      : Effect.succeed([]),
  watch: () => [],
  survey: Effect.flatMap(Host, ({ packetFilter: filter }) => filter.survey),
  keep: ({ have }) => have,
}
