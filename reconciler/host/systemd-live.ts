// systemd of this machine, by systemctl. Nothing here reloads the manager but `daemonReload`: with thousands of units that
// takes seconds, in which it answers nobody.

import * as fs from "node:fs"
import * as Effect from "effect/Effect"
import { ResourceFailure } from "../contract/resource.ts"
import { change, look } from "./command.ts"
import { toFailure } from "./failure.ts"
import type { Files } from "./files.ts"
import {
  assignments,
  configuredLimits,
  diskValues,
  dropInFolder,
  removeDropIns,
  runtimeDropInFolder,
} from "./slice-limits.ts"
import { sliceUsage } from "./slice-usage.ts"
import { type Systemd, type UnitState, wantedBy } from "./systemd.ts"
import type { Show } from "./systemd-show.ts"

/** Starting a service may take its TimeoutStartSec, 90 s when it sets none. */
const systemctl = (...argv: ReadonlyArray<string>) => change(["systemctl", "--no-ask-password", ...argv])

export const liveSystemd = (files: Files, show: Show): Systemd => {
  const state = (unit: string): Effect.Effect<UnitState, ResourceFailure> =>
    Effect.gen(function* () {
      const found = yield* show(unit)
      return {
        load: found.get("LoadState") ?? "not-found",
        active: found.get("ActiveState") ?? "inactive",
        // Not UnitFileState: what the manager says of a loaded unit is as old as its last daemon-reload.
        enabled: yield* Effect.try({ try: () => files.stat(wantedBy(unit)) !== undefined, catch: toFailure }),
        pid: Number(found.get("MainPID") ?? 0) || undefined,
      }
    })
  /** A failed unit refuses to start once it tried too often; that is forgotten, the reason for its failure is not. */
  const activate = (verb: "start" | "restart" | "reload-or-restart") => (unit: string) =>
    state(unit).pipe(
      Effect.flatMap((now) => {
        if (now.active === "active" && verb === "start") return Effect.void
        // "activating" may be one more try of a unit that keeps failing.
        const fresh = now.active === "active" || now.active === "inactive"
        const forget = fresh ? Effect.void : Effect.ignore(systemctl("reset-failed", "--", unit))
        return Effect.andThen(forget, systemctl(verb, "--", unit))
      }),
      Effect.catch((failure) =>
        Effect.flatMap(wordsOn(show, unit, failure), (words) => Effect.fail(unitFailed(unit, words))),
      ),
    )
  let listed: ReadonlyMap<string, string> = new Map()
  return {
    state,
    list: look(["systemctl", "list-units", "--all", "--plain", "--full", "--no-legend", "--no-pager"]).pipe(
      Effect.map(({ stdout }) => {
        listed = parseUnitList(stdout)
        return listed
      }),
    ),
    listed: () => listed,
    enable: (unit) => systemctl("enable", "--no-reload", "--", unit),
    disable: (unit) => systemctl("disable", "--no-reload", "--", unit),
    // The manager goes on believing in the mask until it has looked again.
    unmask: (unit) => systemctl("unmask", "--", unit),
    start: activate("start"),
    restart: activate("restart"),
    reload: activate("reload-or-restart"),
    stop: (unit) =>
      state(unit).pipe(
        Effect.flatMap((now) => (now.active === "inactive" ? Effect.void : systemctl("stop", "--", unit))),
        Effect.tap(() => Effect.ignore(systemctl("reset-failed", "--", unit))),
      ),
    lastWords: (unit) => lastWords(show, unit),
    daemonReload: systemctl("daemon-reload"),
    sliceLimits: (slice) =>
      Effect.gen(function* () {
        const configured = yield* Effect.try({ try: () => configuredLimits(files, slice), catch: toFailure })
        const found = yield* show(slice)
        return {
          configured,
          running: {
            memoryMax: limit(found.get("MemoryMax")),
            cpuQuota: percent(found.get("CPUQuotaPerSecUSec")),
            tasksMax: limit(found.get("TasksMax")),
            ...diskValues((name) => found.get(name)),
          },
        }
      }),
    setSliceLimits: (slice, limits, before) =>
      // First what somebody set until the next boot: it would stay behind, and nothing would tell.
      Effect.andThen(
        Effect.try({ try: () => removeDropIns(files, runtimeDropInFolder(slice)), catch: toFailure }),
        systemctl("set-property", "--", slice, ...assignments(limits, before)),
      ),
    occupied: (slice) => {
      const path = controlGroups.map((root) => `${root}/plumb.slice/${slice}/cgroup.events`).find(fs.existsSync)
      return path !== undefined && /^populated 1$/m.test(fs.readFileSync(path, "utf8"))
    },
    sliceUsage: sliceUsage(controlGroups, () => performance.now()),
    removeSlice: (slice) =>
      Effect.gen(function* () {
        yield* systemctl("stop", "--", slice)
        yield* Effect.try({
          try: () => {
            for (const folder of [dropInFolder(slice), runtimeDropInFolder(slice)]) removeDropIns(files, folder)
          },
          catch: toFailure,
        })
      }),
  }
}

