/**
 * The HTTP API as data: every endpoint with what it takes, answers and refuses. The server implements it (`api/http`),
 * the `plumb` command calls it, the OpenAPI document is made from it.
 *
 * The one thing to know before changing it: every endpoint but health, the schemas and the log-in is behind `Authenticated`, and a
 * write names the version that it saw (`version`: that of the record read, 0 for "there is none yet").
 */

import * as HttpApi from "effect/http-api/HttpApi"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as HttpApiMiddleware from "effect/http-api/HttpApiMiddleware"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import * as OpenApi from "effect/http-api/OpenApi"
import * as Schema from "effect/Schema"
import { Instant } from "../spec/record.ts"
import { config } from "./config/contract.ts"
import { backups, cron, dashboard, databases, keys, websites } from "./customer/contract.ts"
import { Authenticated } from "./identity/actor.ts"
import * as Identity from "./identity/contract.ts"
import { Reads } from "./identity/scopes.ts"
import { users } from "./identity/users-contract.ts"
import { packages } from "./offers/contract.ts"
import { figures } from "./operator/contract.ts"
import * as Problems from "./problems.ts"
import * as Shapes from "./shapes.ts"
import { LooksAt } from "./store/looks-at.ts"
import { customers, reseller, resellers } from "./tenancy/contract.ts"
import { webhooks } from "./webhooks/contract.ts"

/** Turns a request that does not decode into a `Malformed` problem, and a lost database into `Unavailable`. */
export class AsProblems extends HttpApiMiddleware.Service<AsProblems>()("plumbline/api/AsProblems", {
  error: [
    Problems.Malformed,
    Problems.TooLarge,
    Problems.Unsupported,
    Problems.Unavailable,
    Problems.Forbidden,
    Problems.InternalError,
  ],
}) {}

const recordPath = { kind: Schema.String, name: Schema.String }
/** What would be done, and nothing is. */
const dryRun = Schema.optionalKey(Schema.Literals(["true", "false"]))
const ifMatch = { "if-match": Schema.optionalKey(Schema.String) }
/** Sent again with the same key, a request is answered as it was. */
const idempotencyKey = { "idempotency-key": Schema.optionalKey(Schema.String) }
const limit = Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1000 })))
const page = <Item extends Schema.Top>(item: Item) =>
  // `next`: give it as `after` for the page behind this one; null on the last.
  Schema.Struct({ items: Schema.Array(item), next: Schema.NullOr(Schema.String) })

/** What a set of records is applied or compared with. */
const set = {
  /** As read from YAML or JSON: each is validated here, and all mistakes are answered together. */
  records: Schema.Array(Schema.Json),
  /**
   * Names the set, a folder for instance. Records are stamped with it and only it prunes them; a record of another
   * source is taken over, which the answer says. Left out: whose records they are stays as it is.
   */
  source: Schema.optionalKey(Schema.String.check(Schema.isPattern(/^[\x21-\x7e][\x20-\x7e]{0,254}$/))),
  /** Delete what the source had and the set no longer has. */
  prune: Schema.optionalKey(Schema.Boolean),
  /** A person agrees to a prune over the guard's share. It does not lift the refusal of an empty set. */
  confirmPrune: Schema.optionalKey(Schema.Boolean),
  /** `Kind/name` to the version that was seen; 0: must not exist. */
  expectVersions: Schema.optionalKey(Schema.Record(Schema.String, Schema.Int)),
}

export const ApplyRequest = Schema.Struct({ ...set, dryRun: Schema.optionalKey(Schema.Boolean) })
export const DiffRequest = Schema.Struct(set)

const health = HttpApiGroup.make("health")
  .add(
    HttpApiEndpoint.get("health", "/health", {
      success: Schema.Struct({ status: Schema.Literal("ok"), database: Schema.Literal("up") }),
    }),
    /** 503 where requests should go to another process: no database, or tables of another version. */
    HttpApiEndpoint.get("ready", "/ready", {
      /** `agents=required`: also while the agent of any node is silent. */
      query: { agents: Schema.optionalKey(Schema.Literal("required")) },
      success: Shapes.Readiness,
    }),
    HttpApiEndpoint.get("schema", "/schemas/:file", {
      params: { file: Schema.String },
      success: Schema.Json.pipe(HttpApiSchema.asJson({ contentType: "application/schema+json" })),
      error: Problems.NotFound,
    }),
  )
  .middleware(AsProblems)

