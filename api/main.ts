/**
 * The API as a process: `DATABASE_URL`, `PLUMB_HOME` (`.plumbline`), `PORT` (8080). It waits for its database, brings it to
 * its tables, serves, and ends on SIGTERM once the requests in hand are answered.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import * as Administrator from "./administrator.ts"
import { Events } from "./events.ts"
import * as Server from "./server.ts"
import * as Database from "./store/database.ts"
import { migrate } from "./store/migrate.ts"

const settings = Config.all({
  database: Config.Redacted("DATABASE_URL"),
  home: Config.String("PLUMB_HOME").pipe(Config.withDefault(".plumbline")),
  port: Config.Port("PORT").pipe(Config.withDefault(8080)),
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
    const { database, home, port } = yield* settings
    const token = yield* Administrator.adminToken(home)
    const store = Layer.unwrap(Effect.as(migrated(database), Database.layer(database)))
    return Server.layer({ port }).pipe(
      Layer.provide(Events.layer(database)),
      Layer.provide([Server.httpServer({ port }), store, Administrator.layer(token)]),
      Layer.tap(() => Effect.log(`The API listens on http://127.0.0.1:${port}`)),
    )
  }),
)

NodeRuntime.runMain(Layer.launch(main))
