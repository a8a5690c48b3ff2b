// The database of `plumb up`: DATABASE_URL where it is set, else a Postgres of our own in PLUMB_HOME/postgres that is started
// (or adopted), started again when it dies, and stopped with the scope.

import { join } from "node:path"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { CommandFailure } from "../cli/failure.ts"
import { type Server, start, stop } from "../postgres/server.ts"
import { identify, isAlive, signal } from "../processes.ts"

export interface Database {
  readonly url: Redacted.Redacted
  /** For people: where it is and how it came to be. */
  readonly words: string
  /** Ends it without ceremony; the next start replays its log. */
  readonly kill: () => void
}

const plainly = Effect.mapError(
  ({ message, mend }: { readonly message: string; readonly mend: string }) => new CommandFailure({ message, mend }),
)

export const database = (home: string, say: (text: string) => Effect.Effect<void>) =>
  Effect.gen(function* () {
    const given = process.env["DATABASE_URL"]
    if (given !== undefined && given !== "") {
      return { url: Redacted.make(given), words: "yours (DATABASE_URL)", kill: () => undefined } satisfies Database
    }
    const folder = join(home, "postgres")
    let server: Server = yield* Effect.acquireRelease(plainly(start({ folder })), () =>
      Effect.suspend(() => Effect.ignore(stop(server))),
    )
    yield* Effect.forkScoped(
      Effect.gen(function* () {
        let process = identify(server.pid)
        for (;;) {
          yield* Effect.sleep("500 millis")
          if (isAlive(process)) continue
          yield* say("Postgres died; starting it again")
          const again = yield* Effect.result(start({ folder }))
          if (again._tag === "Success") {
            server = again.success
            process = identify(server.pid)
            yield* say("Postgres is back")
          } else {
            yield* say(again.failure.message)
            yield* Effect.sleep("5 seconds")
          }
        }
      }),
    )
    return {
      url: Redacted.make(server.url),
      words: server.adopted ? `${folder} (was still running: taken over)` : folder,
      kill: () => signal(server.pid, "SIGQUIT"),
    } satisfies Database
  })