const records = HttpApiGroup.make("records")
  .add(
    HttpApiEndpoint.get("list", "/v1/records", {
      query: {
        kind: Schema.optionalKey(Schema.String),
        /** `key=value`, or `key` alone for "has it". */
        label: Schema.optionalKey(Schema.Array(Schema.String)),
        prefix: Schema.optionalKey(Schema.String),
        /** A part of the name, a label or anything in the spec: a domain, say. */
        search: Schema.optionalKey(Schema.String.check(Schema.isMaxLength(200))),
        sort: Schema.optionalKey(Schema.Literals(["name", "-name", "updated", "-updated"])),
        deleted: Schema.optionalKey(Schema.Literals(["true", "false"])),
        limit,
        after: Schema.optionalKey(Schema.String),
      },
      success: page(Shapes.StoredRecord),
    }),
    HttpApiEndpoint.get("read", "/v1/records/:kind/:name", {
      params: recordPath,
      success: Shapes.StoredRecord,
      error: Problems.NotFound,
    }).annotate(LooksAt, "record"),
    HttpApiEndpoint.put("write", "/v1/records/:kind/:name", {
      params: recordPath,
      /** The version that was seen, here or as If-Match: "7". Neither: the record must be new. */
      query: { version: Schema.optionalKey(Schema.Int), dryRun },
      headers: { ...ifMatch, ...idempotencyKey },
      payload: Schema.Json,
      success: Shapes.Change,
      error: [Problems.Conflict, Problems.Invalid],
    }).annotate(LooksAt, "touched"),
    /** JSON Merge Patch (RFC 7396). Without a version: of whatever is there. */
    HttpApiEndpoint.patch("patch", "/v1/records/:kind/:name", {
      params: recordPath,
      query: { version: Schema.optionalKey(Schema.Int), dryRun },
      headers: { ...ifMatch, ...idempotencyKey },
      payload: [Schema.Json, Schema.Json.pipe(HttpApiSchema.asJson({ contentType: "application/merge-patch+json" }))],
      success: Shapes.Change,
      error: [Problems.NotFound, Problems.Conflict, Problems.Invalid],
    }).annotate(LooksAt, "touched"),
    HttpApiEndpoint.delete("remove", "/v1/records/:kind/:name", {
      params: recordPath,
      /** `confirm`: a person agrees to a removal that the agent's guard would hold back. */
      query: {
        version: Schema.optionalKey(Schema.Int),
        confirm: Schema.optionalKey(Schema.Literals(["true", "false"])),
        dryRun,
      },
      headers: { ...ifMatch, ...idempotencyKey },
      success: Shapes.Change,
      error: [Problems.NotFound, Problems.Conflict, Problems.Invalid],
    }),
    HttpApiEndpoint.post("apply", "/v1/apply", {
      headers: idempotencyKey,
      payload: ApplyRequest,
      success: Shapes.Applied,
      error: [Problems.Conflict, Problems.Invalid, Problems.PruneRefused],
    }),
    HttpApiEndpoint.post("diff", "/v1/diff", {
      payload: DiffRequest,
      success: Shapes.Applied,
      error: [Problems.Conflict, Problems.Invalid, Problems.PruneRefused],
    }).annotate(Reads, true),
    HttpApiEndpoint.get("export", "/v1/export", {
      query: {
        format: Schema.optionalKey(Schema.Literals(["yaml", "json"])),
        kind: Schema.optionalKey(Schema.String),
        source: Schema.optionalKey(Schema.String),
      },
      /** One multi-document YAML text, or a JSON list. Desired state only; deleted records are left out. */
      success: [
        Schema.String.pipe(HttpApiSchema.asText({ contentType: "application/yaml" })),
        Schema.Array(Shapes.DesiredRecord),
      ],
    }),
  )
  .middleware(AsProblems)
  .middleware(Authenticated)

const history = HttpApiGroup.make("history")
  .add(
    HttpApiEndpoint.get("history", "/v1/history/:kind/:name", {
      params: recordPath,
      query: { limit, after: Schema.optionalKey(Schema.String) },
      /** Newest first. */
      success: page(Shapes.Revision),
      error: Problems.NotFound,
    }),
    /** `to` left out: the newest. */
    HttpApiEndpoint.get("diff", "/v1/history/:kind/:name/diff", {
      params: recordPath,
      query: { from: Schema.Int, to: Schema.optionalKey(Schema.Int) },
      success: Shapes.RevisionDiff,
      error: Problems.NotFound,
    }),
    HttpApiEndpoint.post("rollback", "/v1/rollback", {
      headers: idempotencyKey,
      /** Writes the state of that revision (`seq`) again, as a new write; on a tombstone, takes the delete back. */
      payload: Schema.Struct({
        kind: Schema.String,
        name: Schema.String,
        revision: Schema.Int,
        /** The version that was seen; left out: whatever is there. */
        version: Schema.optionalKey(Schema.Int),
      }),
      success: Shapes.Change,
      error: [Problems.NotFound, Problems.Conflict, Problems.Invalid],
    }),
  )
  .middleware(AsProblems)
  .middleware(Authenticated)

