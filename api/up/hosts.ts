// Where the agent of `plumb up` works: on a folder, or on a real Debian that is booted for the purpose. Either way it is a
// process that is supervised, and what comes back says where things are.

import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { agentProgram } from "../cli/agent.ts"
import { CommandFailure } from "../cli/failure.ts"
import { readIfThere } from "../cli/home.ts"
import { isRoot, unprivileged } from "../postgres/unprivileged.ts"
import { signal } from "../processes.ts"
import { logOf, type Program, supervise } from "./child.ts"
import type { Database } from "./database.ts"
import { firstFree, needPort, portOf } from "./ports.ts"

/** An installation has one node, whatever it is today: two names would leave one of them away for ever. */
const nodeName = "local"

type Say = (text: string) => Effect.Effect<void>

export interface HostPlace {
  /** Where it is and what it is, for people. */
  readonly words: string
  readonly name: string
  /** The folder that is its root; none on a Debian. */
  readonly root: string | undefined
  /** Where its sites answer. */
  readonly address: string
  readonly port: number
}

/** Our environment for a child, without what npm put there for us. */
export const childEnvironment = (own: Readonly<Record<string, string>>): Readonly<Record<string, string>> => ({
  ...Object.fromEntries(
    Object.entries(process.env).flatMap(([key, value]) =>
      value === undefined || key.startsWith("npm_") ? [] : [[key, value] as const],
    ),
  ),
  ...own,
})

/** The agent on a folder: no privileges, the same files as on a server, and the sites on a local port. */
export const directoryHost = (home: string, port: number, db: Database, say: Say) =>
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
      env: childEnvironment({
        DATABASE_URL: Redacted.value(db.url),
        PLUMB_NODE: nodeName,
        PLUMB_HOST: "directory",
        PLUMB_HOST_ROOT: root,
        PLUMB_HTTP_PORT: String(http),
        // Debian keeps nginx and php-fpm in sbin, which is not on everybody's PATH.
        PATH: `${process.env["PATH"] ?? ""}:/usr/local/sbin:/usr/sbin:/sbin`,
      }),
      ready: (output) => Effect.succeed(output !== ""),
      readyWithin: "1 minute",
      grace: "10 seconds",
    }
    yield* Effect.addFinalizer(() => Effect.sync(() => killServices(root)))
    yield* supervise(home, program, say)
    const place: HostPlace = {
      words: `${root} (a directory host: what a server would have, below this folder)`,
      name: nodeName,
      root,
      address: "127.0.0.1",
      port: http,
    }
    return place
  })

/**
 * Ends at once whatever of a directory host's services still runs. The agent ends them in order; this is for when it could
 * not. Only a process that was started for this very folder is meant: its command line names it.
 */
export const killServices = (root: string): void => {
  const states = join(root, "run/plumbline/units")
  if (!existsSync(states)) return
  for (const file of readdirSync(states).filter((name) => name.endsWith(".json"))) {
    const state = Option.flatMap(readIfThere(join(states, file)), Schema.decodeUnknownOption(Service))
    if (Option.isNone(state) || state.value.pid === null) continue
    const command = readIfThere(`/proc/${state.value.pid}/cmdline`)
    if (Option.exists(command, (text) => text.includes(root))) signal(-state.value.pid, "SIGKILL")
  }
}

const Service = Schema.fromJsonString(Schema.Struct({ pid: Schema.NullOr(Schema.Int) }))

/** The port of last time while it is free, so that a URL that somebody kept stays good. */
const keptPort = (file: string, from: number) =>
  Effect.gen(function* () {
    const kept = Number(Option.getOrElse(readIfThere(file), () => ""))
    const port = yield* firstFree(Number.isInteger(kept) && kept > 0 && kept < 65_536 ? kept : from)
    writeFileSync(file, `${port}\n`)
    return port
  })

const Booted = Schema.fromJsonString(Schema.Struct({ name: Schema.String, address: Schema.String }))

/** The line of JSON that the test host prints once the agent in it is ready. */
const bootedIn = (output: string): Option.Option<typeof Booted.Type> => {
  const line = output.split("\n").findLast((text) => text.startsWith("{"))
  return line === undefined ? Option.none() : Schema.decodeUnknownOption(Booted)(line)
}

const testHost = fileURLToPath(new URL("../../fixtures/testhost/main.ts", import.meta.url))

/** Booting a Debian takes root, and a Debian to boot it on. */
export const debianNeeds = Effect.suspend(() =>
  isRoot() && existsSync("/etc/debian_version")
    ? Effect.void
    : new CommandFailure({
        message: `--host debian boots a real Debian, which needs ${isRoot() ? "a Debian to do it on" : "root"}`,
        mend: "without it, the agent works on a folder: npm start",
      }),
)

/** What a server would have running already: Debian's own units, which nobody but its administrator starts. */
const servers = ["mariadb.service", "postgresql.service"].flatMap((unit) => ["--start", unit])

/** A real Debian with its own address, the agent in it as root. Gone with this process; the records are not. */
export const debianHost = (home: string, db: Database, say: Say) =>
  Effect.gen(function* () {
    let last = ""
    let booted: Option.Option<typeof Booted.Type> = Option.none()
    const program: Program = {
      name: "debian",
      argv: [process.execPath, testHost, "boot", "--agent", "--name", nodeName, ...servers],
      env: childEnvironment({ DATABASE_URL: Redacted.value(db.url) }),
      // The first time it has to be made from Debian's packages; what it says meanwhile is worth passing on.
      ready: (output) =>
        Effect.gen(function* () {
          booted = bootedIn(output)
          const line = output.trimEnd().split("\n").at(-1) ?? ""
          if (line !== last && line !== "" && !line.startsWith("{")) yield* say(line)
          last = line
          return Option.isSome(booted)
        }),
      readyWithin: "20 minutes",
      grace: "30 seconds",
    }
    yield* supervise(home, program, say)
    if (Option.isNone(booted)) return yield* new CommandFailure({ message: `see ${logOf(home, "debian")}` })
    const { name, address } = booted.value
    const place: HostPlace = {
      words: `${name} at ${address}, a real Debian`,
      name,
      root: undefined,
      address,
      port: 80,
    }
    return place
  })
