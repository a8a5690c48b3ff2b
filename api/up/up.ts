// `plumb up`: a whole installation in one terminal. It does what systemd and an installer do on a server: starts the
// database, the API and the agent as processes of their own, gives them something to do, and keeps them running.
//
// Everything is acquired in one scope, in the order in which it is started; the scope ends it in the opposite order. What a
// kill -9 of this process leaves running is ended (API, agent) or adopted (Postgres) by the next start.

import { mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { Plumbline } from "../cli/client.ts"
import { CommandFailure, wordsOf } from "../cli/failure.ts"
import { type Connection, defaultPort, findHome, readServerFile } from "../cli/home.ts"
import { followEvents } from "../cli/status.ts"
import { paint, print } from "../cli/terminal.ts"
import { unprivileged } from "../postgres/unprivileged.ts"
import { identify } from "../processes.ts"
import { apiArgv } from "../program.ts"
import { endStale, killAll, logOf, type Program, supervise } from "./child.ts"
import { type Database, database } from "./database.ts"
import { settle } from "./demo.ts"
import { childEnvironment, debianHost, debianNeeds, directoryHost, killServices } from "./hosts.ts"
import { lock } from "./lock.ts"
import { demoPeople } from "./people.ts"
import { needPort, portOf } from "./ports.ts"
import { welcome } from "./welcome.ts"

export interface UpOptions {
  readonly host: "directory" | "debian"
  readonly demo: boolean
}

const say = (text: string) =>
  Effect.flatMap(DateTime.now, (now) => print(`${paint("dim", DateTime.formatIso(now).slice(11, 19))} ${text}`))

/** Runs until it is interrupted. `forced` is handed what ends everything at once, for a person who will not wait. */
export const up = (options: UpOptions, forced: (killAll: () => void) => void) =>
  Effect.gen(function* () {
    if (options.host === "debian") yield* debianNeeds
    const home = yield* makeHome
    yield* lock(home).pipe(Effect.mapError(() => alreadyRunning(home)))
    for (const name of yield* endStale(home)) yield* say(`ended the ${name} that an earlier start had left behind`)

    const port = yield* portOf("PORT", defaultPort)
    yield* needPort(port, "PORT", "API")

    yield* say("starting Postgres")
    const db = yield* database(home, say)
    forced(() => {
      killAll()
      killServices(join(home, "host"))
      db.kill()
    })

    yield* say("starting the API")
    const url = `http://127.0.0.1:${port}`
    yield* supervise(home, apiProgram(home, url, port, db), say)
    yield* announce(home, url)

    yield* say(options.host === "debian" ? "booting a Debian" : "starting the agent")
    const host = yield* options.host === "debian" ? debianHost(home, db, say) : directoryHost(home, port, db, say)
    const connection = yield* connectionOf(home, url)

    yield* Effect.gen(function* () {
      const people = options.demo ? yield* demoPeople(home) : []
      yield* settle(options.demo, say)
      yield* welcome({ home, url, database: db.words, host, people })
      yield* followEvents
    }).pipe(Effect.provide(Plumbline.layerOf(connection)))
  }).pipe(Effect.scoped)

const makeHome = Effect.gen(function* () {
  const home = yield* findHome()
  return yield* Effect.try({
    try: () => {
      mkdirSync(home, { recursive: true, mode: 0o700 })
      return realpathSync(home)
    },
    catch: (cause) =>
      new CommandFailure({
        message: `${home} cannot be made: ${wordsOf(cause)}`,
        mend: "set PLUMB_HOME to a folder that you can write",
      }),
  })
})

const alreadyRunning = (home: string) =>
  new CommandFailure({
    message: `Plumbline runs already${Option.match(readServerFile(home), {
      onNone: () => "",
      onSome: ({ url, pid }) => ` at ${url} (process ${pid})`,
    })}, with its files in ${home}`,
    mend: "`npx plumb status` talks to it; a second one of its own needs another PLUMB_HOME and another PORT",
  })

/** Tells the other commands where the API is, for as long as it is there. */
const announce = (home: string, url: string) =>
  Effect.acquireRelease(
    Effect.sync(() =>
      writeFileSync(join(home, "server.json"), JSON.stringify({ url, ...identify(process.pid) }), { mode: 0o600 }),
    ),
    () => Effect.sync(() => rmSync(join(home, "server.json"), { force: true })),
  )

const connectionOf = (home: string, url: string): Effect.Effect<Connection, CommandFailure> =>
  Effect.try({
    try: () => ({ home, url, token: Redacted.make(readFileSync(join(home, "admin.token"), "utf8").trim()) }),
    catch: () =>
      new CommandFailure({
        message: `the API has left no token in ${home}/admin.token`,
        mend: `see ${logOf(home, "api")}`,
      }),
  })

const apiProgram = (home: string, url: string, port: number, db: Database): Program => ({
  name: "api",
  argv: unprivileged(apiArgv),
  env: childEnvironment({
    DATABASE_URL: Redacted.value(db.url),
    PLUMB_HOME: home,
    PORT: String(port),
    HOST: "127.0.0.1",
  }),
  ready: () =>
    Effect.promise((signal) =>
      fetch(`${url}/health`, { signal }).then(
        (response) => response.ok,
        () => false,
      ),
    ).pipe(Effect.timeoutOrElse({ duration: "2 seconds", orElse: () => Effect.succeed(false) })),
  readyWithin: "1 minute",
  grace: "10 seconds",
})
