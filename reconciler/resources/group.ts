// A group by name and number. Who is in it is said by its users.

import * as Effect from "effect/Effect"
import type { Resource, ResourceType } from "../contract/resource.ts"
import type { GroupEntry } from "../host/accounts.ts"
import { attempt, Host } from "../host/host.ts"
import { changed, missing } from "./differences.ts"
import { ownedByAnother } from "./identity.ts"
import { groupKey, type Place, place } from "./place.ts"
import { goes } from "./removal.ts"

export interface GroupSpec {
  readonly gid: number
}

export const group = (name: string, spec: GroupSpec, where: Place): Resource<GroupSpec> =>
  place("group", name, spec, where)

export const groupType: ResourceType<GroupSpec, GroupEntry> = {
  kind: "group",
  owns: (id, spec) => [groupKey(id), `gid:${spec.gid}`],
  observe: (id) => attempt(({ accounts }) => accounts.groups().get(id)),
  diff: (spec, seen) =>
    seen === undefined ? [missing(`group ${spec.gid}`)] : changed("gid", String(spec.gid), String(seen.gid)),
  apply: (id, spec, seen) => {
    if (seen?.gid === spec.gid) return Effect.void
    if (seen !== undefined) return Effect.fail(ownedByAnother(`group ${id}`, `gid ${seen.gid}`, `gid ${spec.gid}`))
    return Effect.flatMap(Host, ({ accounts }) => accounts.addGroup(id, spec.gid))
  },
  remove: (id, removal) =>
    Effect.gen(function* () {
      const { accounts } = yield* Host
      const found = yield* attempt(() => accounts.groups().get(id))
      if (found && goes(removal)) yield* accounts.removeGroup(id)
      return []
    }),
  watch: () => [],
  survey: attempt(({ accounts }) => {
    const groups = accounts.groups()
    return (id) => String(groups.get(id)?.gid ?? "")
  }),
}
