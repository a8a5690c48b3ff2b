// A run that somebody asked for, beside any schedule: done once for the moment at which it was asked for, whatever becomes of
// the agent meanwhile.
//
// The one thing to know before changing it: what was begun is marked by a folder that is made before the command and never
// after it, so a crash costs the run at worst, and that is told (`runs.ts`); it is never run twice.

import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { Resource, ResourceType } from "../contract/resource.ts"
import { attempt, Host } from "../host/host.ts"
import type { HostPath } from "../host/path.ts"
import { askedFolder } from "../host/state-folders.ts"
import { changed } from "./differences.ts"
import { type Place, place } from "./place.ts"
import { goes } from "./removal.ts"

export interface RunSpec {
  /** When it was asked for, in milliseconds since 1970. A later one replaces it, an earlier one is done already. */
  readonly askedAt: number
  /** The unit that runs it: of this one run alone. */
  readonly unit: `${string}.service`
  readonly argv: ReadonlyArray<string>
  /** Nothing runs now: what was asked for by now is passed over. */
  readonly passOver?: true
}

/** By the record that it is of: `CronJob.acme-feed`. */
export const run = (of: `${string}.${string}`, spec: RunSpec, where: Place): Resource<RunSpec> =>
  place("run", of, spec, where)

export interface SeenRun {
  /** What was last begun, or passed over. */
  readonly askedAt: number
}

/** A host that knows of no run takes what is older than this for a run of the host before it. */
const stale = 10 * 60_000

const markOf = (id: string, askedAt: number): HostPath => `${askedFolder}/${id}.${askedAt}`

const marks = (id: string) =>
  attempt(({ files }) =>
    files.list(askedFolder).flatMap((name) => {
      const asked = name.startsWith(`${id}.`) ? name.slice(id.length + 1) : ""
      return /^\d+$/.test(asked) ? [Number(asked)] : []
    }),
  )

const forget = (id: string, asked: ReadonlyArray<number>) =>
  attempt(({ files }) => {
    for (const one of asked) files.removeDirectory(markOf(id, one))
  })

export const runType: ResourceType<RunSpec, SeenRun> = {
  kind: "run",
  owns: (id) => [`run:${id}`],
  observe: (id, spec) =>
    Effect.gen(function* () {
      const asked = yield* marks(id)
      if (asked.length > 0) return { askedAt: Math.max(...asked) }
      const now = yield* Clock.currentTimeMillis
      return now - spec.askedAt > stale ? { askedAt: spec.askedAt } : undefined
    }),
  diff: (spec, seen) =>
    seen === undefined
      ? [{ field: "askedAt", want: String(spec.askedAt), have: null, kind: "missing" }]
      : changed("askedAt", String(Math.max(spec.askedAt, seen.askedAt)), String(seen.askedAt)),
  apply: (id, spec, seen) =>
    Effect.gen(function* () {
      if (seen !== undefined && seen.askedAt >= spec.askedAt) return
      const { timers } = yield* Host
      const earlier = yield* marks(id)
      const mark = markOf(id, spec.askedAt)
      if (spec.passOver)
        yield* attempt(({ files }) => files.makeDirectory(mark, { owner: "root", group: "root", mode: 0o700 }))
      else yield* timers.once({ unit: spec.unit, mark }, spec.argv)
      yield* forget(id, earlier)
    }),
  remove: (id, removal) =>
    Effect.gen(function* () {
      if (goes(removal)) yield* forget(id, yield* marks(id))
      return []
    }),
  watch: () => [],
}
