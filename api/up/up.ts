// `plumb up`: a whole installation in one terminal. It does what systemd and an installer do on a server: starts the
// database, the API and the agent as processes of their own, gives them something to do, and keeps them running.
//
// Everything is acquired in one scope, in the order in which it is started; the scope ends it in the opposite order. What a
// kill -9 of this process leaves running is ended (API, agent) or adopted (Postgres) by the next start.

import { mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { agentProgram } from "../cli/agent.ts"
import { Plumbline } from "../cli/client.ts"
import { CommandFailure, wordsOf } from "../cli/failure.ts"
import { type Connection, defaultPort, findHome, readIfThere, readServerFile } from "../cli/home.ts"
import { followEvents } from "../cli/status.ts"
import { paint, print } from "../cli/terminal.ts"
import { unprivileged } from "../postgres/unprivileged.ts"
import { endStale, logOf, type Program, supervise } from "./child.ts"
import { type Database, database } from "./database.ts"
import { settle } from "./demo.ts"
import { identify } from "./identity.ts"
import { lock } from "./lock.ts"
import { firstFree, needPort, portOf } from "./ports.ts"
import { welcome } from "./welcome.ts"

export interface UpOptions {
  readonly host: "directory" | "debian"
  readonly demo: boolean
}

const say = (text: string) =>
  Effect.flatMap(DateTime.now, (now) => print(`${paint("dim", DateTime.formatIso(now).slice(11, 19))} ${text}`))

/** Runs until it is interrupted. `started` is handed the database as soon as there is one. */
export const up = (options: UpOptions, started: (database: Database) => void) =>
  Effect.gen(function* () {
    const home = yield* makeHome
    yield* lock(home).pipe(Effect.mapError(() => alreadyRunning(home)))
    for (const name of yield* endStale(home)) yield* say(`ended the ${name} that an earlier start had left behind`)

    const port = yield* portOf("PORT", defaultPort)
    yield* needPort(port, "PORT", "API")

    yield* say("starting Postgres")
    const db = yield* database(home, say)
    started(db)

    yield* say("starting the API")
    const url = `http://127.0.0.1:${port}`
    yield* supervise(home, apiProgram(home, url, port, db), say)
    yield* announce(home, url)

    yield* say(options.host === "debian" ? "booting a Debian" : "starting the agent")
    const host = yield* options.host === "debian" ? debianHost(home, db) : directoryHost(home, port, db)
    const connection = yield* connectionOf(home, url)

    yield* Effect.gen(function* () {
      yield* settle(options.demo, say)
      yield* welcome({ home, url, database: db.words, host })
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

const programAt = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** Our environment for the children, without what would make them mistake themselves for this command. */
const environment = (own: Readonly<Record<string, string>>): Readonly<Record<string, string>> => {
  const inherited = Object.entries(process.env).flatMap(([key, value]) =>
    value === undefined || key.startsWith("npm_") ? [] : [[key, value] as const],
  )
  return { ...Object.fromEntries(inherited), ...own }
}

const apiProgram = (home: string, url: string, port: number, db: Database): Program => ({
  name: "api",
  argv: unprivileged([process.execPath, programAt("../main.ts")]),
  env: environment({ DATABASE_URL: Redacted.value(db.url), PLUMB_HOME: home, PORT: String(port), HOST: "127.0.0.1" }),
  ready: () =>
    Effect.promise((signal) =>
      fetch(`${url}/health`, { signal }).then(
        (response) => response.ok,
        () => false,
      ),
    ).pipe(Effect.timeoutOrElse({ duration: "2 seconds", orElse: () => Effect.succeed(false) })),
  grace: "10 seconds",
})

/** The agent on a folder: no privileges, the same files as on a server, and the sites on a local port. */
const directoryHost = (home: string, port: number, db: Database) =>
  Effect.gen(function* () {
    const root = join(home, "host")
    mkdirSync(root, { recursive: true, mode: 0o755 })
    const http = process.env["PLUMB_HTTP_PORT"]
      ? yield* portOf("PLUMB_HTTP_PORT", port + 1)
      : yield* keptPort(join(home, "http-port"), port + 1)
    yield* needPort(http, "PLUMB_HTTP_PORT", "sites' nginx")
    const program: Program = {
      name: "agent",
      argv: unprivileged([process.execPath, agentProgram]),
      env: environment({
        DATABASE_URL: Redacted.value(db.url),
        PLUMB_NODE: "local",
        PLUMB_HOST: "directory",
        PLUMB_HOST_ROOT: root,
        PLUMB_HTTP_PORT: String(http),
        // Debian keeps nginx and php-fpm in sbin, which is not on everybody's PATH.
        PATH: `${process.env["PATH"] ?? ""}:/usr/local/sbin:/usr/sbin:/sbin`,
      }),
      ready: (output) => Effect.succeed(output !== ""),
      grace: "10 seconds",
    }
    yield* supervise(home, program, say)
    return {
      words: `${root} (a directory host: what a server would have, below this folder)`,
      root,
      address: "127.0.0.1",
      port: http,
    }
  })

/** The port of last time while it is free, so that a URL that somebody kept stays good. */
const keptPort = (file: string, from: number) =>
  Effect.gen(function* () {
    const kept = Number(Option.getOrElse(readIfThere(file), () => ""))
    const port = yield* firstFree(Number.isInteger(kept) && kept > 0 && kept < 65_536 ? kept : from)
    writeFileSync(file, `${port}\n`)
    return port
  })

const debianHost = (_home: string, _db: Database) => Effect.fail(new CommandFailure({ message: "not yet" }))
