/** /v1/records, /v1/apply, /v1/diff, /v1/export */
import * as Effect from "effect/Effect"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import type { Json } from "effect/Schema"
import * as Stream from "effect/Stream"
import { Api } from "../contract.ts"
import { Actor } from "../identity/actor.ts"
import * as Audit from "../identity/audit.ts"
import { Malformed, NotFound } from "../problems.ts"
import type { Change, StoredRecord } from "../shapes.ts"
import { inTime } from "../store/database.ts"
import { yamlOf } from "../store/document.ts"
import { mergePatch } from "../store/merge-patch.ts"
import { documentOf } from "../store/plan.ts"
import * as Records from "../store/records.ts"
import type { RecordRow } from "../store/rows.ts"
import { withSight } from "../store/sight.ts"
import { changeSwiftly } from "../store/swift.ts"
import { answerGlance } from "./answer.ts"
import { answerActor } from "./answer-actor.ts"
import { idempotent } from "./idempotent.ts"
import { many, one, patchOne, versionOf, writeOne } from "./one-record.ts"
import { noted } from "./written.ts"

export const layer = HttpApiBuilder.group(Api, "records", (handlers) =>
  handlers
    .handle("list", ({ query: { deleted, ...query } }) => {
      const filter = { ...query, ...(deleted === undefined ? {} : { deleted: deleted === "true" }) }
      return answerGlance(
        Effect.gen(function* () {
          const { sight } = yield* Actor
          const atOnce = Records.listAs(sight, filter)
          return asItIs<Page>(yield* atOnce ?? inTime(withSight(sight)(Records.list(filter))))
        }),
      )
    })
    .handle("read", ({ params }) =>
      answerGlance(
        Effect.gen(function* () {
          const { sight } = yield* Actor
          return asItIs<StoredRecord>(yield* Records.readAs(sight, params.kind, params.name))
        }),
      ),
    )
    .handle("write", ({ params: { kind, name }, query, headers, payload }) =>
      answerActor(
        Effect.gen(function* () {
          const version = yield* versionOf(query.version, headers["if-match"])
          const change = yield* writeOne(kind, name, payload, version ?? 0, trial(query))
          return change ?? (yield* Effect.die("a written record is no change"))
        }).pipe(idempotent(headers["idempotency-key"], { write: [kind, name, query, headers["if-match"], payload] })),
      ).pipe(
        orSwiftly({ kind, name, query, headers }, ({ version = 0 }) => (version === 0 ? undefined : () => payload)),
      ),
    )
    .handle("patch", ({ params: { kind, name }, query, headers, payload }) =>
      answerActor(
        Effect.gen(function* () {
          const version = yield* versionOf(query.version, headers["if-match"])
          return yield* patchOne(kind, name, payload, version, trial(query))
        }).pipe(idempotent(headers["idempotency-key"], { patch: [kind, name, query, headers["if-match"], payload] })),
      ).pipe(orSwiftly({ kind, name, query, headers }, () => (before) => mergePatch(documentOf(before), payload))),
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

interface Page {
  readonly items: ReadonlyArray<StoredRecord>
  readonly next: string | null
}

/** What is asked for most has the contract's form already: to look through it once more would take as long as all the rest. */
const asItIs = <Form>(value: Form) => HttpServerResponse.jsonUnsafe(value)

interface Asked {
  readonly kind: string
  readonly name: string
  readonly query: { readonly version?: number; readonly dryRun?: "true" | "false" }
  readonly headers: { readonly "if-match"?: string; readonly "idempotency-key"?: string }
}

/** First the short way, where it leads to the end; `made`: the document that there shall be, by the version that was seen. */
const orSwiftly =
  (
    { headers, kind, name, query }: Asked,
    made: (seen: { readonly version?: number | undefined }) => ((before: RecordRow) => Json) | undefined,
  ) =>
  <E, R>(long: Effect.Effect<Change, E, R>) =>
    Effect.gen(function* () {
      const version = yield* versionOf(query.version, headers["if-match"])
      const make = made({ version })
      if (make === undefined || trial(query).dryRun || headers["idempotency-key"] !== undefined) return yield* long
      const { name: actor, sight } = yield* Actor
      const via = "api"
      const audit = (change: Change) => Audit.entryDone({ action: "records.written", ...noted([change], via) })
      return (
        (yield* answerGlance(changeSwiftly(sight, { kind, name, version, make, actor, via, audit }))) ?? (yield* long)
      )
    })

const trial = ({ dryRun }: { readonly dryRun?: "true" | "false" }) => ({ dryRun: dryRun === "true" })
