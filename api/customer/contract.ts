/**
 * A customer's things under the names that people use: websites, databases, jobs, keys, backups. Each is a record, seen from
 * another side; whatever is done here stands in its history as if it were written there.
 *
 * The one thing to know before changing it: nothing is kept here. A thing's `id` is its record's name, its fields are those of
 * the record's spec (`/schemas/KIND.json`), and a mistake is told by the field as it was sent here.
 */
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import * as Schema from "effect/Schema"
import { Authenticated } from "../identity/actor.ts"
import { ActsOn } from "../identity/scopes.ts"
import * as Problems from "../problems.ts"
import * as Shapes from "../shapes.ts"

const text = (most: number) => Schema.String.check(Schema.isMaxLength(most))
const id = { id: text(100) }
const headers = { "idempotency-key": Schema.optionalKey(Schema.String) }
const seen = { "if-match": Schema.optionalKey(Schema.String), ...headers }
/** Fields of the spec. Of a new one also `id`, and `account` where there are several. */
const fields = Schema.Record(Schema.String, Schema.Json)
const limit = Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1000 })))
const page = <Item extends Schema.Top>(item: Item) =>
  Schema.Struct({ items: Schema.Array(item), next: Schema.NullOr(Schema.String) })
const errors = [Problems.NotFound, Problems.Conflict, Problems.Invalid] as const

const collection = <const Name extends string, const Path extends `/v1/customer/${string}`>(name: Name, path: Path) =>
  HttpApiGroup.make(name)
    .add(
      HttpApiEndpoint.get("list", path, {
        query: {
          account: Schema.optionalKey(text(100)),
          /** A part of the name or of anything in it: a domain, say. */
          search: Schema.optionalKey(text(200)),
          sort: Schema.optionalKey(Schema.Literals(["name", "-name", "updated", "-updated"])),
          limit,
          after: Schema.optionalKey(Schema.String),
        },
        success: page(Shapes.Thing),
      }),
      HttpApiEndpoint.post("make", path, {
        headers,
        payload: fields,
        success: Shapes.Thing.pipe(HttpApiSchema.status(201)),
        error: errors,
      }),
      HttpApiEndpoint.get("read", `${path}/:id`, { params: id, success: Shapes.Thing, error: Problems.NotFound }),
      /** JSON Merge Patch: what is left out stays. `If-Match` with the version that was seen, or whatever is there. */
      HttpApiEndpoint.patch("change", `${path}/:id`, {
        params: id,
        headers: seen,
        payload: fields,
        success: Shapes.Thing,
        error: errors,
      }),
      /** What it holds goes to the trash of its host, and comes back with a rollback. */
      HttpApiEndpoint.delete("remove", `${path}/:id`, {
        params: id,
        headers: seen,
        success: Shapes.Thing,
        error: errors,
      }),
    )
    .annotate(ActsOn, "records")

export const websites = collection("websites", "/v1/customer/websites")
  .add(
    HttpApiEndpoint.get("php", "/v1/customer/websites/:id/php", {
      params: id,
      success: Shapes.WebsitePhp,
      error: Problems.NotFound,
    }),
    /**
     * `version` moves the site to the account's PHP of that version, which is made where there is none, or to none (null). The
     * other fields are those of that PHP, and count for all sites that it runs.
     */
    HttpApiEndpoint.put("setPhp", "/v1/customer/websites/:id/php", {
      params: id,
      headers,
      payload: fields,
      success: Shapes.WebsitePhp,
      error: errors,
    }),
    HttpApiEndpoint.post("suspend", "/v1/customer/websites/:id/suspend", {
      params: id,
      headers,
      success: Shapes.Thing,
      error: errors,
    }),
    HttpApiEndpoint.post("activate", "/v1/customer/websites/:id/activate", {
      params: id,
      headers,
      success: Shapes.Thing,
      error: errors,
    }),
  )
  .middleware(Authenticated)

export const databases = collection("databases", "/v1/customer/databases").middleware(Authenticated)

export const cron = collection("cron", "/v1/customer/cron").middleware(Authenticated)

export const keys = collection("keys", "/v1/customer/ssh/keys").middleware(Authenticated)

export const backups = HttpApiGroup.make("backups")
  .add(
    /** Those that there are to restore, newest first, as their hosts last told. */
    HttpApiEndpoint.get("list", "/v1/customer/backups", {
      query: { account: Schema.optionalKey(text(100)) },
      success: Schema.Struct({ items: Schema.Array(Shapes.BackupKept) }),
    }),
    /** Asks for one now. What became of it: `GET /v1/status?kind=Backup&name=ID`. */
    HttpApiEndpoint.post("make", "/v1/customer/backups", {
      headers,
      payload: Schema.Struct({ account: Schema.optionalKey(text(100)), id: Schema.optionalKey(text(100)) }),
      success: Shapes.Thing.pipe(HttpApiSchema.status(201)),
      error: errors,
    }),
    /** `:id` of a backup in the list, or `latest`. The fields are those of a Restore: `what`, `to`, `preview`. */
    HttpApiEndpoint.post("restore", "/v1/customer/backups/:id/restore", {
      params: id,
      headers,
      payload: fields,
      success: Shapes.Thing.pipe(HttpApiSchema.status(201)),
      error: errors,
    }),
  )
  .annotate(ActsOn, "records")
  .middleware(Authenticated)

export const dashboard = HttpApiGroup.make("dashboard")
  .add(HttpApiEndpoint.get("customer", "/v1/customer/dashboard", { success: Shapes.CustomerDashboard }))
  .annotate(ActsOn, "live")
  .middleware(Authenticated)
