// One program that `plumb up` keeps running, as systemd does on a server: started in a process group of its own (a Ctrl-C in
// the terminal is for us to pass on, in order), output to a log file, started again with backoff when it dies, ended with
// the scope.
//
// Its output goes to the file itself, not through us: when we are killed, it must not break on a closed pipe. Its identity
// is kept in PLUMB_HOME/run, so that the next start finds it.

import { spawn } from "node:child_process"
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs"
import { join } from "node:path"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import { CommandFailure } from "../cli/failure.ts"
import { identify, isAlive, type ProcessIdentity, signal } from "../processes.ts"

export interface Program {
  /** "api", "agent": names the log and what is said about it. */
  readonly name: string
  readonly argv: ReadonlyArray<string>
  readonly env: Readonly<Record<string, string>>
  /** Whether it does its work; given what it has written since its start. Asked again and again until it says so. */
  readonly ready: (output: string) => Effect.Effect<boolean>
  readonly readyWithin: "1 minute" | "20 minutes"
  /** How long it may take to end before it is killed. */
  readonly grace: "5 seconds" | "10 seconds" | "30 seconds"
}

const everyMoment = Schedule.spaced("20 millis")

const Kept = Schema.fromJsonString(Schema.Struct({ pid: Schema.Int, startTime: Schema.NullOr(Schema.String) }))

const files = (home: string, name: string) => ({
  log: join(home, "log", `${name}.log`),
  run: join(home, "run", `${name}.json`),
})

export const logOf = (home: string, name: string): string => files(home, name).log

interface Running extends ProcessIdentity {
  /** Where in the log its own output begins. */
  readonly logStart: number
  readonly ended: () => string | undefined
}

const launch = (home: string, program: Program): Running => {
  const { log, run } = files(home, program.name)
  const output = openSync(log, "a", 0o600)
  const logStart = statSync(log).size
  const [command = "", ...args] = program.argv
  const child = spawn(command, args, { detached: true, env: program.env, stdio: ["ignore", output, output] })
  closeSync(output)
  let ended: string | undefined
  child.once("error", (error) => {
    ended = error.message
  })
  child.once("exit", (code, signalName) => {
    ended = signalName === null ? `it ended with exit code ${code}` : `it was ended by ${signalName}`
  })
  const identity = identify(child.pid ?? 0)
  if (child.pid !== undefined) {
    writeFileSync(run, JSON.stringify(identity), { mode: 0o600 })
    running.set(child.pid, identity)
  }
  return { ...identity, logStart, ended: () => ended }
}

/** Every child of this process, so that a person who presses Ctrl-C twice is rid of all of them at once. */
const running = new Map<number, ProcessIdentity>()

export const killAll = (): void => {
  for (const { pid } of running.values()) signal(-pid, "SIGKILL")
}

const waitGone = (target: ProcessIdentity, limit: "5 seconds" | "10 seconds" | "30 seconds" | "2 seconds") =>
  Effect.suspend(() => (isAlive(target) ? Effect.fail("alive" as const) : Effect.void)).pipe(
    Effect.retry({ schedule: everyMoment }),
    Effect.timeoutOrElse({ duration: limit, orElse: () => Effect.fail("alive" as const) }),
  )

/** Asks the process to end, then makes its whole group end. True when it had to be killed. */
const end = (target: ProcessIdentity, grace: Program["grace"]): Effect.Effect<boolean> =>
  Effect.gen(function* () {
    if (isAlive(target)) signal(target.pid, "SIGTERM")
    const killed = yield* waitGone(target, grace).pipe(
      Effect.as(false),
      Effect.catch(() => Effect.succeed(true)),
    )
    // Whatever it left in its group, and itself if it would not end. The group keeps the pid from being given again.
    signal(-target.pid, "SIGKILL")
    if (killed) yield* Effect.ignore(waitGone(target, "2 seconds"))
    running.delete(target.pid)
    return killed
  })

