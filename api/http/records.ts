/** /v1/records, /v1/apply, /v1/diff, /v1/export */
import * as Effect from "effect/Effect"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import * as Stream from "effect/Stream"
import { Api } from "../contract.ts"
import { Actor } from "../identity/actor.ts"
import { Malformed, NotFound } from "../problems.ts"
import type { Change, StoredRecord } from "../shapes.ts"
import { inTime } from "../store/database.ts"
import { yamlOf } from "../store/document.ts"
import { mergePatch } from "../store/merge-patch.ts"
import { documentOf } from "../store/plan.ts"
import * as Records from "../store/records.ts"
import { withSight } from "../store/sight.ts"
import { answerGlance } from "./answer.ts"
import { answerActor } from "./answer-actor.ts"
import { idempotent } from "./idempotent.ts"
import { many, one, patchOne, versionOf, writeOne } from "./one-record.ts"
import { type Asked, swiftly } from "./swiftly.ts"

export const layer = HttpApiBuilder.group(Api, "records", (handlers) =>
  handlers
    .handle("list", ({ query: { deleted, ...query } }) =>
      answerGlance(listed({ ...query, ...(deleted === undefined ? {} : { deleted: deleted === "true" }) })),
    )
    .handle("read", ({ params }) => answerGlance(read(params.kind, params.name)))
    .handle("write", ({ params: { kind, name }, query, headers, payload }) =>
      answerActor(
        Effect.gen(function* () {
          const version = yield* versionOf(query.version, headers["if-match"])
          const change = yield* writeOne(kind, name, payload, version ?? 0, trial(query))
          return change ?? (yield* Effect.die("a written record is no change"))
        }).pipe(idempotent(headers["idempotency-key"], { write: [kind, name, query, headers["if-match"], payload] })),
      ).pipe(
        orSwiftly({ kind, name, query, version: query.version, headers }, ({ version = 0 }) =>
          version === 0 ? undefined : () => payload,
        ),
      ),
    )
    .handle("patch", ({ params: { kind, name }, query, headers, payload }) =>
      answerActor(
        Effect.gen(function* () {
          const version = yield* versionOf(query.version, headers["if-match"])
          return yield* patchOne(kind, name, payload, version, trial(query))
        }).pipe(idempotent(headers["idempotency-key"], { patch: [kind, name, query, headers["if-match"], payload] })),
      ).pipe(
        orSwiftly(
          { kind, name, query, version: query.version, headers },
          () => (before) => mergePatch(documentOf(before), payload),
        ),
      ),
    )
    .handle("remove", ({ params: { kind, name }, query, headers }) =>
      answerActor(
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
            ...trial(query),
            diffs: trial(query).dryRun,
          })
          // Between the reading and the delete the agent was done with it.
          return change ?? (yield* new NotFound({ detail: `There is no ${key} any more.` }))
        }).pipe(idempotent(headers["idempotency-key"], { remove: [kind, name, query, headers["if-match"]] })),
      ),
    )
    .handle("apply", ({ headers, payload }) =>
      answerActor(
        many({ ...payload, diffs: payload.dryRun === true }).pipe(
          idempotent(headers["idempotency-key"], { apply: payload }),
        ),
      ),
    )
    .handle("diff", ({ payload }) => answerActor(many({ ...payload, dryRun: true, diffs: true })))
    .handle("export", ({ query: { format, ...filter } }) =>
      answerActor(
        Effect.map(Records.desired(filter), (rows) =>
          format === "json"
            ? HttpServerResponse.jsonUnsafe(rows.map(documentOf))
            : HttpServerResponse.stream(Stream.encodeText(yamlOf(rows)), { contentType: "application/yaml" }),
        ),
      ),
    ),
)

// Written once, not for each request: authenticated.ts says why.
const listed = Effect.fnUntraced(function* (filter: Records.RecordFilter) {
  const { sight } = yield* Actor
  const atOnce = Records.listAs(sight, filter)
  return asItIs<Page>(yield* atOnce ?? inTime(withSight(sight)(Records.list(filter))))
})

const read = Effect.fnUntraced(function* (kind: string, name: string) {
  const { sight } = yield* Actor
  return asItIs<StoredRecord>(yield* Records.readAs(sight, kind, name))
})

interface Page {
  readonly items: ReadonlyArray<StoredRecord>
  readonly next: string | null
}

/** What is asked for most has the contract's form already: to look through it once more would take as long as all the rest. */
const asItIs = <Form>(value: Form) => HttpServerResponse.jsonUnsafe(value)

/** First the short way, where it leads to the end. */
const orSwiftly =
  (asked: Asked & Query, made: Parameters<typeof swiftly>[1]) =>
  <E, R>(long: Effect.Effect<Change, E, R>) =>
    Effect.flatMap(trial(asked.query).dryRun ? Effect.succeed(undefined) : swiftly(asked, made), (done) =>
      done === undefined ? long : Effect.succeed(done),
    )

interface Query {
  readonly query: { readonly dryRun?: "true" | "false" }
}

const trial = ({ dryRun }: Query["query"]) => ({ dryRun: dryRun === "true" })
