/**
 * Small tools for what is not ours to await: programs run as someone else, and processes that may not be our children.
 */
import { spawnSync } from "node:child_process"
import { readFileSync } from "node:fs"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { unprivileged, type Way } from "./unprivileged.ts"

export class PostgresError extends Schema.TaggedError<PostgresError>()("PostgresError", {
  message: Schema.String,
  mend: Schema.String,
}) {}

/** Nothing of the caller's environment (PGDATA, PGPORT, a locale that is not installed) may change what the server does. */
export const environment = { PATH: process.env["PATH"] ?? "/usr/bin:/bin", LC_ALL: "C", TZ: "UTC" }

export const run = (argv: ReadonlyArray<string>, way: Way, input = "") => {
  const [program = "", ...args] = unprivileged(argv, way)
  return spawnSync(program, args, { cwd: "/", env: environment, encoding: "utf8", input })
}

export const isAlive = (pid: number): boolean => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8")
    // The state follows the name, which is in parentheses. A zombie waits for a parent that may never come.
    return !/^ [ZX]/.test(stat.slice(stat.lastIndexOf(")") + 1))
  } catch {
    return false
  }
}

export const signal = (pid: number, name: NodeJS.Signals): void => {
  try {
    process.kill(pid, name)
  } catch {
    // It is gone already: what was wanted.
  }
}

export const poll = <A>(
  look: () => A | undefined,
  atMost: "5 seconds" | "30 seconds" | "2 minutes",
  late: () => string,
) =>
  Effect.gen(function* () {
    for (;;) {
      const seen = look()
      if (seen !== undefined) return seen
      yield* Effect.sleep("15 millis")
    }
  }).pipe(
    Effect.timeoutOrElse({
      duration: atMost,
      orElse: () => Effect.fail(new PostgresError({ message: late(), mend: "See the log beside the data." })),
    }),
  )

export const gone = (pid: number, atMost: "5 seconds" | "30 seconds") =>
  poll(
    () => (isAlive(pid) ? undefined : true),
    atMost,
    () => `Process ${pid} does not end.`,
  )
