// The store on the same machine: the reconciler's own statements against the tables of api/store/migrations, by what they are
// about (`postgres/`).
//
// The one thing to know before changing it: bulk goes in as one JSON parameter and is spread out by Postgres, so that a
// thousand rows are one statement.

import * as PgClient from "@effect/sql-pg/PgClient"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Redacted from "effect/Redacted"
import * as Asking from "./postgres/asking.ts"
import { claims } from "./postgres/claims.ts"
import { desired } from "./postgres/desired.ts"
import { outcomes } from "./postgres/outcomes.ts"
import { runs } from "./postgres/runs.ts"
import { secretExports } from "./postgres/secret-exports.ts"
import { traffic } from "./postgres/traffic.ts"
import { DesiredState } from "./store.ts"

const make = (node: string) =>
  Effect.gen(function* () {
    const sql = yield* PgClient.PgClient
    const asking = Asking.make()
    return DesiredState.of({
      ...desired(sql, asking),
      ...(yield* claims(node, sql, asking)),
      ...outcomes(node, sql, asking),
      ...runs(node, sql, asking),
      ...secretExports(node, sql, asking),
      ...traffic(node, sql, asking),
      lastAway: asking.lastAway,
    })
  })

export const layer = (options: { readonly node: string; readonly url: Redacted.Redacted }) =>
  Layer.effect(DesiredState, make(options.node)).pipe(
    Layer.provide(
      PgClient.layer({
        url: options.url,
        applicationName: `plumb agent ${options.node}`,
        // What is wanted is not for an agent to write (migration 0021).
        startupParameters: { role: "plumb_agent" },
        // One listens for ever, the others take turns.
        maxConnections: 4,
        minConnections: 0,
        connectTimeout: "3 seconds",
        keepAlive: "10 seconds",
      }),
    ),
  )
