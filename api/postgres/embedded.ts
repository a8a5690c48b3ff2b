/**
 * The database that `plumb up` uses: DATABASE_URL where it is set, and otherwise a real Postgres of our own in
 * PLUMB_HOME/postgres, which ends with the scope.
 */
import { join } from "node:path"
import * as Config from "effect/Config"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { type Options, start, stop } from "./server.ts"

export class Postgres extends Context.Service<
  Postgres,
  {
    readonly url: Redacted.Redacted
    /** Where it came from: the environment, a server that we started, one that an earlier process had left running. */
    readonly origin: "DATABASE_URL" | "started" | "adopted"
  }
>()("plumbline/api/postgres/Postgres") {
  static readonly layer = Layer.effect(
    Postgres,
    Effect.gen(function* () {
      const url = yield* Config.String("DATABASE_URL").pipe(Config.withDefault(""))
      if (url !== "") return { url: Redacted.make(url), origin: "DATABASE_URL" as const }
      const home = yield* Config.String("PLUMB_HOME").pipe(Config.withDefault(".plumbline"))
      const server = yield* scoped({ folder: join(home, "postgres") })
      return { url: Redacted.make(server.url), origin: server.adopted ? ("adopted" as const) : ("started" as const) }
    }),
  )
}

/** A server for as long as the scope lives. */
export const scoped = (options: Options) =>
  Effect.acquireRelease(start(options), (server) => Effect.ignore(stop(server)))
