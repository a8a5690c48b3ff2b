// What visitors send and are sent, counted from the log that the web server keeps for that alone: a line a request, of
// numbers and a record's name, nothing that a visitor has chosen. Each line counts once, whatever crashes, and whatever the
// log is called by now: how far a log was read is stored in one statement with the sums of what was read.
//
// The one thing to know before changing it: a log is known by its first line, not by name or inode. A line has the moment in
// milliseconds, so no two logs begin alike; an inode is given again as soon as a log is gone.

import { createHash } from "node:crypto"
import * as fs from "node:fs"
import * as Effect from "effect/Effect"
import type { ResourceFailure } from "./contract/resource.ts"
import { attempt, type Host } from "./host/host.ts"
import type { HostPath } from "./host/path.ts"
import type { RecordKey } from "./keys.ts"
import { trafficFolder } from "./resources/traffic-place.ts"
import type { DesiredStateShape, StoreFailure } from "./store.ts"

export interface TrafficRow {
  readonly record: RecordKey
  /** "2031-04-05", in UTC. */
  readonly day: string
  readonly requests: number
  readonly bytesIn: number
  readonly bytesOut: number
}

/** A step forward in one log, and what was in it. */
export interface TrafficStep {
  readonly log: string
  readonly from: number
  readonly to: number
  readonly rows: ReadonlyArray<TrafficRow>
}

type Store = Pick<DesiredStateShape, "trafficLogs" | "writeTraffic">

/** Read and stored at a time. */
const chunk = 4 * 1024 * 1024
/** Longer than any first line: a name of 63 characters and four numbers. */
const longestLine = 512

/** Counts what was written since the last time. */
export const count = (store: Store, most = chunk): Effect.Effect<void, never, Host> =>
  Effect.gen(function* () {
    const logs = yield* present
    if (logs.length === 0) return
    const known = new Map(yield* store.trafficLogs)
    const seen = new Set<string>()
    for (const path of logs) yield* readOn(store, path, known, seen, most)
  }).pipe(Effect.catch((failure) => Effect.logDebug(`Traffic is counted later: ${failure.message}`)))

const present = attempt(({ files }) =>
  files
    .list(trafficFolder)
    .filter((name) => /^traffic\.log(\.\d+)?$/.test(name))
    .map((name): HostPath => `${trafficFolder}/${name}`),
)

const readOn = (
  store: Store,
  path: HostPath,
  known: Map<string, number>,
  seen: Set<string>,
  most: number,
): Effect.Effect<void, ResourceFailure | StoreFailure, Host> =>
  Effect.acquireUseRelease(
    attempt(({ files }) => open(files.real(path))),
    (fd) =>
      Effect.gen(function* () {
        const log = fd === undefined ? undefined : yield* attempt(() => nameOf(fd))
        // Renamed while they were listed, one log may be met under two names.
        if (fd === undefined || log === undefined || seen.has(log)) return
        seen.add(log)
        while (true) {
          const from = known.get(log) ?? 0
          const text = yield* attempt(() => wholeLines(fd, from, most))
          if (text.length === 0) return
          // A power cut must not take away what was counted: another line would stand in its place.
          yield* attempt(() => fs.fsyncSync(fd))
          const to = from + text.length
          yield* store.writeTraffic({ log, from, to, rows: sum(text.toString("latin1")) })
          known.set(log, to)
        }
      }),
    (fd) => Effect.sync(() => (fd === undefined ? undefined : fs.closeSync(fd))),
  )

const open = (path: string): number | undefined => {
  try {
    return fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined
    throw cause
  }
}

const readAt = (fd: number, position: number, length: number): Buffer => {
  const buffer = Buffer.alloc(length)
  return buffer.subarray(0, fs.readSync(fd, buffer, 0, length, position))
}

const nameOf = (fd: number): string | undefined => {
  const start = readAt(fd, 0, longestLine)
  const end = start.indexOf(10)
  return end < 0 ? undefined : createHash("sha256").update(start.subarray(0, end)).digest("hex").slice(0, 32)
}

/** The server writes a line at once; one that it could not end (the disk was full) waits for its end. */
const wholeLines = (fd: number, from: number, most: number): Buffer => {
  const text = readAt(fd, from, Math.min(most, Math.max(0, fs.fstatSync(fd).size - from)))
  return text.subarray(0, text.lastIndexOf(10) + 1)
}

const line = /^(\d{1,11})\.\d{3} ([A-Z][A-Za-z]*\/[a-z0-9-]{1,63}) (\d{1,15}) (\d{1,15})$/

export const sum = (text: string): ReadonlyArray<TrafficRow> => {
  const sums = new Map<string, TrafficRow>()
  for (const one of text.split("\n")) {
    const [, seconds, record, bytesIn, bytesOut] = line.exec(one) ?? []
    if (seconds === undefined || record === undefined) continue
    const day = new Date(Number(seconds) * 1000).toISOString().slice(0, 10)
    const before = sums.get(`${record} ${day}`)
    sums.set(`${record} ${day}`, {
      record: record as RecordKey,
      day,
      requests: (before?.requests ?? 0) + 1,
      bytesIn: (before?.bytesIn ?? 0) + Number(bytesIn),
      bytesOut: (before?.bytesOut ?? 0) + Number(bytesOut),
    })
  }
  return [...sums.values()]
}
