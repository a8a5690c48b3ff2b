// Where an installation keeps what it keeps (PLUMB_HOME), and how a command finds the API without being told: the folder
// `.plumbline` is looked for upwards from where one stands, as git does; `server.json` in it says where the API listens, and
// `admin.token` is the token. PLUMB_URL and PLUMB_TOKEN replace both.
//
// A folder that belongs to somebody else is not used unless it is named: whoever plants one in /tmp would be given our specs.

import { readFileSync, statSync } from "node:fs"
import { dirname, join, resolve } from "node:path"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { CommandFailure } from "./failure.ts"

export const defaultPort = 8080

/** What `plumb up` leaves in PLUMB_HOME/server.json for other commands. */
export const ServerFile = Schema.fromJsonString(
  Schema.Struct({ url: Schema.String, pid: Schema.Int, startTime: Schema.NullOr(Schema.String) }),
)

export interface Connection {
  readonly url: string
  readonly token: Redacted.Redacted | undefined
  readonly home: string
}

const isFolder = (path: string) => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true

/** PLUMB_HOME, or the nearest `.plumbline` upwards, or where one would be made. */
export const findHome = (cwd = process.cwd()): Effect.Effect<string, CommandFailure> =>
  Effect.gen(function* () {
    const named = process.env["PLUMB_HOME"]
    if (named !== undefined && named !== "") return resolve(cwd, named)
    for (let folder = cwd; ; folder = dirname(folder)) {
      const candidate = join(folder, ".plumbline")
      if (isFolder(candidate)) {
        const owner = statSync(candidate).uid
        const self = process.getuid?.() ?? owner
        if (owner === self || owner === 0) return candidate
        return yield* new CommandFailure({
          message: `${candidate} belongs to another user (uid ${owner}), so it is not used unasked`,
          mend: `if it is meant, name it: PLUMB_HOME=${candidate}`,
        })
      }
      if (dirname(folder) === folder) return join(cwd, ".plumbline")
    }
  })

export const readIfThere = (path: string): Option.Option<string> => {
  try {
    return Option.some(readFileSync(path, "utf8"))
  } catch {
    return Option.none()
  }
}

/** What the last `plumb up` wrote about itself; none when there was none, or the file is torn. */
export const readServerFile = (home: string): Option.Option<typeof ServerFile.Type> =>
  Option.flatMap(readIfThere(join(home, "server.json")), Schema.decodeUnknownOption(ServerFile))

export const findConnection: Effect.Effect<Connection, CommandFailure> = Effect.gen(function* () {
  const givenUrl = process.env["PLUMB_URL"]
  const givenToken = process.env["PLUMB_TOKEN"]
  const home = yield* findHome()
  const url =
    givenUrl !== undefined && givenUrl !== ""
      ? givenUrl
      : Option.match(readServerFile(home), {
          onNone: () => `http://127.0.0.1:${defaultPort}`,
          onSome: ({ url }) => url,
        })
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    return yield* new CommandFailure({
      message: `"${url}" is not the address of an API`,
      mend: "PLUMB_URL looks like http://127.0.0.1:8080",
    })
  }
  const token =
    givenToken !== undefined && givenToken !== ""
      ? givenToken
      : Option.getOrUndefined(Option.map(readIfThere(join(home, "admin.token")), (text) => text.trim()))
  return { url: url.replace(/\/+$/, ""), token: token === undefined ? undefined : Redacted.make(token), home }
})
