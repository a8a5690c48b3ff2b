/**
 * One Postgres server on a folder of its own: made, started, adopted, stopped.
 *
 * The server belongs to the folder, not to the process that started it. It has its own session (Ctrl-C does not reach it)
 * and outlives a kill -9 of its parent; whoever starts next finds it through postmaster.pid and takes it over.
 */
import { readFileSync, realpathSync } from "node:fs"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import { signal } from "../processes.ts"
import { findBinaries } from "./binaries.ts"
import { files, initialise, prepareFolder, role, wayInto } from "./folder.ts"
import { launch, type Postmaster, runningIn, settled } from "./postmaster.ts"
import { gone, PostgresError } from "./processes.ts"

export interface Server {
  readonly folder: string
  readonly pid: number
  readonly port: number
  readonly url: string
  /** It ran already: the process that had started it did not stop it. */
  readonly adopted: boolean
}

export interface Options {
  readonly folder: string
  /** False trades safety after a power cut for speed. For tests only. */
  readonly durable?: boolean
}

export const start = Effect.fn("postgres.start")(function* (options: Options) {
  const binaries = findBinaries()
  if (binaries === undefined) return yield* noBinaries()
  yield* prepareFolder(options.folder)
  const folder = realpathSync(options.folder)

  const running = yield* settled(folder)
  if (running !== undefined) return describe(folder, running, true)

  const way = yield* wayInto(folder, binaries)
  yield* initialise(folder, binaries, way)
  const launched = yield* Effect.retry(launch(folder, binaries, way, options.durable ?? true), {
    while: ({ again }) => again,
    schedule: Schedule.max([Schedule.spaced("300 millis"), Schedule.recurs(20)]),
  }).pipe(Effect.mapError(({ error }) => error))
  return describe(folder, launched, false)
})

/** Fast shutdown: sessions are cut, everything is written. Succeeds too when the server is gone already. */
export const stop = Effect.fn("postgres.stop")(function* (server: Server) {
  if (runningIn(server.folder)?.pid !== server.pid) return
  signal(server.pid, "SIGINT")
  yield* gone(server.pid, "30 seconds").pipe(
    // Immediate shutdown: the next start replays the log.
    Effect.catch(() =>
      Effect.sync(() => signal(server.pid, "SIGQUIT")).pipe(Effect.andThen(gone(server.pid, "5 seconds"))),
    ),
    Effect.catch(
      () => new PostgresError({ message: `Postgres (process ${server.pid}) does not end.`, mend: "End it by hand." }),
    ),
  )
})

const describe = (folder: string, { pid, port }: Postmaster, adopted: boolean): Server => {
  const password = readFileSync(files(folder).password, "utf8").trim()
  return { folder, pid, port, adopted, url: `postgres://${role}:${password}@127.0.0.1:${port}/${role}` }
}

const noBinaries = () =>
  new PostgresError({
    message: `There is no Postgres for ${process.platform} ${process.arch} in node_modules.`,
    mend: "Install without --omit=optional on Linux (x64 or arm64), or set DATABASE_URL to a Postgres that runs already.",
  })
