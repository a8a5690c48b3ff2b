/** /health, /ready and the published schemas: what anybody may read. */
import { PgClient } from "@effect/sql-pg/PgClient"
import * as Effect from "effect/Effect"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import { schemaFiles } from "../../spec/json-schema.ts"
import { Api } from "../contract.ts"
import { NotFound, Unavailable } from "../problems.ts"
import { readiness } from "../store/readiness.ts"
import { answer, databaseAway } from "./answer.ts"

const files = new Map(Object.entries(schemaFiles()))

export const layer = HttpApiBuilder.group(Api, "health", (handlers) =>
  handlers
    .handle("health", () =>
      answer(
        Effect.gen(function* () {
          const sql = yield* PgClient
          yield* sql`select 1`
          return { status: "ok", database: "up" } as const
        }).pipe(Effect.timeoutOrElse({ duration: "2 seconds", orElse: () => Effect.fail(databaseAway) })),
      ),
    )
    .handle("ready", ({ query }) =>
      answer(
        Effect.gen(function* () {
          const found = yield* readiness
          const silent = found.agents.filter(({ alive }) => !alive).map(({ node }) => node)
          return query.agents === "required" && silent.length > 0
            ? yield* new Unavailable({ detail: `Nothing was heard of the agent on ${silent.join(", ")} for a while.` })
            : found
        }).pipe(Effect.timeoutOrElse({ duration: "2 seconds", orElse: () => Effect.fail(databaseAway) })),
      ),
    )
    .handle("schema", ({ params: { file } }) => {
      const schema = files.get(file)
      return schema === undefined
        ? Effect.fail(
            new NotFound({ detail: `There is no schema ${file}; there are ${[...files.keys()].join(", ")}.` }),
          )
        : Effect.succeed(JSON.parse(JSON.stringify(schema)))
    }),
)
