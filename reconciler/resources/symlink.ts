// A symbolic link, made by root in a folder of root's. It is replaced at once, so that nobody meets a moment without it.

import * as Effect from "effect/Effect"
import type { Resource, ResourceType } from "../contract/resource.ts"
import type { Stat } from "../host/files.ts"
import { attempt } from "../host/host.ts"
import { setAside } from "../host/kept.ts"
import { hostPath } from "../host/path.ts"
import { changed, missing } from "./differences.ts"
import { type Place, pathKey, place } from "./place.ts"
import { isoNow, removePath } from "./removal.ts"

export interface SymlinkSpec {
  readonly target: string
}

export const symlink = (path: `/${string}`, spec: SymlinkSpec, where: Place): Resource<SymlinkSpec> =>
  place("symlink", path, spec, where)

export interface SeenSymlink {
  readonly stat: Stat
  /** Undefined when it is no link. */
  readonly target: string | undefined
}

export const symlinkType: ResourceType<SymlinkSpec, SeenSymlink> = {
  kind: "symlink",
  owns: (id) => [pathKey(id)],
  observe: (id) =>
    attempt(({ files }) => {
      const path = hostPath(id)
      const stat = files.stat(path)
      return stat && { stat, target: stat.type === "symlink" ? files.readLink(path) : undefined }
    }),
  diff: (spec, seen) => {
    if (seen === undefined) return [missing(`symlink to ${spec.target}`)]
    return seen.target === undefined
      ? changed("type", "symlink", seen.stat.type)
      : changed("target", spec.target, seen.target)
  },
  apply: (id, spec, seen) =>
    Effect.flatMap(isoNow, (now) =>
      attempt(({ files }) => {
        if (seen?.target === spec.target) return
        const path = hostPath(id)
        const there = files.stat(path)
        if (there !== undefined && there.type !== "symlink") setAside(files, path, now)
        files.link(path, spec.target)
      }),
    ),
  remove: removePath,
  watch: (id) => [id],
}
