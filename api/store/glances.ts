/**
 * Connections for the few single statements that requests wait for most: who it is, and one look at what is theirs. Statements of
 * requests that come together go to Postgres in one write, and nobody waits for a connection.
 *
 * The one thing to know before changing it: a statement waits for those before it on its connection. None may be long, and no
 * transaction belongs here.
 */
import * as PgClient from "@effect/sql-pg/PgClient"
import * as Context from "effect/Context"
import * as Layer from "effect/Layer"
import * as Reactivity from "effect/reactivity/Reactivity"

export class Glances extends Context.Service<Glances, PgClient.PgClient>()("plumbline/api/store/Glances") {
  static readonly layer = (options: PgClient.PgPoolConfig) =>
    Layer.effect(
      Glances,
      PgClient.make({ ...options, multiplex: true, maxConnections: 2, multiplexConcurrency: 256 }),
    ).pipe(Layer.provide(Reactivity.layer))
}
