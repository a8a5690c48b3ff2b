// Whether an account rests. If so there is a mark, which keeps everything of the account from starting, with or without an
// agent and after a boot too, and nothing runs in its slice. nginx reads the mark with each of the account's vhosts, and none
// of its database users logs in: that holds as well for what the account's other records cannot see to, because nobody
// can read them or somebody has paused them.
//
// The one thing to know before changing it: the mark comes first, and goes last. What is started in between would be started again by
// whoever starts it, and never be ended. Units, the runner of cron jobs and PAM's script look for the mark themselves
// (controllers/node/units.ts, cron/runner.ts, node/ssh-session.ts).

import { basename } from "node:path"
import * as Effect from "effect/Effect"
import type { FieldDiff, Resource, ResourceType } from "../contract/resource.ts"
import { attempt, Host } from "../host/host.ts"
import { hostPath } from "../host/path.ts"
import { letUsersIn, whoLogsIn } from "./database-logins.ts"
import { type FileSpec, fileType, type SeenFile } from "./file.ts"
import { type Place, pathKey, place } from "./place.ts"
import { removePath } from "./removal.ts"
import { suspensionsFolder } from "./suspension-place.ts"
import { sliceName } from "./unit-name.ts"

export interface SuspensionSpec {
  readonly suspended: boolean
  /** What the mark has nginx do. */
  readonly rules: string
}

/** By its mark, a file that is called what the account is called. */
export const suspension = (mark: `/${string}`, spec: SuspensionSpec, where: Place): Resource<SuspensionSpec> =>
  place("suspension", mark, spec, where, [{ kind: "nginx", member: "nginx.conf" }])

export interface SeenSuspension {
  readonly mark: SeenFile
  /** Whether anything of the account runs. */
  readonly occupied: boolean
  /** Database users who may log in. */
  readonly logins: ReadonlyArray<string>
}

const markSpec = ({ rules }: SuspensionSpec): FileSpec => ({
  owner: "root",
  group: "root",
  mode: 0o600,
  content: rules,
})
const sliceOf = (mark: string) => sliceName(basename(mark))

export const suspensionType: ResourceType<SuspensionSpec, SeenSuspension> = {
  kind: "suspension",
  owns: (id) => [pathKey(id)],
  observe: (id, spec) =>
    Effect.gen(function* () {
      const mark = yield* fileType.observe(id, markSpec(spec))
      if (mark === undefined) return undefined
      const occupied = yield* attempt(({ systemd }) => systemd.occupied(sliceOf(id)))
      return { mark, occupied, logins: (yield* whoLogsIn)(basename(id)) }
    }),
  diff: (spec, seen): ReadonlyArray<FieldDiff> => {
    if (!spec.suspended) return seen === undefined ? [] : [{ ...suspended, want: "no", have: "yes", kind: "extra" }]
    if (seen === undefined) return [{ ...suspended, want: "yes", have: null, kind: "missing" }]
    const running: FieldDiff = { field: "processes", want: "none", have: "some", kind: "runtime" }
    const logins: FieldDiff = {
      field: "database log-ins",
      want: "nobody's",
      have: seen.logins.join(", "),
      kind: "runtime",
    }
    return [
      ...fileType.diff(markSpec(spec), seen.mark),
      ...(seen.occupied ? [running] : []),
      ...(seen.logins.length > 0 ? [logins] : []),
    ]
  },
  apply: (id, spec, seen, recordId) =>
    Effect.gen(function* () {
      if (!spec.suspended) {
        yield* letUsersIn(basename(id), true)
        return yield* attempt(({ files }) => files.remove(hostPath(id)))
      }
      yield* fileType.apply(id, markSpec(spec), seen?.mark, recordId)
      const { systemd } = yield* Host
      if (yield* attempt(() => systemd.occupied(sliceOf(id)))) yield* systemd.stop(sliceOf(id))
      yield* letUsersIn(basename(id), false)
    }),
  remove: removePath,
  watch: (id) => [id],
  // What an account does that does not rest is its own business.
  survey: Effect.gen(function* () {
    const { files, systemd } = yield* Host
    const anybody = yield* attempt(() => files.list(suspensionsFolder).length > 0)
    const logins = anybody ? yield* whoLogsIn : () => []
    return (id: string) =>
      files.stat(hostPath(id)) === undefined
        ? "awake"
        : [systemd.occupied(sliceOf(id)) ? "runs" : "rests", ...logins(basename(id))].join("\n")
  }),
}

const suspended = { field: "suspended" } as const
