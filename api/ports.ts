/** Which ports are free on this machine. Looking is not holding: whoever binds afterwards may still lose, and says so then. */
import { createServer } from "node:net"
import * as Effect from "effect/Effect"

/** This port (0: any one) if it is free on 127.0.0.1. */
export const freePort = (port: number): Effect.Effect<number | undefined> =>
  Effect.callback((resume) => {
    const server = createServer()
    server.once("error", () => resume(Effect.succeed(undefined)))
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => {
      const address = server.address()
      const found = typeof address === "object" ? address?.port : undefined
      server.close(() => resume(Effect.succeed(found)))
    })
  })

export const anyPort: Effect.Effect<number> = Effect.flatMap(freePort(0), (port) =>
  port === undefined ? Effect.die("this machine has no free port") : Effect.succeed(port),
)
