// systemd of a directory host: the files that systemctl would leave (links in *.wants, drop-ins in system.control), and a
// runner for services whose program this machine has.

import * as Effect from "effect/Effect"
import { ResourceFailure } from "../contract/resource.ts"
import { toFailure } from "./failure.ts"
import type { Files } from "./files.ts"
import type { HostPath } from "./path.ts"
import {
  configuredLimits,
  dropInFolder,
  dropIns,
  limitNames,
  removeDropIns,
  runtimeDropInFolder,
} from "./slice-limits.ts"
import type { Systemd, UnitState } from "./systemd.ts"
import { fileOf, parseUnitFile, type UnitFile } from "./unit-file.ts"
import type { UnitRunner } from "./unit-runner.ts"

const unitFolder: HostPath = "/etc/systemd/system"
const rootOwned = { owner: "root", group: "root", mode: 0o755 }

export interface DirectorySystemd extends Systemd {
  /** Starts what is enabled and does not run, as a boot does; one that fails does not stop the others. */
  readonly boot: Effect.Effect<void>
  /** Ends every program that was started. */
  readonly shutdown: Effect.Effect<void>
}

export const directorySystemd = (files: Files, runner: UnitRunner): DirectorySystemd => {
  const act = <A>(change: () => A) => Effect.try({ try: change, catch: toFailure })
  const pathOf = (name: string): HostPath => `${unitFolder}/${fileOf(name)}`
  const isMasked = (name: string) =>
    [pathOf(name), `${unitFolder}/${name}` as const].some(
      (path) => files.stat(path)?.type === "symlink" && files.readLink(path) === "/dev/null",
    )
  const load = (name: string): UnitFile => {
    if (isMasked(name)) throw notLoaded(name, "masked")
    if (files.stat(pathOf(name))?.type !== "file") throw notLoaded(name, "not found")
    return parseUnitFile(files.read(pathOf(name)).toString("utf8"))
  }
  const wants = () =>
    files
      .list(unitFolder)
      .filter((folder) => folder.endsWith(".wants"))
      .flatMap((folder) => files.list(`${unitFolder}/${folder}`).map((name) => ({ folder, name })))
  const runtimeOf = (name: string): Omit<UnitState, "enabled"> => {
    const found = runner.find(name)
    return {
      load: isMasked(name) ? "masked" : files.stat(pathOf(name)) ? "loaded" : "not-found",
      active: found === undefined ? "inactive" : found.alive ? "active" : "failed",
      pid: found?.alive ? found.pid : undefined,
    }
  }
  const stateOf = (name: string): UnitState => {
    const runtime = runtimeOf(name)
    return { ...runtime, enabled: runtime.load !== "masked" && wants().some((want) => want.name === name) }
  }
  const stop = (name: string) =>
    act(() => (files.stat(pathOf(name)) && !isMasked(name) ? load(name) : new Map())).pipe(
      Effect.flatMap((unit) => runner.stop(name, unit)),
    )
  const start = (name: string) =>
    act(() => load(name)).pipe(
      Effect.flatMap((unit) =>
        runner.find(name)?.alive ? Effect.void : Effect.andThen(runner.stop(name, unit), runner.start(name, unit)),
      ),
    )
  return {
    state: (name) => act(() => stateOf(name)),
    list: act(
      () =>
        new Map(
          runner.names().map((name) => {
            const { load, active, pid } = runtimeOf(name)
            return [name, `${load}/${active}/${pid === undefined ? "exited" : "running"}`]
          }),
        ),
    ),
    enable: (name) =>
      act(() => {
        const targets = load(name).get("Install.WantedBy") ?? []
        if (targets.length === 0) throw notInstallable(name)
        for (const target of targets.flatMap((text) => text.split(/\s+/))) {
          files.makeDirectory(`${unitFolder}/${target}.wants`, rootOwned)
          files.link(`${unitFolder}/${target}.wants/${name}`, pathOf(name))
        }
      }),
    disable: (name) =>
      act(() => {
        for (const want of wants().filter((want) => want.name === name)) {
          files.remove(`${unitFolder}/${want.folder}/${name}`)
        }
      }),
    unmask: (name) =>
      act(() => {
        const path: HostPath = `${unitFolder}/${name}`
        if (files.stat(path)?.type === "symlink") files.remove(path)
      }),
    start,
    restart: (name) => Effect.andThen(stop(name), start(name)),
    reload: (name) =>
      Effect.gen(function* () {
        const unit = yield* act(() => load(name))
        const found = runner.find(name)
        if (!found?.alive) return yield* start(name)
        if (found.pid !== undefined) yield* runner.reload(name, unit, found.pid)
      }),
    stop,
    lastWords: (name) => Effect.sync(() => runner.lastWords(name)),
    daemonReload: Effect.void,
    sliceLimits: (slice) =>
      act(() => {
        const configured = configuredLimits(files, slice)
        return { configured, running: configured }
      }),
    setSliceLimits: (slice, limits) =>
      act(() => {
        const before = configuredLimits(files, slice)
        removeDropIns(files, runtimeDropInFolder(slice))
        files.makeDirectory("/etc/systemd/system.control", rootOwned)
        files.makeDirectory(dropInFolder(slice), rootOwned)
        for (const [name, content] of dropIns(limits, before)) {
          files.write(`${dropInFolder(slice)}/${name}`, content, { ...rootOwned, mode: 0o644 })
        }
      }),
    occupied: () => false,
    listed: () => new Map(),
    sliceUsage: () => ({}),
    removeSlice: (slice) =>
      act(() => {
        for (const name of limitNames) files.remove(`${dropInFolder(slice)}/50-${name}.conf`)
        files.removeDirectory(dropInFolder(slice))
      }),
    boot: Effect.suspend(() =>
      Effect.forEach(new Set(wants().map((want) => want.name)), (name) => Effect.ignore(start(name)), {
        concurrency: 4,
        discard: true,
      }),
    ),
    shutdown: Effect.suspend(() =>
      Effect.forEach(
        runner.names().filter((name) => runner.find(name)?.pid !== undefined),
        (name) => Effect.ignore(stop(name)),
        { concurrency: "unbounded", discard: true },
      ),
    ),
  }
}

const notLoaded = (name: string, why: string) =>
  new ResourceFailure({
    reason: "UnitNotFound",
    message: `${name}: its unit file is ${why}`,
    mend: `Unmask ${name}, or wait for the record that writes its file.`,
    verdict: { kind: "retry" },
  })

const notInstallable = (name: string) =>
  new ResourceFailure({
    reason: "UnitNotInstallable",
    message: `${name} cannot be enabled: its file has no WantedBy= in [Install]`,
    verdict: { kind: "stall" },
  })
