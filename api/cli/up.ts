// `plumb up` (`npm start`): the command around `api/up`. The first Ctrl-C ends everything in order, the second at once.

import * as Clock from "effect/Clock"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Latch from "effect/Latch"
import { up as run } from "../up/up.ts"
import { onSignal } from "./signals.ts"
import { note, print } from "./terminal.ts"

export const up = Command.make(
  "up",
  {
    host: Flag.Literals("host", ["directory", "debian"]).pipe(
      Flag.withDescription(
        "directory: a folder, without privileges; debian: a real Debian that is booted for it (as root)",
      ),
      Flag.withDefault("directory" as const),
    ),
    demo: Flag.Boolean("demo").pipe(
      Flag.withDescription("Apply fixtures/demo when there are no records yet"),
      Flag.withDefault(true),
    ),
  },
  Effect.fn(function* (options) {
    let killAll: (() => void) | undefined
    const asked = yield* Latch.make()
    let first: number | undefined
    const release = onSignal(() => {
      const now = Effect.runSync(Clock.currentTimeMillis)
      if (first === undefined) {
        first = now
        return Latch.openUnsafe(asked)
      }
      // npm passes on the Ctrl-C that we have had from the terminal already.
      if (now - first < 700) return
      process.stderr.write("ending at once\n")
      killAll?.()
      process.exit(130)
    })
    const fiber = yield* Effect.forkChild(run(options, (found) => (killAll = found)))
    const stop = Latch.await(asked).pipe(Effect.as("asked" as const))
    const outcome = yield* Effect.raceFirst(Effect.exit(Fiber.join(fiber)), stop)
    if (outcome === "asked") {
      yield* note("\nending everything in order; Ctrl-C again ends it at once")
      yield* Fiber.interrupt(fiber)
      yield* print("ended; `npm start` finds everything again")
    }
    release()
    if (outcome !== "asked" && Exit.isFailure(outcome)) return yield* Effect.failCause(outcome.cause)
  }),
).pipe(
  Command.withDescription("Start everything on this machine: database, API, and an agent with the demo to work on"),
  Command.withExamples([
    { command: "plumb up", description: "The same as npm start: a directory host in .plumbline/host" },
    { command: "PORT=9090 PLUMB_HOME=/srv/plumb plumb up --no-demo", description: "Elsewhere, and empty" },
    { command: "plumb up --host debian", description: "As root on Debian: the agent runs on a real Debian" },
  ]),
)