/** Where systemd keeps its hierarchy: cgroups(7), the second version, and that beside the first. */
const controlGroups = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"]

/** What the unit said in its present or last run, from the journal; nothing when there is no journal. */
const lastWords = (show: Show, unit: string) =>
  show(unit).pipe(
    Effect.flatMap((found) => {
      const id = found.get("InvocationID") ?? ""
      // The first are the unit's own lines, the second what the manager says of it.
      const of = [`_SYSTEMD_INVOCATION_ID=${id}`, "+", `INVOCATION_ID=${id}`]
      if (id === "") return Effect.succeed("")
      return look(["journalctl", "--no-pager", "--quiet", "--output=cat", "--lines=12", ...of], 10).pipe(
        Effect.map(({ stdout }) => stdout.trim().slice(-2000)),
      )
    }),
    Effect.orElseSucceed(() => ""),
  )

/** systemctl's own answer, and after a job that failed also what the unit said while it ran. */
const wordsOn = (show: Show, unit: string, failure: ResourceFailure): Effect.Effect<string> => {
  const answer = failure.message
    .replace(/^systemctl [^\n]*?: (?=Job |Failed |Unit )/, "")
    .replace(/\nSee "systemctl status[\s\S]*$/, "")
  if (!answer.startsWith("Job for")) return Effect.succeed(answer)
  return Effect.map(lastWords(show, unit), (words) => (words === "" ? answer : `${answer}\n${words}`))
}

const unitFailed = (unit: string, words: string) =>
  new ResourceFailure({
    reason: "UnitFailed",
    message: words,
    mend: `See 'systemctl status ${unit}' on the host.`,
    verdict: { kind: "retry" },
  })

/** "UNIT LOAD ACTIVE SUB DESCRIPTION", as list-units --plain prints it. */
export const parseUnitList = (text: string): ReadonlyMap<string, string> =>
  new Map(
    text.split("\n").flatMap((line) => {
      const [unit, load, active, sub] = line.trim().split(/\s+/)
      return unit ? [[unit, `${load}/${active}/${sub}`] as const] : []
    }),
  )

const limit = (text: string | undefined): number | undefined =>
  text === undefined || text === "" || text === "infinity" || text === "18446744073709551615" ? undefined : Number(text)

/** systemd prints a time span per second: "500ms" is half a core, "1.500000s" or "1.5s" one and a half. */
const percent = (text: string | undefined): number | undefined => {
  const units: Record<string, number> = { us: 1, ms: 1e3, s: 1e6, min: 6e7 }
  let microseconds = 0
  let found = false
  for (const [, number, unit] of (text ?? "").matchAll(/([\d.]+)(us|ms|min|s)/g)) {
    microseconds += Number(number) * (units[unit ?? ""] ?? 0)
    found = true
  }
  return found ? Math.round(microseconds / 1e4) : undefined
}
