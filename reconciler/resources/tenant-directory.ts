// A folder in a part of the tree that a tenant can write. It is made as that tenant, and only its being there is kept true:
// what it becomes afterwards is theirs, also a link to another folder of theirs. It goes with the tree that it is in.

import * as Effect from "effect/Effect"
import type { Resource, ResourceType } from "../contract/resource.ts"
import { attempt, Host } from "../host/host.ts"
import { type HostPath, hostPath, segments } from "../host/path.ts"
import { changed, missing } from "./differences.ts"
import { type Place, pathKey, place } from "./place.ts"

export interface TenantDirectorySpec {
  /** Who makes it, and in whose tree it is. */
  readonly user: string
  /** What it is made with; the tenant may change it afterwards. */
  readonly mode: number
}

/** A folder below one that a tenant can write. Only its being there is kept true, and it is never removed by itself. */
export const tenantDirectory = (
  path: `/${string}`,
  spec: TenantDirectorySpec,
  where: Place,
): Resource<TenantDirectorySpec> => place("tenant-directory", path, spec, where)

export interface SeenTenantDirectory {
  readonly type: string
}

export const tenantDirectoryType: ResourceType<TenantDirectorySpec, SeenTenantDirectory> = {
  kind: "tenant-directory",
  owns: (id) => [pathKey(id)],
  observe: (id, spec) =>
    Effect.gen(function* () {
      const path = yield* attempt(() => hostPath(id))
      const found = yield* attempt(({ files }): string | undefined => {
        let reached = ""
        let type: string | undefined
        for (const name of segments(path)) {
          reached += `/${name}`
          type = files.stat(reached as HostPath)?.type
          if (type !== "directory") return type
        }
        return type
      })
      if (found !== "symlink") return found === undefined ? undefined : { type: found }
      // Where a link leads is looked at with the tenant's rights, not with root's.
      const { tenant } = yield* Host
      return (yield* tenant.isDirectory(spec.user, path)) ? { type: "directory" } : undefined
    }),
  diff: (_, seen) => (seen === undefined ? [missing("directory")] : changed("type", "directory", seen.type)),
  apply: (id, spec, seen) =>
    seen?.type === "directory"
      ? Effect.void
      : Effect.flatMap(Host, ({ tenant }) => tenant.makeDirectory(spec.user, id as HostPath, spec.mode)),
  remove: () => Effect.succeed([]),
  watch: (id) => [id],
}
