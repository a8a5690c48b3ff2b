// One look at the database server for all resources of a type. A server that is away or not there is no reason to know
// nothing of the rest of the host: it changes the text of every resource on it, whose own look then says what is wrong.

import { createHash } from "node:crypto"
import * as Effect from "effect/Effect"
import type { ResourceFailure } from "../contract/resource.ts"
import { Host, type HostShape } from "../host/host.ts"

interface Server {
  readonly installed: Effect.Effect<unknown, ResourceFailure>
}

export const surveyed = <S extends Server>(
  serverOf: (host: HostShape) => S,
  read: (server: S) => Effect.Effect<ReadonlyMap<string, unknown>, ResourceFailure>,
): Effect.Effect<(id: string) => string, never, Host> =>
  Effect.gen(function* () {
    const server = serverOf(yield* Host)
    if ((yield* server.installed) === null) return () => "not installed"
    const all = yield* read(server)
    // Hashed: there are verifiers among it, and one text is kept for each resource.
    return (id: string) =>
      createHash("sha256")
        .update(JSON.stringify(all.get(id) ?? null))
        .digest("base64")
  }).pipe(Effect.orElseSucceed(() => () => "away"))
