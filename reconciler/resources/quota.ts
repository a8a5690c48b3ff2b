// What a home may hold. The file system keeps the limit, whoever writes: the home's own folder has to be one that it counts
// by itself, and is made so (`volume` of directory.ts).

import * as Effect from "effect/Effect"
import type { FieldDiff, Resource, ResourceType } from "../contract/resource.ts"
import { Host } from "../host/host.ts"
import { hostPath } from "../host/path.ts"
import type { SeenQuota } from "../host/quotas.ts"
import { changed } from "./differences.ts"
import { type Place, place, quotaKey } from "./place.ts"
import { goes } from "./removal.ts"

export interface QuotaSpec {
  /** Bytes; null is no limit. */
  readonly disk: number | null
  /** Files and folders; null is no limit. */
  readonly files: number | null
  /** The number to count the home by, where the file system wants one. */
  readonly project: number | null
}

/** By the path of a home. */
export const quota = (home: `/${string}`, spec: QuotaSpec, where: Place): Resource<QuotaSpec> =>
  place("quota", home, spec, where)

const text = (limit: number | null | undefined): string =>
  typeof limit !== "number" ? "none" : Number.isNaN(limit) ? "another one" : String(limit)

const diff = (spec: QuotaSpec, seen: SeenQuota | undefined): ReadonlyArray<FieldDiff> => {
  if (seen !== undefined) {
    return [
      ...changed("disk", text(spec.disk), text(seen.disk)),
      ...changed("files", text(spec.files), text(seen.files)),
      ...changed("project", text(spec.project), text(seen.project)),
      ...changed("uncounted", "0", String(spec.disk === null ? 0 : (seen.uncounted ?? 0))),
    ]
  }
  const limits = `disk ${text(spec.disk)}, files ${text(spec.files)}`
  const nothing = spec.disk === null && spec.files === null && spec.project === null
  return nothing ? [] : [{ field: "limits", want: limits, have: null, kind: "missing" }]
}

export const quotaType: ResourceType<QuotaSpec, SeenQuota> = {
  kind: "quota",
  owns: (id) => [quotaKey(id)],
  observe: (id) => Effect.flatMap(Host, ({ quotas }) => quotas.read(hostPath(id))),
  diff,
  apply: (id, spec, seen) =>
    Effect.gen(function* () {
      const { quotas } = yield* Host
      if (diff(spec, seen).length === 0) return
      const { disk, files, project } = spec
      yield* quotas.set(hostPath(id), {
        disk: disk ?? undefined,
        files: files ?? undefined,
        project: project ?? undefined,
      })
    }),
  remove: (id, removal) =>
    Effect.gen(function* () {
      if (!goes(removal)) return []
      const { quotas } = yield* Host
      const seen = yield* quotas.read(hostPath(id))
      if (seen !== undefined) {
        yield* quotas.set(hostPath(id), { disk: undefined, files: undefined, project: undefined })
      }
      return []
    }),
  watch: () => [],
  survey: Effect.flatMap(Host, ({ quotas }) => quotas.survey).pipe(Effect.map((look) => (id) => look(hostPath(id)))),
  measure: Effect.flatMap(Host, ({ quotas }) => quotas.usage).pipe(
    Effect.map((look) => (id) => ({ ...look(hostPath(id)) })),
  ),
}
