// What ran by a record's will, from the spool on the host to the store. Whoever runs something leaves a folder there, named
// by the run's id, complete in the moment of its rename; it is taken away once the store has it. So the spool is the
// outbox, and a crash anywhere writes a row twice at worst, which the store knows by its id.
//
// The one thing to know before changing it: the contents of `output` are a tenant's, all else is root's own.

import * as fs from "node:fs"
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import * as Schema from "effect/Schema"
import type { ResourceFailure } from "./contract/resource.ts"
import { attempt, type Host } from "./host/host.ts"
import type { HostPath } from "./host/path.ts"
import { startOf } from "./host/process.ts"
import { runsFolder } from "./host/state-folders.ts"
import type { RecordKey } from "./keys.ts"
import type { Notices } from "./notices/notices.ts"
import type { DesiredStateShape } from "./store.ts"

export const outcomes = [
  "succeeded",
  "failed",
  "timed-out",
  "killed",
  "out-of-memory",
  "skipped",
  "interrupted",
] as const
export type Outcome = (typeof outcomes)[number]

export interface RunRow {
  readonly id: string
  readonly record: RecordKey
  readonly recordId: string
  /** Null: its time had come. */
  readonly requestedAtMillis: number | null
  readonly startedAtMillis: number
  readonly endedAtMillis: number | null
  readonly outcome: Outcome
  readonly exitStatus: number | null
  readonly output: string
  readonly outputDropped: number
  /** What it found out, in words of its own kind. */
  readonly details?: unknown
  /** What it tells of a record that has more to tell than single runs. */
  readonly report?: Report
}

export interface Report {
  readonly record: RecordKey
  readonly recordId: string
  readonly report: unknown
}

const kept = 65_536
/** Lists of hundreds of backups. */
const told = 1024 * 1024
const partial = ".part"
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** The runs that have ended, and the folder that each is in. */
export const ended: Effect.Effect<
  ReadonlyArray<readonly [folder: HostPath, run: RunRow]>,
  ResourceFailure,
  Host
> = attempt(({ files }) =>
  files.list(runsFolder).flatMap((name) => {
    const folder: HostPath = `${runsFolder}/${name}`
    const text = (file: string, limit = 4096): string => {
      const path: HostPath = `${folder}/${file}`
      return files.stat(path)?.type === "file" ? decode(files.read(path, limit)) : ""
    }
    const [record = "", recordId = "", asked = "", started = "", boot = "", pid = "", since = ""] =
      text("begun").split("\n")
    const whole = !name.endsWith(partial)
    const id = whole ? name : name.slice(0, -partial.length)
    if (!uuid.test(id) || !/^[A-Za-z]+\/[^/]+$/.test(record) || !uuid.test(recordId) || !/^\d+$/.test(started))
      return []
    if (!whole && isRunning(boot, Number(pid), since)) return []
    const result = whole ? resultOf(text("result")) : { outcome: "interrupted" as const, exitStatus: null }
    return [
      [
        folder,
        {
          id,
          record: record as RecordKey,
          recordId,
          requestedAtMillis: asked === "" ? null : Number(asked),
          startedAtMillis: Number(started),
          endedAtMillis: Number(text("ended")) || null,
          ...result,
          output: text("output", kept),
          outputDropped: Number(text("dropped")) || 0,
          ...detailsOf(text("details", told)),
          ...reportOf(text("report", told)),
        },
      ],
    ]
  }),
)

/** Gives the store what has ended, and takes away what the store has. */
export const hand = (
  store: Pick<DesiredStateShape, "writeRuns">,
  notices?: Pick<Notices, "make">,
): Effect.Effect<void, never, Host> =>
  Effect.gen(function* () {
    const found = yield* ended
    if (found.length === 0) return
    if (notices !== undefined) yield* note(found, notices)
    yield* store.writeRuns(found.map(([, run]) => run)).pipe(
      // Refused for good, and the next round would be no other: it must not be in the way of those that come after it.
      Effect.catch((failure) =>
        failure.away ? Effect.fail(failure) : Effect.logError(`Runs could not be written: ${failure.message}`),
      ),
    )
    yield* attempt(({ files }) => {
      for (const [folder] of found) {
        for (const name of files.list(folder)) files.remove(`${folder}/${name}`)
        files.removeDirectory(folder)
      }
    })
  }).pipe(Effect.catch((failure) => Effect.logDebug(`Runs stay in the spool: ${failure.message}`)))

