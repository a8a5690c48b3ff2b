// Runs a service's program as a child of nobody: detached, without privileges, known by a small file with its pid and start
// time. So it outlives a killed agent, which finds it again at its next start; an agent that ends in good order ends it.

import { spawn } from "node:child_process"
import * as fs from "node:fs"
import { constants } from "node:os"
import { dirname } from "node:path"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { ResourceFailure } from "../contract/resource.ts"
import { look, said } from "./command.ts"
import { toFailure } from "./failure.ts"
import { listens, startOf } from "./process.ts"
import { sideEffect, sideEffectOf } from "./side-effect.ts"
import { commandLine, environmentOf, expandSpecifiers, last, type UnitFile } from "./unit-file.ts"
import { unprivileged } from "./unprivileged.ts"

/** What is known of a unit that was started: `pid` is null where this machine does not have its program. */
const Started = Schema.fromJsonString(
  Schema.Struct({ unit: Schema.String, pid: Schema.NullOr(Schema.Int), start: Schema.String }),
)
const decode = Schema.decodeUnknownSync(Started)
const encode = Schema.encodeSync(Started)

const environment = { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C" }
/** A service that says when it is ready is waited for until it listens; of others that is only hoped for. */
const readyWithinMs = (unit: UnitFile) => (last(unit, "Service.Type") === "notify" ? 5000 : 500)
const stoppedWithinMs = 5000

export interface UnitRunner {
  /** Undefined when it was never started or was stopped; `alive` false when it ended by itself. */
  readonly find: (name: string) => { readonly pid: number | undefined; readonly alive: boolean } | undefined
  readonly start: (name: string, unit: UnitFile) => Effect.Effect<void, ResourceFailure>
  readonly reload: (name: string, unit: UnitFile, pid: number) => Effect.Effect<void, ResourceFailure>
  readonly stop: (name: string, unit: UnitFile) => Effect.Effect<void, ResourceFailure>
  readonly lastWords: (name: string) => string
  /** Names of all that were started. */
  readonly names: () => ReadonlyArray<string>
}

export const unitRunner = (root: string, isPresent: (program: string) => boolean = fs.existsSync): UnitRunner => {
  const states = `${root}/run/plumbline/units`
  const logs = `${root}/run/plumbline/logs`
  for (const folder of [states, logs]) fs.mkdirSync(folder, { recursive: true, mode: 0o755 })
  const stateFile = (name: string) => `${states}/${name}.json`
  const remember = (name: string, pid: number | null, start: string) =>
    sideEffect(`note start of ${name}`, () => {
      fs.writeFileSync(`${stateFile(name)}.new`, encode({ unit: name, pid, start }))
      fs.renameSync(`${stateFile(name)}.new`, stateFile(name))
    })
  const lastWords = (name: string): string => {
    try {
      return fs.readFileSync(`${logs}/${name}.log`, "utf8").trim().split("\n").slice(-12).join("\n").slice(-2000)
    } catch {
      return ""
    }
  }
  const run = (name: string, unit: UnitFile, key: string, variables: Record<string, string>) =>
    Effect.forEach(
      unit.get(`Service.${key}`) ?? [],
      (text) => {
        const command = commandLine(text, name, variables)
        if (command === undefined) return Effect.void
        return sideEffectOf(command.argv.join(" "), look(unprivileged(command.argv))).pipe(
          Effect.flatMap((outcome) =>
            outcome.code === 0 || command.mayFail ? Effect.void : Effect.fail(failed(name, said(outcome))),
          ),
        )
      },
      { discard: true },
    )

  const find: UnitRunner["find"] = (name) => {
    try {
      const { pid, start } = decode(fs.readFileSync(stateFile(name), "utf8"))
      return pid === null ? { pid: undefined, alive: true } : { pid, alive: startOf(pid) === start }
    } catch {
      return undefined
    }
  }

  const spawnUnit = (name: string, unit: UnitFile, variables: Record<string, string>): number | undefined => {
    const command = commandLine(last(unit, "Service.ExecStart") ?? "", name, variables)
    if (command === undefined || !isPresent(command.argv[0])) return undefined
    makeRuntimeFolders(root, name, unit)
    const [program, ...rest] = unprivileged(command.argv)
    const log = fs.openSync(`${logs}/${name}.log`, "w", 0o640)
    try {
      const child = spawn(program, rest, {
        detached: true,
        cwd: "/",
        env: { ...environment, ...variables },
        stdio: ["ignore", log, log],
      })
      // The next look at its pid says that it is gone; without a listener the agent would end with it.
      child.on("error", () => undefined)
      child.unref()
      return child.pid
    } finally {
      fs.closeSync(log)
    }
  }

  return {
    find,
    lastWords,
    names: () =>
      fs
        .readdirSync(states)
        .filter((file) => file.endsWith(".json"))
        .map((file) => file.slice(0, -".json".length)),
    start: Effect.fnUntraced(function* (name, unit) {
      const variables = { ...environmentOf(unit, name) }
      yield* run(name, unit, "ExecStartPre", variables)
      const pid = yield* Effect.try({
        try: () => sideEffect(`start ${name}`, () => spawnUnit(name, unit, variables)),
        catch: toFailure,
      })
      if (pid === undefined) {
        remember(name, null, "")
        return
      }
      remember(name, pid, startOf(pid) ?? "")
      const deadline = (yield* Clock.currentTimeMillis) + readyWithinMs(unit)
      while (!listens(pid) && (yield* Clock.currentTimeMillis) < deadline) {
        if (startOf(pid) === undefined) return yield* failed(name, lastWords(name))
        yield* Effect.sleep("10 millis")
      }
    }),
    reload: (name, unit, pid) =>
      unit.get("Service.ExecReload")?.length
        ? run(name, unit, "ExecReload", { ...environmentOf(unit, name), MAINPID: String(pid) })
        : Effect.fail(failed(name, "the unit has no ExecReload")),
    stop: Effect.fnUntraced(function* (name, unit) {
      const found = find(name)
      if (found?.pid !== undefined && found.alive) {
        const { pid } = found
        sideEffect(`stop ${name}`, () => signal(pid, last(unit, "Service.KillSignal") ?? "SIGTERM"))
        const deadline = (yield* Clock.currentTimeMillis) + stoppedWithinMs
        while (startOf(pid) !== undefined && (yield* Clock.currentTimeMillis) < deadline) {
          yield* Effect.sleep("10 millis")
        }
        // What is left of its process group, as systemd ends a unit's cgroup.
        signal(-pid, "SIGKILL")
      }
      if (found) sideEffect(`forget ${name}`, () => fs.rmSync(stateFile(name), { force: true }))
    }),
  }
}

const failed = (name: string, words: string) =>
  new ResourceFailure({
    reason: "UnitFailed",
    message: `${name}: ${words === "" ? "it ended without a word" : words}`,
    verdict: { kind: "retry" },
  })

/** RuntimeDirectory= below the root's /run, as RuntimeDirectoryMode= says. */
const makeRuntimeFolders = (root: string, name: string, unit: UnitFile): void => {
  const mode = Number.parseInt(last(unit, "Service.RuntimeDirectoryMode") ?? "0755", 8)
  for (const text of (unit.get("Service.RuntimeDirectory") ?? []).flatMap((value) => value.split(/\s+/))) {
    const path = `${root}/run/${expandSpecifiers(text, name)}`
    if (path.split("/").includes("..")) continue
    fs.mkdirSync(dirname(path), { recursive: true, mode: 0o755 })
    fs.mkdirSync(path, { recursive: true })
    fs.chmodSync(path, mode)
  }
}

const signal = (pid: number, name: string): void => {
  const number = Object.entries(constants.signals).find(([known]) => known === name)?.[1] ?? constants.signals.SIGTERM
  try {
    process.kill(pid, number)
  } catch {
    // It is gone already.
  }
}
