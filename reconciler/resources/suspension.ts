// Whether an account rests. If so there is a mark, which keeps everything of the account from starting, with or without an
// agent and after a boot too, and nothing runs in its slice.
//
// The one thing to know before changing it: the mark comes first. What is started in between would be started again by
// whoever starts it, and never be ended. Units, the runner of cron jobs and PAM's script look for the mark themselves
// (controllers/node/units.ts, cron/runner.ts, node/ssh-session.ts).

import { basename } from "node:path"
import * as Effect from "effect/Effect"
import type { FieldDiff, Resource, ResourceType } from "../contract/resource.ts"
import { attempt, Host } from "../host/host.ts"
import { hostPath } from "../host/path.ts"
import { type FileSpec, fileType, type SeenFile } from "./file.ts"
import { type Place, pathKey, place } from "./place.ts"
import { removePath } from "./removal.ts"
import { sliceName } from "./unit-name.ts"

export interface SuspensionSpec {
  readonly suspended: boolean
}

/** By its mark, a file that is called what the account is called. */
export const suspension = (mark: `/${string}`, spec: SuspensionSpec, where: Place): Resource<SuspensionSpec> =>
  place("suspension", mark, spec, where)

export interface SeenSuspension {
  readonly mark: SeenFile
  /** Whether anything of the account runs. */
  readonly occupied: boolean
}

const markSpec: FileSpec = { owner: "root", group: "root", mode: 0o600, content: "" }
const sliceOf = (mark: string) => sliceName(basename(mark))

export const suspensionType: ResourceType<SuspensionSpec, SeenSuspension> = {
  kind: "suspension",
  owns: (id) => [pathKey(id)],
  observe: (id) =>
    Effect.gen(function* () {
      const mark = yield* fileType.observe(id, markSpec)
      if (mark === undefined) return undefined
      return { mark, occupied: yield* attempt(({ systemd }) => systemd.occupied(sliceOf(id))) }
    }),
  diff: (spec, seen): ReadonlyArray<FieldDiff> => {
    if (!spec.suspended) return seen === undefined ? [] : [{ ...suspended, want: "no", have: "yes", kind: "extra" }]
    if (seen === undefined) return [{ ...suspended, want: "yes", have: null, kind: "missing" }]
    const running: FieldDiff = { field: "processes", want: "none", have: "some", kind: "runtime" }
    return [...fileType.diff(markSpec, seen.mark), ...(seen.occupied ? [running] : [])]
  },
  apply: (id, spec, seen, recordId) =>
    Effect.gen(function* () {
      if (!spec.suspended) return yield* attempt(({ files }) => files.remove(hostPath(id)))
      yield* fileType.apply(id, markSpec, seen?.mark, recordId)
      const { systemd } = yield* Host
      if (yield* attempt(() => systemd.occupied(sliceOf(id)))) yield* systemd.stop(sliceOf(id))
    }),
  remove: removePath,
  watch: (id) => [id],
  // What an account does that does not rest is its own business.
  survey: attempt(
    ({ files, systemd }) =>
      (id: string) =>
        files.stat(hostPath(id)) !== undefined && systemd.occupied(sliceOf(id)) ? "runs" : "rests",
  ),
}

const suspended = { field: "suspended" } as const