/** Whom to tell is noted once, however often the run is looked at before the store has it. */
const note = Effect.fnUntraced(function* (
  found: ReadonlyArray<readonly [folder: HostPath, run: RunRow]>,
  notices: Pick<Notices, "make">,
) {
  const marks = yield* attempt(({ files }) =>
    found
      .filter(([folder]) => files.stat(`${folder}/noted`) === undefined)
      .map(([folder, run]) => [folder, run] as const),
  )
  for (const [folder, run] of marks) {
    // Whoever suspended an account has ended its runs, and knows.
    if (run.outcome !== "interrupted" || folder.endsWith(partial)) yield* notices.make([run])
    yield* attempt(({ files }) => files.write(`${folder}/noted`, "", { owner: "root", group: "root", mode: 0o600 }))
  }
})

/** Never ends. Looks when something happened in the spool, and now and then for what nobody heard. */
export const bring = Effect.fnUntraced(function* (
  store: Pick<DesiredStateShape, "writeRuns">,
  seconds: number,
  notices?: Pick<Notices, "make">,
) {
  const heard = Latch.makeUnsafe(true)
  yield* Effect.acquireRelease(
    attempt(({ files }) => fs.watch(files.real(runsFolder), () => heard.openUnsafe()).on("error", () => undefined)),
    (watcher) => Effect.sync(() => watcher.close()),
  ).pipe(Effect.catch((failure) => Effect.logDebug(`The spool of runs is not watched: ${failure.message}`)))
  return yield* Effect.forever(
    Effect.gen(function* () {
      yield* Effect.timeoutOption(heard.await, seconds * 1000)
      heard.closeUnsafe()
      yield* hand(store, notices)
      // A run begins and ends with several events.
      yield* Effect.sleep("100 millis")
    }),
  )
})

const parsed = (text: string): unknown => {
  try {
    return text === "" ? undefined : JSON.parse(text.replaceAll("\\u0000", "\ufffd"))
  } catch {
    return undefined
  }
}

const detailsOf = (text: string): Pick<RunRow, "details"> => {
  const details = parsed(text)
  return details === undefined || details === null ? {} : { details }
}

const isReport = Schema.is(
  Schema.Struct({
    record: Schema.String.check(Schema.isPattern(/^[A-Za-z]+\/[^/]+$/)),
    recordId: Schema.String.check(Schema.isPattern(uuid)),
    report: Schema.Unknown,
  }),
)

const reportOf = (text: string): Pick<RunRow, "report"> => {
  const report = parsed(text)
  return isReport(report) ? { report: { ...report, record: report.record as RecordKey } } : {}
}

/** A process of that number that began at another time is another one. */
const isRunning = (boot: string, pid: number, since: string): boolean => {
  const started = startOf(pid)
  const same = started !== undefined && (since === "" || since === started)
  return same && boot === fs.readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()
}

/** As `systemctl show` tells the end of a unit, or the runner that there was none. systemd.exec(5), SERVICE_RESULT. */
const resultOf = (text: string): Pick<RunRow, "outcome" | "exitStatus"> => {
  const of = (name: string) => new RegExp(`^${name}=(.*)$`, "m").exec(text)?.[1] ?? ""
  // CLD_EXITED of waitid(2): the status is the process's own and no signal.
  const exitStatus = of("ExecMainCode") === "1" ? Number(of("ExecMainStatus")) : null
  switch (of("Result")) {
    case "success":
      return { outcome: "succeeded", exitStatus: 0 }
    case "skipped":
    case "interrupted":
      return { outcome: of("Result") === "skipped" ? "skipped" : "interrupted", exitStatus: null }
    case "timeout":
      return { outcome: "timed-out", exitStatus: null }
    case "oom-kill":
      return { outcome: "out-of-memory", exitStatus: null }
    case "signal":
    case "core-dump":
      return { outcome: "killed", exitStatus: null }
    default:
      return { outcome: "failed", exitStatus }
  }
}

/** As text that a database can hold: what is no UTF-8 is replaced, and NUL too. */
const decode = (bytes: Buffer): string => bytes.toString("utf8").replaceAll("\0", "\ufffd")
