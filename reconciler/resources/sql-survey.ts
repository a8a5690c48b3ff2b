// One look at the database server for all resources of a type. A server that is away or not there is no reason to know
// nothing of the rest of the host: it changes the text of every resource on it, whose own look then says what is wrong.

import { createHash } from "node:crypto"
import * as Effect from "effect/Effect"
import type { ResourceFailure } from "../contract/resource.ts"
import { Host } from "../host/host.ts"
import type { Sql } from "../host/sql.ts"

export const surveyed = (
  read: (sql: Sql) => Effect.Effect<ReadonlyMap<string, unknown>, ResourceFailure>,
): Effect.Effect<(id: string) => string, never, Host> =>
  Effect.gen(function* () {
    const { sql } = yield* Host
    if ((yield* sql.installed) === null) return () => "not installed"
    const all = yield* read(sql)
    // Hashed: there are verifiers among it, and one text is kept for each resource.
    return (id: string) =>
      createHash("sha256")
        .update(JSON.stringify(all.get(id) ?? null))
        .digest("base64")
  }).pipe(Effect.orElseSucceed(() => () => "away"))
