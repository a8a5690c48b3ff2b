// A folder, with whoever may enter it. What is in it is other resources' business, or nobody's: `only` reports what does not
// belong there and takes nothing away. Its data comes back from the trash for the record that it was taken from.

import * as Effect from "effect/Effect"
import type { Resource, ResourceType } from "../contract/resource.ts"
import type { Stat } from "../host/files.ts"
import { attempt, Host } from "../host/host.ts"
import { setAside } from "../host/kept.ts"
import { hostPath } from "../host/path.ts"
import { isTemporary } from "../host/temporary.ts"
import { takeBack } from "../host/trash.ts"
import { attributesDiffer, changed, describe, missing, setAttributes } from "./differences.ts"
import { type Place, pathKey, place } from "./place.ts"
import { isoNow, removePath } from "./removal.ts"

export interface DirectorySpec {
  readonly owner: string
  readonly group: string
  /** 0o751 */
  readonly mode: number
  /** The only names that belong in it. Others are reported as extra and left alone. */
  readonly only?: ReadonlyArray<string>
  /** Made as something that the file system counts by itself. One that is there stays what it is. */
  readonly volume?: boolean
}

export const directory = (path: `/${string}`, spec: DirectorySpec, where: Place): Resource<DirectorySpec> =>
  place("directory", path, spec, where)

export interface SeenDirectory {
  readonly stat: Stat
  /** Of a link. */
  readonly target: string | undefined
  /** Read only where the spec says what belongs in it. */
  readonly entries: ReadonlyArray<string>
}

export const directoryType: ResourceType<DirectorySpec, SeenDirectory> = {
  kind: "directory",
  owns: (id) => [pathKey(id)],
  observe: (id, spec) =>
    attempt(({ files }) => {
      const path = hostPath(id)
      const stat = files.stat(path)
      if (stat === undefined) return undefined
      return {
        stat,
        target: stat.type === "symlink" ? files.readLink(path) : undefined,
        entries: spec.only && stat.type === "directory" ? files.list(path).filter((name) => !isTemporary(name)) : [],
      }
    }),
  diff: (spec, seen) => {
    if (seen === undefined) return [missing("directory")]
    if (seen.stat.type !== "directory") return changed("type", "directory", describe(seen.stat, seen.target))
    const extra = seen.entries.filter((name) => !spec.only?.includes(name))
    return [
      ...attributesDiffer(spec, seen.stat),
      ...extra.map((name) => ({ field: `entry ${name}`, want: "absent", have: "present", kind: "extra" as const })),
    ]
  },
  apply: (id, spec, seen, recordId) =>
    Effect.gen(function* () {
      const now = yield* isoNow
      const path = hostPath(id)
      const isThere = yield* attempt(({ files }) => {
        const there = files.stat(path)
        if (there?.type === "symlink") files.remove(path)
        else if (there !== undefined && there.type !== "directory") setAside(files, path, now)
        return there?.type === "directory" || takeBack(files, path, recordId)
      })
      const { quotas } = yield* Host
      if (!isThere && spec.volume === true) yield* quotas.makeVolume(path)
      yield* attempt(({ files }) => {
        files.makeDirectory(path, spec)
        setAttributes(files, path, spec, seen?.stat.type === "directory" ? seen.stat : files.stat(path))
      })
    }),
  remove: removePath,
  watch: (id) => [id],
}
