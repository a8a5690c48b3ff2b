/** Whether somebody who was let in would be again, to see the same: for what goes on after a request was answered. */

import { isDeepStrictEqual } from "node:util"
import { PgClient } from "@effect/sql-pg/PgClient"
import * as Effect from "effect/Effect"
import { Actor } from "./actor.ts"
import * as ApiTokens from "./api-tokens.ts"
import { OpenSessions } from "./open-sessions.ts"
import { sightOf } from "./role.ts"

/** Asked later, and as often as one likes. While the database is away, nobody is turned away for it. */
export const stillLetIn = Effect.gen(function* () {
  const sql = yield* PgClient
  const sessions = yield* OpenSessions
  const { session, sight, token } = yield* Actor
  if (session === null && token === null) return Effect.succeed(true)
  const holder = session === null ? ApiTokens.holderOf(token ?? "") : sessions.find(session)
  return holder.pipe(
    Effect.map((one) => one !== undefined && isDeepStrictEqual(sightOf(one), sight)),
    Effect.catch(() => Effect.succeed(true)),
    Effect.provideService(PgClient, sql),
  )
})