const live = HttpApiGroup.make("live")
  .add(
    HttpApiEndpoint.get("status", "/v1/status", {
      query: { kind: Schema.optionalKey(Schema.String), name: Schema.optionalKey(Schema.String) },
      success: Shapes.Status,
    }),
    /** With `Last-Event-ID`, or the same as a parameter, what has changed since instead of `resync`. */
    HttpApiEndpoint.get("events", "/v1/events", {
      query: { lastEventId: Schema.optionalKey(Schema.String.check(Schema.isMaxLength(100))) },
      headers: { "last-event-id": Schema.optionalKey(Schema.String.check(Schema.isMaxLength(100))) },
      success: HttpApiSchema.StreamSse({ data: Shapes.Event }),
    }),
    HttpApiEndpoint.get("drift", "/v1/drift", {
      query: {
        node: Schema.optionalKey(Schema.String),
        kind: Schema.optionalKey(Schema.String),
        name: Schema.optionalKey(Schema.String),
        outcome: Schema.optionalKey(Shapes.DriftEvent.fields.outcome),
        stream: Schema.optionalKey(Shapes.DriftEvent.fields.stream),
        limit,
        after: Schema.optionalKey(Schema.String),
      },
      /** Newest first. */
      success: page(Shapes.DriftEvent),
    }),
    HttpApiEndpoint.get("driftEvent", "/v1/drift/:seq", {
      params: { seq: Schema.Int },
      success: Shapes.DriftDetail,
      error: Problems.NotFound,
    }),
    HttpApiEndpoint.get("usage", "/v1/usage", {
      query: { kind: Schema.optionalKey(Schema.String), name: Schema.optionalKey(Schema.String) },
      success: Schema.Struct({ items: Schema.Array(Shapes.UsageEntry) }),
    }),
    HttpApiEndpoint.get("traffic", "/v1/traffic", {
      query: {
        kind: Schema.optionalKey(Schema.String),
        name: Schema.optionalKey(Schema.String),
        // Days in UTC, with today.
        days: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 3660 }))),
        limit,
        after: Schema.optionalKey(Schema.String),
      },
      success: page(Shapes.TrafficDay),
    }),
    HttpApiEndpoint.get("measurements", "/v1/measurements", {
      query: {
        node: Schema.optionalKey(Schema.String),
        kind: Schema.optionalKey(Schema.String),
        name: Schema.optionalKey(Schema.String),
        measure: Schema.optionalKey(Schema.String),
        limit,
        after: Schema.optionalKey(Schema.String),
      },
      success: page(Shapes.Measurement),
    }),
    HttpApiEndpoint.get("explain", "/v1/explain", {
      /** Exactly one of the three. */
      query: {
        path: Schema.optionalKey(Schema.String),
        unit: Schema.optionalKey(Schema.String),
        user: Schema.optionalKey(Schema.String),
        node: Schema.optionalKey(Schema.String),
      },
      /** One for each node that has it; a path that nobody owns is NotFound. */
      success: Schema.Array(Shapes.Owner),
      error: Problems.NotFound,
    }),
  )
  .middleware(AsProblems)
  .middleware(Authenticated)

const passwords = HttpApiGroup.make("passwords")
  .add(
    HttpApiEndpoint.post("database", "/v1/records/Database/:name/users/:user/password", {
      params: { name: Schema.String, user: Schema.String },
      /** Left out, a password is made and answered once. Only what the server needs of it is kept, in the record. */
      payload: Schema.Struct({ password: Schema.optionalKey(Schema.String) }),
      success: Shapes.PasswordSet,
      error: [Problems.NotFound, Problems.Conflict, Problems.Invalid],
    }),
  )
  .middleware(AsProblems)
  .middleware(Authenticated)

const secrets = HttpApiGroup.make("secrets")
  .add(
    /** Asks a node for all secrets, in a file that the recovery key of its host opens and nobody here. */
    HttpApiEndpoint.post("ask", "/v1/secret-exports", {
      payload: Schema.Struct({ node: Schema.optionalKey(Schema.String) }),
      success: Shapes.SecretExport,
      error: Problems.NotFound,
    }),
    HttpApiEndpoint.get("read", "/v1/secret-exports/:id", {
      params: { id: Schema.String },
      success: Shapes.SecretExport,
      error: Problems.NotFound,
    }),
    HttpApiEndpoint.delete("remove", "/v1/secret-exports/:id", {
      params: { id: Schema.String },
      success: Shapes.SecretExport,
      error: Problems.NotFound,
    }),
  )
  .middleware(AsProblems)
  .middleware(Authenticated)

