// Runs a program of the host: an argument vector, never a shell line, with an environment of its own so that neither the
// locale nor a variable of the agent's changes what it says.

import * as Effect from "effect/Effect"
import { execa } from "execa"
import { ResourceFailure } from "../contract/resource.ts"
import { sideEffectOf } from "./side-effect.ts"

export interface Outcome {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

const environment = { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C", TERM: "dumb" }

/** Runs it and gives what it said, whatever its exit code. For commands that only look. */
export const look = (
  argv: readonly [string, ...Array<string>],
  seconds = 60,
  umask?: number,
  input?: string,
): Effect.Effect<Outcome, ResourceFailure> =>
  Effect.tryPromise({
    try: (signal) => ended(argv, seconds, signal, umask, input),
    catch: (cause) => notRun(argv[0], String(cause)),
  }).pipe(
    Effect.flatMap(({ exitCode, late, originalMessage, stderr, stdout }) => {
      if (exitCode !== undefined && !late) return Effect.succeed({ code: exitCode, stdout, stderr })
      const words = said({ code: 0, stdout, stderr }, 3)
      const why = late ? `no answer within ${seconds} s` : (originalMessage ?? "it was ended")
      return Effect.fail(notRun(argv[0], stdout === "" && stderr === "" ? why : `${why}; it said: ${words}`))
    }),
  )

/** A group of its own, so that what it has started ends with it: a child that holds its output open would be waited for. */
const ended = async (
  argv: readonly [string, ...Array<string>],
  seconds: number,
  signal: AbortSignal,
  umask: number | undefined,
  input: string | undefined,
) => {
  const child = underUmask(umask, () =>
    execa(argv[0], argv.slice(1), {
      reject: false,
      extendEnv: false,
      env: environment,
      ...(input === undefined ? { stdin: "ignore" } : { input }),
      detached: true,
      maxBuffer: 16 * 1024 * 1024,
    }),
  )
  let late = false
  const end = () => {
    if (child.pid !== undefined) endGroup(child.pid)
    // Whoever left the group keeps its end; ours is closed.
    child.stdout.destroy()
    child.stderr.destroy()
  }
  const timer = setTimeout(() => {
    late = true
    end()
  }, seconds * 1000)
  signal.addEventListener("abort", end)
  const { exitCode, originalMessage, stderr, stdout } = await child
  clearTimeout(timer)
  signal.removeEventListener("abort", end)
  return { exitCode, originalMessage, stderr, stdout, late }
}

const endGroup = (leader: number): void => {
  try {
    process.kill(-leader, "SIGKILL")
  } catch {
    // It has ended by itself.
  }
}

/** A program takes the umask of the moment it is started in, which is over when `start` comes back. */
const underUmask = <A>(umask: number | undefined, start: () => A): A => {
  if (umask === undefined) return start()
  const before = process.umask(umask)
  try {
    return start()
  } finally {
    process.umask(before)
  }
}

/** Runs a command that changes the host; a non-zero exit is a failure with what it said. */
export const change = (
  argv: readonly [string, ...Array<string>],
  failed: (outcome: Outcome) => ResourceFailure = (outcome) => refused(argv, outcome),
  input?: string,
): Effect.Effect<void, ResourceFailure> =>
  sideEffectOf(argv.join(" "), look(argv, 120, undefined, input)).pipe(
    Effect.flatMap((outcome) => (outcome.code === 0 ? Effect.void : Effect.fail(failed(outcome)))),
  )

export const refused = (argv: ReadonlyArray<string>, outcome: Outcome): ResourceFailure =>
  new ResourceFailure({
    reason: "CommandFailed",
    message: `${argv.join(" ")}: ${said(outcome)}`,
    verdict: { kind: "retry" },
  })

/** The last lines of what a command said, short enough for a condition's message. */
export const said = (outcome: Outcome, lines = 10): string =>
  `${outcome.stderr}\n${outcome.stdout}`.trim().split("\n").slice(-lines).join("\n").slice(0, 2000) ||
  `exit code ${outcome.code}`

const notRun = (program: string, why: string) =>
  new ResourceFailure({
    reason: "CommandFailed",
    message: `${program} could not be run: ${why}`,
    verdict: { kind: "retry" },
  })
