// Something that is done once, to its end, for the moment at which somebody asked for it: a backup, a restore. Unlike a `run`
// it is in sync when it has ended well, and the record says how far it is, or what went wrong.
//
// The one thing to know before changing it: it is begun by a folder that is made before the command (`Timers.once`), and ended
// by a file that the command leaves. A folder without a file whose unit is not there any more was interrupted: then the same
// command is started again, which finds out from its run's id that it was begun, cleans up, and says so in the file.

import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { type Resource, ResourceFailure, type ResourceType } from "../contract/resource.ts"
import { attempt, Host } from "../host/host.ts"
import type { HostPath } from "../host/path.ts"
import { askedFolder, doneFolder } from "../host/state-folders.ts"
import { type Place, place } from "./place.ts"
import { goes } from "./removal.ts"
import type { RunSpec } from "./run.ts"

export type TaskSpec = RunSpec

/** By the record that it is of: `Restore.acme-shop`. */
export const task = (of: `${string}.${string}`, spec: TaskSpec, where: Place): Resource<TaskSpec> =>
  place("task", of, spec, where)

const Done = Schema.Struct({
  askedAt: Schema.Int,
  outcome: Schema.Literals(["succeeded", "failed", "interrupted"]),
  message: Schema.String,
  mend: Schema.optionalKey(Schema.String),
})
export type Done = typeof Done.Type
const done = Schema.fromJsonString(Done)
const decode = Schema.decodeUnknownOption(done)

/** What a command leaves at its end. */
export const doneFile = (id: string): HostPath => `${doneFolder}/${id}.json`
export const doneText = Schema.encodeSync(done)

export interface SeenTask {
  readonly state: "running" | "interrupted" | "ended"
}

/** As with runs: a host that knows nothing of it takes what is older than this for done on the host before it. */
const stale = 10 * 60_000

const markOf = (id: string, askedAt: number): HostPath => `${askedFolder}/${id}.${askedAt}`

const marks = (id: string) =>
  attempt(({ files }) =>
    files.list(askedFolder).flatMap((name) => {
      const asked = name.startsWith(`${id}.`) ? name.slice(id.length + 1) : ""
      return /^\d+$/.test(asked) ? [Number(asked)] : []
    }),
  )

const lastDone = (id: string) =>
  attempt(({ files }) => {
    if (files.stat(doneFile(id))?.type !== "file") return undefined
    const read = decode(files.read(doneFile(id), 65_536).toString("utf8"))
    return read._tag === "Some" ? read.value : undefined
  })

export const taskType: ResourceType<TaskSpec, SeenTask> = {
  kind: "task",
  owns: (id) => [`task:${id}`],
  observe: (id, spec) =>
    Effect.gen(function* () {
      const { kind, systemd } = yield* Host
      const asked = yield* marks(id)
      if (asked.length === 0) {
        const now = yield* Clock.currentTimeMillis
        return now - spec.askedAt > stale ? { state: "ended" as const } : undefined
      }
      if (Math.max(...asked) < spec.askedAt) return undefined
      // Nothing is run on a folder.
      if (kind === "directory") return { state: "ended" as const }
      const { active } = yield* systemd.state(spec.unit)
      // Read after the unit: it leaves the file before it goes.
      const ended = yield* lastDone(id)
      if (ended !== undefined && ended.askedAt >= spec.askedAt) {
        if (ended.outcome === "succeeded") return { state: "ended" as const }
        return yield* new ResourceFailure({
          reason: ended.outcome === "failed" ? "TaskFailed" : "Interrupted",
          message: ended.message,
          mend: ended.mend ?? `Ask for it again: \`plumb run ${id.replace(".", " ").toLowerCase()}\`.`,
          verdict: { kind: "stall" },
        })
      }
      return {
        state: ["active", "activating", "reloading", "deactivating"].includes(active) ? "running" : "interrupted",
      }
    }),
  diff: (spec, seen) =>
    seen === undefined
      ? spec.passOver
        ? []
        : [{ field: "state", want: "ended", have: null, kind: "missing" }]
      : seen.state === "ended"
        ? []
        : [{ field: "state", want: "ended", have: seen.state, kind: "runtime" }],
  apply: (id, spec, seen) =>
    Effect.gen(function* () {
      if (seen?.state === "ended") return
      const { kind, timers } = yield* Host
      if (seen === undefined) {
        const earlier = yield* marks(id)
        yield* timers.once({ unit: spec.unit, mark: markOf(id, spec.askedAt) }, spec.argv)
        yield* attempt(({ files }) => {
          for (const one of earlier) if (one < spec.askedAt) files.removeDirectory(markOf(id, one))
        })
      } else if (seen.state === "interrupted") {
        yield* timers.again(spec.unit, spec.argv)
      }
      if (kind === "live")
        return yield* new ResourceFailure({
          reason: "Running",
          message: "It is being done.",
          verdict: { kind: "wait", key: `task-end:${id}` },
        })
    }),
  remove: (id, removal) =>
    Effect.gen(function* () {
      if (!goes(removal)) return []
      const asked = yield* marks(id)
      yield* attempt(({ files }) => {
        for (const one of asked) files.removeDirectory(markOf(id, one))
        files.remove(doneFile(id))
      })
      return []
    }),
  watch: (id) => [doneFile(id)],
  // Whoever did not hear of an end sees it here.
  survey: attempt(({ files }) => {
    const print = new Map(files.list(doneFolder).map((name) => [name, files.stat(`${doneFolder}/${name}`)]))
    return (id: string) => JSON.stringify(print.get(`${id}.json`) ?? null)
  }),
}
