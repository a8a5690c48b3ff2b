// A file with its whole content. Compared by bytes; whatever else stands in its place (a link, a folder) is a difference of
// type and makes way.

import * as Effect from "effect/Effect"
import type { FieldDiff, Resource, ResourceType } from "../contract/resource.ts"
import type { Stat } from "../host/files.ts"
import { attempt } from "../host/host.ts"
import { setAside } from "../host/kept.ts"
import { hostPath } from "../host/path.ts"
import { attributesDiffer, changed, describe, missing, setAttributes } from "./differences.ts"
import { type Place, pathKey, place } from "./place.ts"
import { goes, isoNow, removePath } from "./removal.ts"

export interface FileSpec {
  readonly content: string
  readonly owner: string
  readonly group: string
  /** 0o640 */
  readonly mode: number
  /** The content is never shown, logged or stored. */
  readonly secret?: boolean
}

export const file = (path: `/${string}`, spec: FileSpec, where: Place): Resource<FileSpec> =>
  place("file", path, spec, where)

/** systemd goes on with a unit whose file is gone until it is told to look. */
const unitFiles = "/etc/systemd/system/"

/** No more of a foreign file is read than this beyond what was expected. */
const readLimit = 1024 * 1024

export interface SeenFile {
  readonly stat: Stat
  /** Of a regular file. */
  readonly content: Buffer | undefined
  /** Of a link. */
  readonly target: string | undefined
  readonly secret: boolean
}

export const fileType: ResourceType<FileSpec, SeenFile> = {
  kind: "file",
  owns: (id) => [pathKey(id)],
  observe: (id, spec) =>
    attempt(({ files }) => {
      const path = hostPath(id)
      const stat = files.stat(path)
      if (stat === undefined) return undefined
      return {
        stat,
        content: stat.type === "file" ? files.read(path, Buffer.byteLength(spec.content) + readLimit) : undefined,
        target: stat.type === "symlink" ? files.readLink(path) : undefined,
        secret: spec.secret ?? false,
      }
    }),
  diff: (spec, seen) => {
    if (seen === undefined) return [missing("file"), content(spec, null)]
    if (seen.content === undefined) return changed("type", "file", describe(seen.stat, seen.target))
    const same = seen.content.equals(Buffer.from(spec.content))
    return [...(same ? [] : [content(spec, seen.content.toString("utf8"))]), ...attributesDiffer(spec, seen.stat)]
  },
  apply: (id, spec, seen) =>
    Effect.flatMap(isoNow, (now) =>
      attempt(({ files }) => {
        const path = hostPath(id)
        if (seen?.content?.equals(Buffer.from(spec.content))) return setAttributes(files, path, spec, seen.stat)
        if (files.stat(path)?.type === "directory" && !files.removeDirectory(path)) setAside(files, path, now)
        files.write(path, spec.content, spec)
      }),
    ),
  remove: (id, removal) =>
    Effect.as(removePath(id, removal), goes(removal) && id.startsWith(unitFiles) ? [{ kind: "daemon-reload" }] : []),
  watch: (id) => [id],
  keep: (seen) => (seen.secret ? undefined : seen.content?.toString("utf8")),
}

const content = (spec: FileSpec, have: string | null): FieldDiff => ({
  field: "content",
  want: spec.content,
  have,
  kind: have === null ? "missing" : "changed",
  ...(spec.secret ? { secret: true } : {}),
})
