// One `plumb up` for each PLUMB_HOME. The lock is a socket in Linux' abstract namespace: the kernel gives the name to one
// process and takes it back when that process ends, however it ends. A file would have to be cleaned up after a kill -9, and
// two starts at once could both decide to do so.

import { createHash } from "node:crypto"
import { realpathSync } from "node:fs"
import { createServer } from "node:net"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"

export class AlreadyRunning extends Data.TaggedError("AlreadyRunning")<{ readonly home: string }> {}

/** Held for as long as the scope lives. */
export const lock = (home: string) =>
  Effect.acquireRelease(
    Effect.callback<ReturnType<typeof createServer>, AlreadyRunning>((resume) => {
      const name = createHash("sha256").update(realpathSync(home)).digest("hex").slice(0, 32)
      const server = createServer((socket) => socket.destroy())
      server.once("error", () => resume(Effect.fail(new AlreadyRunning({ home }))))
      server.listen(`\0plumbline-up-${process.getuid?.() ?? 0}-${name}`, () => {
        server.unref()
        resume(Effect.succeed(server))
      })
    }),
    (server) => Effect.sync(() => server.close()),
  )
