// The folder of an account's keys. Whatever is in it that no record has claimed is a key that somebody planted: it is taken
// away, and its text kept.
//
// The one thing to know before changing it: a record claims its key before the file is written, so a file that nobody has
// claimed is never one that is on its way.

import * as Effect from "effect/Effect"
import { putAside } from "../activations/nginx-trees.ts"
import type { Resource, ResourceType } from "../contract/resource.ts"
import { attempt } from "../host/host.ts"
import { hostPath } from "../host/path.ts"
import { isTemporary } from "../host/temporary.ts"
import { type DirectorySpec, directoryType, type SeenDirectory } from "./directory.ts"
import { type Place, pathKey, place } from "./place.ts"
import { goes, isoNow } from "./removal.ts"
import { accountOf } from "./ssh-place.ts"

export const keyFolder = (path: `/${string}`, spec: DirectorySpec, where: Place): Resource<DirectorySpec> =>
  place("key-folder", path, spec, where)

export interface SeenKeyFolder extends SeenDirectory {
  readonly strangers: ReadonlyArray<string>
}

export const keyFolderType: ResourceType<DirectorySpec, SeenKeyFolder> = {
  kind: "key-folder",
  owns: directoryType.owns,
  observe: (id, spec) =>
    Effect.gen(function* () {
      const seen = yield* directoryType.observe(id, spec)
      if (seen === undefined) return undefined
      const strangers = yield* attempt(({ claims, files }) =>
        seen.stat.type === "directory"
          ? files.list(hostPath(id)).filter((name) => !isTemporary(name) && !claims.isClaimed(pathKey(`${id}/${name}`)))
          : [],
      )
      return { ...seen, strangers }
    }),
  diff: (spec, seen) => [
    ...directoryType.diff(spec, seen),
    ...(seen?.strangers ?? []).map((name) => ({
      field: `entry ${name}`,
      want: "absent",
      have: "present",
      kind: "extra" as const,
    })),
  ],
  apply: (id, spec, seen, recordId) =>
    Effect.gen(function* () {
      yield* directoryType.apply(id, spec, seen, recordId)
      const now = yield* isoNow
      yield* attempt(({ files }) => {
        for (const name of seen?.strangers ?? []) putAside(files, hostPath(`${id}/${name}`), now)
      })
    }),
  remove: (id, removal) =>
    Effect.as(
      directoryType.remove(id, removal),
      goes(removal) ? [{ kind: "sessions" as const, account: accountOf(id) }] : [],
    ),
  watch: (id) => [id, `${id}/`],
}
