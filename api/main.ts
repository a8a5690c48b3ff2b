/**
 * The API as a process: `DATABASE_URL`, `PLUMB_HOME` (`.plumbline`), `PORT` (8080), `PLUMB_API_METRICS` (a port, or ADDRESS:PORT,
 * for Prometheus; none) and those of `gateway/settings.ts`. It waits for its database, brings it to its tables, serves, and ends on SIGTERM once the requests in hand are answered.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Cause from "effect/Cause"
import * as Config from "effect/Config"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import { listenAddress } from "../spec/listen-address.ts"
import * as Administrator from "./administrator.ts"
import { Events } from "./events.ts"
import { Limits } from "./gateway/limits.ts"
import { gatewaySettings } from "./gateway/settings.ts"
import { identity } from "./identity/layer.ts"
import { ownKey } from "./identity/own-key.ts"
import { metricsServer } from "./metrics-server.ts"
import * as Server from "./server.ts"
import * as Database from "./store/database.ts"
import { migrate } from "./store/migrate.ts"
import { webhooks } from "./webhooks/layer.ts"

class BadSetting extends Data.TaggedError("BadSetting")<{ readonly message: string }> {}

const settings = Config.all({
  database: Config.Redacted("DATABASE_URL"),
  home: Config.String("PLUMB_HOME").pipe(Config.withDefault(".plumbline")),
  port: Config.Port("PORT").pipe(Config.withDefault(8080)),
  metrics: Config.option(Config.String("PLUMB_API_METRICS")),
})

/** The database with its tables; while Postgres is away, again and again. */
const migrated = (url: Redacted.Redacted) =>
  migrate(Redacted.value(url)).pipe(
    Effect.tap((ran) => (ran.length === 0 ? Effect.void : Effect.log(`Migrated the database: ${ran.join(", ")}`))),
    Effect.tapError((error) =>
      Effect.logWarning(
        `The database is not ready: ${error._tag === "SqlError" ? Database.wordsOf(error) : error.message}`,
      ),
    ),
    Effect.retry({
      while: (error) => error._tag === "SqlError" && Database.isAway(error),
      schedule: Schedule.min([Schedule.exponential("200 millis"), Schedule.spaced("3 seconds")]),
    }),
  )

const main = Layer.unwrap(
  Effect.gen(function* () {
    const { database, home, metrics, port } = yield* settings
    const { hosts, origins, rates, trustedProxies } = yield* gatewaySettings
    if (!URL.canParse(Redacted.value(database)))
      return yield* new BadSetting({
        message: "DATABASE_URL is not a URL; write postgres://USER:PASSWORD@HOST:PORT/DATABASE",
      })
    const token = yield* Administrator.adminToken(home)
    const key = yield* ownKey(home)
    const figures = Option.map(metrics, listenAddress)
    if (Option.isSome(figures) && figures.value === undefined)
      return yield* new BadSetting({
        message: "PLUMB_API_METRICS is no place to listen; write a port, or ADDRESS:PORT",
      })
    const shown = Option.getOrUndefined(figures)
    const store = Layer.unwrap(Effect.as(migrated(database), Database.layer(database)))
    return Server.layer({ port, hosts, origins, trustedProxies }).pipe(
      Layer.provide(Events.layer(database)),
      Layer.provide(webhooks),
      Layer.provide(identity(token, key)),
      Layer.provide(Limits.layer(rates)),
      Layer.merge(shown === undefined ? Layer.empty : metricsServer(shown)),
      Layer.provide([Server.httpServer({ port }), store]),
      Layer.tap(() => Effect.log(`The API listens on http://127.0.0.1:${port}`)),
    )
  }),
)

/** What stops a start, for whoever reads the log of the service. */
const wordsOf = (error: unknown): string => {
  const { message, cause } = error instanceof Error ? error : new Error(String(error))
  const inner = cause instanceof Error ? ` (${cause.message})` : ""
  return `The API cannot start: ${message.replace(/\s+/g, " ") || "the port cannot be had"}${inner}`
}

const explained = <E>(cause: Cause.Cause<E>) => {
  if (Cause.hasInterruptsOnly(cause)) return Effect.void
  return Cause.hasDies(cause) ? Effect.logError("A defect", cause) : Effect.logError(wordsOf(Cause.squash(cause)))
}

// Nothing takes the spans of the framework, which would be made for every statement of every request.
NodeRuntime.runMain(Effect.withTracerEnabled(Effect.tapCause(Layer.launch(main), explained), false), {
  disableErrorReporting: true,
  // To be asked to end is no failure: systemd would take 130 for one.
  teardown: (exit, end) => end(Exit.isSuccess(exit) || Cause.hasInterruptsOnly(exit.cause) ? 0 : 1),
})