/** Ends what an earlier `plumb up` left behind when it was killed; gives the names of what there was. */
export const endStale = (home: string) =>
  Effect.gen(function* () {
    mkdirSync(join(home, "run"), { recursive: true, mode: 0o700 })
    mkdirSync(join(home, "log"), { recursive: true, mode: 0o700 })
    const found: Array<string> = []
    // "agent" before "api": nothing that depends on another outlives it.
    for (const file of readdirSync(join(home, "run"))
      .filter((name) => name.endsWith(".json"))
      .sort()) {
      const path = join(home, "run", file)
      const kept = Schema.decodeUnknownOption(Kept)(readFileSync(path, "utf8"))
      if (Option.isSome(kept) && isAlive(kept.value)) {
        yield* end(kept.value, "10 seconds")
        found.push(file.replace(/\.json$/, ""))
      }
      rmSync(path, { force: true })
    }
    return found
  })

const lastWords = (home: string, child: Running, name: string): ReadonlyArray<string> =>
  outputOf(home, child, name).trimEnd().split("\n").slice(-12)

const outputOf = (home: string, child: Running, name: string): string => {
  try {
    return readFileSync(files(home, name).log).subarray(child.logStart).toString("utf8")
  } catch {
    return ""
  }
}

const untilReady = (home: string, program: Program, child: Running) =>
  Effect.gen(function* () {
    for (;;) {
      const why = child.ended()
      if (why !== undefined) {
        return yield* new CommandFailure({
          message: `the ${program.name} could not start: ${why}`,
          details: lastWords(home, child, program.name),
          mend: `its whole log is in ${logOf(home, program.name)}`,
        })
      }
      if (yield* program.ready(outputOf(home, child, program.name))) return
      yield* Effect.sleep("50 millis")
    }
  }).pipe(
    Effect.timeoutOrElse({
      duration: program.readyWithin,
      orElse: () =>
        new CommandFailure({
          message: `the ${program.name} runs (process ${child.pid}), but is not ready after ${program.readyWithin}`,
          details: lastWords(home, child, program.name),
          mend: `see ${logOf(home, program.name)}`,
        }),
    }),
  )

/**
 * Starts the program, waits until it is ready, and keeps it running for as long as the scope lives. Fails when it cannot
 * start the first time; later deaths are said through `say` and made good.
 */
export const supervise = (home: string, program: Program, say: (text: string) => Effect.Effect<void>) =>
  Effect.gen(function* () {
    const { log, run } = files(home, program.name)
    const size = statSync(log, { throwIfNoEntry: false })?.size ?? 0
    if (size > 10_000_000) renameSync(log, `${log}.1`)

    let current: Running | undefined
    yield* Effect.addFinalizer(() =>
      Effect.gen(function* () {
        if (current === undefined || current.startTime === null) return
        const killed = yield* end(current, program.grace)
        if (killed) yield* say(`the ${program.name} did not end within ${program.grace} and was killed`)
        rmSync(run, { force: true })
      }),
    )
    current = launch(home, program)
    yield* untilReady(home, program, current)

    // Registered after the finalizer above, so it is interrupted before the child is ended and does not start it again.
    yield* Effect.forkScoped(
      Effect.gen(function* () {
        let failures = 0
        let since = yield* Clock.currentTimeMillis
        for (;;) {
          yield* Effect.sleep("200 millis")
          const why = current?.ended()
          if (current === undefined || why === undefined) continue
          if ((yield* Clock.currentTimeMillis) - since > 60_000) failures = 0
          const wait = Math.min(30_000, 500 * 2 ** failures)
          failures += 1
          signal(-current.pid, "SIGKILL")
          running.delete(current.pid)
          yield* say(`the ${program.name} died (${why}); starting it again in ${wait / 1000} s; log: ${log}`)
          yield* Effect.sleep(wait)
          current = launch(home, program)
          since = yield* Clock.currentTimeMillis
        }
      }),
    )
    return { pid: () => current?.pid }
  })
