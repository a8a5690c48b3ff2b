/** /v1/records, /v1/apply, /v1/diff, /v1/export */
import * as Effect from "effect/Effect"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import type { Json } from "effect/Schema"
import * as Stream from "effect/Stream"
import { Api } from "../contract.ts"
import { Actor } from "../identity.ts"
import { Invalid, Malformed, type Mistake, NotFound } from "../problems.ts"
import { yamlOf } from "../store/document.ts"
import { documentOf } from "../store/plan.ts"
import * as Records from "../store/records.ts"
import { type Write, write } from "../store/write.ts"
import { answer } from "./answer.ts"

export const layer = HttpApiBuilder.group(Api, "records", (handlers) =>
  handlers
    .handle("list", ({ query: { deleted, ...query } }) =>
      answer(Records.list({ ...query, ...(deleted === undefined ? {} : { deleted: deleted === "true" }) })),
    )
    .handle("read", ({ params }) => answer(Records.read(params.kind, params.name)))
    .handle("write", ({ params: { kind, name }, query, headers, payload }) =>
      answer(
        Effect.gen(function* () {
          const version = yield* versionOf(query.version, headers["if-match"])
          const mistakes = strangers(payload, kind, name)
          if (mistakes.length > 0) return yield* new Invalid({ detail: "Nothing was written", problems: mistakes })
          const change = yield* one({ records: [payload], expectVersions: { [`${kind}/${name}`]: version ?? 0 } })
          return change ?? (yield* Effect.die("a written record is no change"))
        }),
      ),
    )
    .handle("remove", ({ params: { kind, name }, query, headers }) =>
      answer(
        Effect.gen(function* () {
          const version = yield* versionOf(query.version, headers["if-match"])
          if (version === undefined)
            return yield* new Malformed({
              detail: "A delete names the version of the record that was seen.",
              problems: [{ field: "version", message: "The version is missing.", mend: "Give ?version= or If-Match." }],
            })
          yield* Records.read(kind, name)
          const key = `${kind}/${name}`
          const change = yield* one({
            records: [],
            unwanted: [{ key, confirmed: query.confirm === "true" }],
            expectVersions: { [key]: version },
          })
          // Between the reading and the delete the agent was done with it.
          return change ?? (yield* new NotFound({ detail: `There is no ${key} any more.` }))
        }),
      ),
    )
    .handle("apply", ({ payload }) => answer(many({ ...payload, diffs: payload.dryRun === true })))
    .handle("diff", ({ payload }) => answer(many({ ...payload, dryRun: true, diffs: true })))
    .handle("export", ({ query: { format, ...filter } }) =>
      answer(
        Effect.map(Records.desired(filter), (rows) =>
          format === "json"
            ? HttpServerResponse.jsonUnsafe(rows.map(documentOf))
            : HttpServerResponse.stream(Stream.encodeText(yamlOf(rows)), { contentType: "application/yaml" }),
        ),
      ),
    ),
)

const many = Effect.fnUntraced(function* (request: Omit<Write, "actor" | "via">) {
  const { name: actor } = yield* Actor
  return yield* write({ ...request, actor, via: request.source ?? "api" })
})

/** A write of one record: what it did to it, or nothing where the record is gone. */
const one = Effect.fnUntraced(function* (request: Omit<Write, "actor" | "via">) {
  const { changes } = yield* Effect.catchTag(many(request), "PruneRefused", Effect.die)
  return changes[0]
})

const versionOf = (version: number | undefined, ifMatch: string | undefined) => {
  if (version !== undefined || ifMatch === undefined) return Effect.succeed(version)
  const tag = /^"?(\d{1,15})"?$/.exec(ifMatch)?.[1]
  return tag === undefined
    ? Effect.fail(
        new Malformed({
          detail: "If-Match is not a version.",
          problems: [{ field: '["if-match"]', message: "This is not a version.", mend: 'Write it as "7".' }],
        }),
      )
    : Effect.succeed(Number(tag))
}

/** The address says which record is written; a body that says otherwise is a mistake and not a rename. */
const strangers = (payload: Json, kind: string, name: string): ReadonlyArray<Mistake> => {
  const read = (value: Json | undefined, key: string): Json | undefined =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.entries(value).find(([own]) => own === key)?.[1]
      : undefined
  const given = { kind: read(payload, "kind"), "metadata.name": read(read(payload, "metadata"), "name") }
  return [
    { field: "kind" as const, asked: kind },
    { field: "metadata.name" as const, asked: name },
  ].flatMap(({ field, asked }) =>
    given[field] === undefined || given[field] === asked
      ? []
      : [{ kind, name, field, message: `The address says ${asked}.`, mend: "Write to the record's own address." }],
  )
}
