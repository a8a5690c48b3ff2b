// The API as the commands call it: the typed client made from `api/contract.ts`, with the address and the token that
// `home.ts` finds, and every way in which a call can fail turned into plain words.
//
// Made when the first call needs it and not before: `plumb --help` works where nothing is installed yet.

import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as HttpClient from "effect/http/HttpClient"
import { HttpClientError } from "effect/http/HttpClientError"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as HttpApiClient from "effect/http-api/HttpApiClient"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { Api } from "../contract.ts"
import * as Problems from "../problems.ts"
import { CommandFailure, wordsOf } from "./failure.ts"
import { type Connection, findConnection } from "./home.ts"

export type ApiClient = HttpApiClient.ForApi<typeof Api>

const makeClient = ({ url, token }: Connection) =>
  HttpApiClient.make(Api, {
    baseUrl: url,
    transformClient: (client) =>
      token === undefined ? client : HttpClient.mapRequest(client, HttpClientRequest.bearerToken(token)),
  }).pipe(Effect.provide(FetchHttpClient.layer))

export class Plumbline extends Context.Service<
  Plumbline,
  {
    readonly connection: Effect.Effect<Connection, CommandFailure>
    readonly client: Effect.Effect<ApiClient, CommandFailure>
  }
>()("plumbline/api/cli/Plumbline") {
  static readonly layer = Layer.effect(
    Plumbline,
    Effect.gen(function* () {
      const connection = yield* Effect.cached(findConnection)
      const client = yield* Effect.cached(Effect.flatMap(connection, makeClient))
      return { connection, client }
    }),
  )

  /** For a program that knows the address already (`plumb up`). */
  static readonly layerOf = (connection: Connection) =>
    Layer.effect(
      Plumbline,
      Effect.gen(function* () {
        return { connection: Effect.succeed(connection), client: Effect.succeed(yield* makeClient(connection)) }
      }),
    )
}

/** One call; whatever goes wrong comes out as a `CommandFailure`, unless the caller has handled it inside. */
export const ask = <A, E, R>(
  call: (api: ApiClient) => Effect.Effect<A, E, R>,
): Effect.Effect<A, CommandFailure, R | Plumbline> =>
  Effect.gen(function* () {
    const plumbline = yield* Plumbline
    const connection = yield* plumbline.connection
    const client = yield* plumbline.client
    return yield* Effect.mapError(call(client), (error) => explain(error, connection))
  })

/** What the API says of a refused write, and that it was refused as a whole. */
const notWritten = (sentence: string): string => {
  const words = sentence.replace(/\.$/, "")
  return /nothing was written$/i.test(words) ? words : `${words}; nothing was written`
}

/** `Kind/name field: message mend`, as far as it is known. */
export const mistakeLine = (mistake: Problems.Mistake): string => {
  const record = mistake.kind === undefined ? [] : [`${mistake.kind}/${mistake.name ?? "?"}`]
  if (mistake.field === "" && mistake.message.startsWith(`${record[0]} `)) return `${mistake.message} ${mistake.mend}`
  const where = [...record, ...(mistake.field === "" ? [] : [mistake.field])].join(" ")
  return `${where === "" ? "" : `${where}: `}${mistake.message} ${mistake.mend}`
}

const started = "start it with `npm start`, or say where it is with PLUMB_URL"

export const explain = (error: unknown, { url, token, home }: Connection): CommandFailure => {
  if (error instanceof CommandFailure) return error
  if (error instanceof Problems.Invalid || error instanceof Problems.Malformed) {
    return new CommandFailure({
      message: notWritten(error.message),
      details: error.problems.map(mistakeLine),
      problems: error.problems,
    })
  }
  if (error instanceof Problems.Conflict) {
    return new CommandFailure({
      message: notWritten(error.message),
      details: error.versions.map(
        ({ kind, name, expected, actual }) =>
          `${kind}/${name}: version ${expected} was seen, version ${actual} is there`,
      ),
      mend: "somebody else wrote meanwhile: look again, and repeat",
    })
  }
  if (error instanceof Problems.PruneRefused) {
    return new CommandFailure({
      message: notWritten(error.message),
      details: error.wouldDelete.map((record) => `would delete ${record}`),
      mend: error.confirmable
        ? "if all of them are meant, repeat with --confirm-prune"
        : "delete them one by one with `plumb delete` if that is meant",
    })
  }
  if (error instanceof Problems.Unauthenticated) {
    return new CommandFailure({
      message:
        token === undefined ? `${url} wants a token, and there is none in ${home}` : `${url} does not accept the token`,
      mend: "give it in PLUMB_TOKEN; `plumb up` keeps it in PLUMB_HOME/admin.token",
    })
  }
  if (error instanceof Problems.Unavailable) {
    return new CommandFailure({ message: error.message, mend: "wait a moment and repeat" })
  }
  if (error instanceof HttpClientError) {
    if (error.reason._tag === "TransportError") {
      return new CommandFailure({ message: `no API answers at ${url} (${transportWords(error)})`, mend: started })
    }
    return new CommandFailure({
      message: `what answers at ${url} is not Plumbline's API, or another version of it (${wordsOf(error)})`,
      mend: started,
    })
  }
  if (Schema.isSchemaError(error)) {
    return new CommandFailure({
      message: `the API at ${url} was asked or answered in a way that this version of plumb does not know: ${error.message}`,
      mend: "use the plumb that came with the API",
    })
  }
  return new CommandFailure({ message: wordsOf(error) })
}

/** fetch says "fetch failed" and hides the reason one or two causes deeper. */
const transportWords = (error: HttpClientError): string => {
  let words = error.message
  for (let cause: unknown = error.cause; cause instanceof Error; cause = cause.cause) {
    words = "code" in cause && typeof cause.code === "string" ? cause.code : cause.message
    if (cause instanceof AggregateError && cause.errors[0] instanceof Error) return wordsOf(cause.errors[0])
  }
  return words === "ECONNREFUSED" ? "nothing listens there" : words
}
