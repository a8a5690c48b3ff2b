/** Small tools for what is not ours to await: programs run as someone else, and servers that may not be our children. */
import { spawnSync } from "node:child_process"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { runs } from "../processes.ts"
import { unprivileged, type Way } from "./unprivileged.ts"

export class PostgresError extends Schema.TaggedError<PostgresError>()("PostgresError", {
  message: Schema.String,
  mend: Schema.String,
}) {}

const MB = 1024 * 1024

/** Nothing of the caller's environment (PGDATA, PGPORT, a locale that is not installed) may change what the server does. */
export const environment = {
  PATH: process.env["PATH"] ?? "/usr/bin:/bin",
  LC_ALL: "C",
  TZ: "UTC",
  // A process of the server keeps a little of what it no longer needs for its next statement. By itself it gives it back to the
  // kernel after each, and has every page of it mapped anew. mallopt(3).
  MALLOC_TOP_PAD_: String(MB),
  MALLOC_TRIM_THRESHOLD_: String(16 * MB),
  MALLOC_MMAP_THRESHOLD_: String(16 * MB),
}

export const run = (argv: ReadonlyArray<string>, way: Way, input = "") => {
  const [program = "", ...args] = unprivileged(argv, way)
  return spawnSync(program, args, { cwd: "/", env: environment, encoding: "utf8", input })
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
    () => (runs(pid) ? undefined : true),
    atMost,
    () => `Process ${pid} does not end.`,
  )
