// The ports that `plumb up` wants: those of its settings, or the next free ones.

import * as Effect from "effect/Effect"
import { CommandFailure } from "../cli/failure.ts"
import { freePort } from "../ports.ts"

/** The port of a setting; the default where it is not set. */
export const portOf = (variable: string, otherwise: number): Effect.Effect<number, CommandFailure> => {
  const text = process.env[variable]
  if (text === undefined || text === "") return Effect.succeed(otherwise)
  const port = Number(text)
  return /^\d{1,5}$/.test(text) && port > 0 && port < 65_536
    ? Effect.succeed(port)
    : Effect.fail(new CommandFailure({ message: `${variable}=${text} is not a port`, mend: "a port is 1 to 65535" }))
}

export const needPort = (port: number, variable: string, what: string): Effect.Effect<void, CommandFailure> =>
  Effect.flatMap(freePort(port), (free) =>
    free !== undefined
      ? Effect.void
      : Effect.fail(
          new CommandFailure({
            message: `port ${port} is taken by another program, and the ${what} wants it`,
            mend: `choose another: ${variable}=${port + 1000} npm start`,
          }),
        ),
  )

/** The first free port from there on. */
export const firstFree = (from: number): Effect.Effect<number, CommandFailure> =>
  Effect.gen(function* () {
    for (let port = from; port < Math.min(from + 100, 65_536); port++)
      if ((yield* freePort(port)) !== undefined) return port
    return yield* new CommandFailure({ message: `no port from ${from} to ${from + 99} is free` })
  })