const runs = HttpApiGroup.make("runs")
  .add(
    HttpApiEndpoint.get("list", "/v1/runs", {
      query: {
        node: Schema.optionalKey(Schema.String),
        kind: Schema.optionalKey(Schema.String),
        name: Schema.optionalKey(Schema.String),
        outcome: Schema.optionalKey(Shapes.Run.fields.outcome),
        limit,
        after: Schema.optionalKey(Schema.String),
      },
      /** Newest first. Where one record is named, also when it runs next. */
      success: Schema.Struct({ ...page(Shapes.Run).fields, upcoming: Schema.Array(Instant) }),
      error: Problems.NotFound,
    }),
    HttpApiEndpoint.get("read", "/v1/runs/:run", {
      params: { run: Schema.String },
      success: Shapes.RunDetail,
      error: Problems.NotFound,
    }),
    HttpApiEndpoint.get("reports", "/v1/reports", {
      query: { kind: Schema.String, name: Schema.String },
      success: Schema.Struct({ items: Schema.Array(Shapes.Report) }),
      error: Problems.NotFound,
    }),
    /** Asks for a run beside the schedule: a write of the record, whose host then runs it once. */
    HttpApiEndpoint.post("run", "/v1/runs", {
      headers: idempotencyKey,
      payload: Schema.Struct(recordPath),
      success: Shapes.Change,
      error: [Problems.NotFound, Problems.Conflict, Problems.Invalid],
    }),
  )
  .middleware(AsProblems)
  .middleware(Authenticated)

const pauses = HttpApiGroup.make("pauses")
  .add(
    HttpApiEndpoint.get("list", "/v1/pauses", { success: Schema.Array(Shapes.Pause) }),
    HttpApiEndpoint.post("pause", "/v1/pauses", {
      payload: Schema.Struct({
        kind: Schema.optionalKey(Schema.String),
        name: Schema.optionalKey(Schema.String),
        mode: Schema.Literals(["pause", "observe"]),
        reason: Schema.String.check(Schema.isBetweenLength(1, 500)),
        /** ISO 8601; left out: until somebody resumes. */
        until: Schema.optionalKey(Instant),
      }),
      success: Shapes.Pause,
      error: Problems.Invalid,
    }),
    /** Ends the pauses of exactly that scope: no kind and no name is the pause of everything. */
    HttpApiEndpoint.delete("resume", "/v1/pauses", {
      query: { kind: Schema.optionalKey(Schema.String), name: Schema.optionalKey(Schema.String) },
      success: Schema.Array(Shapes.Pause),
      error: Problems.NotFound,
    }),
    HttpApiEndpoint.delete("resumeOne", "/v1/pauses/:id", {
      params: { id: Schema.String },
      success: Shapes.Pause,
      error: Problems.NotFound,
    }),
  )
  .middleware(AsProblems)
  .middleware(Authenticated)

export const Api = HttpApi.make("plumbline")
  .add(health, Identity.login.middleware(AsProblems), Identity.sessions.middleware(AsProblems))
  .add(
    Identity.audit.middleware(AsProblems),
    Identity.chain.middleware(AsProblems),
    config.middleware(AsProblems),
    webhooks.middleware(AsProblems),
    users.middleware(AsProblems),
  )
  .add(resellers.middleware(AsProblems), customers.middleware(AsProblems), reseller.middleware(AsProblems))
  .add(figures.middleware(AsProblems))
  .add(packages.middleware(AsProblems))
  .add(websites.middleware(AsProblems), databases.middleware(AsProblems), cron.middleware(AsProblems))
  .add(keys.middleware(AsProblems), backups.middleware(AsProblems), dashboard.middleware(AsProblems))
  .add(records, history, live, passwords, secrets, runs, pauses)
  .annotate(OpenApi.Title, "Plumbline")
  .annotate(OpenApi.Version, "1")
  .annotate(
    OpenApi.Description,
    "What is wanted of a web-hosting business's servers, what became of it, and who wanted it. Mistakes are problem documents (RFC 9457).",
  )
  .annotate(HttpApi.ParamsParseOptions, { errors: "all" })
  .annotate(HttpApi.QueryParseOptions, { errors: "all", onExcessProperty: "error" })
  .annotate(HttpApi.PayloadParseOptions, { errors: "all", onExcessProperty: "error" })
