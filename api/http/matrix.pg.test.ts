// Who may do what, and to what: every operation of the contract, as everybody, and what names a thing once for one's own, and for a
// sibling's, a stranger's and one that there is not. An operation that has no row here fails the run.

import { assert, describe, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as HttpApi from "effect/http-api/HttpApi"
import type * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import type * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import { aNode } from "../../fixtures/api/a-node.ts"
import { ApiUnderTest, type TestApi } from "../../fixtures/api/api-under-test.ts"
import { type Houses, makeHouses, record, type Slug, slugs } from "../../fixtures/api/houses.ts"
import { bearing, logIn, nobody } from "../../fixtures/api/people.ts"
import { onDatabase } from "../../fixtures/postgres/on-database.ts"
import { Api } from "../contract.ts"
import { scopeOf } from "../identity/scopes.ts"

type Role = "super-admin" | "auditor" | "reseller" | "customer" | "technical"
const everybody: ReadonlyArray<Role> = ["super-admin", "auditor", "reseller", "customer", "technical"]
const writers: ReadonlyArray<Role> = ["super-admin", "reseller", "customer", "technical"]
const overseers: ReadonlyArray<Role> = ["super-admin", "auditor"]
const operators: ReadonlyArray<Role> = ["super-admin"]
const keepers: ReadonlyArray<Role> = ["super-admin", "reseller", "customer"]
const sellers: ReadonlyArray<Role> = ["super-admin", "reseller"]

/** Something that is asked for by its name or id, whoever's it is. */
interface Thing {
  readonly site: string
  readonly cronJob: string
  readonly database: string
  readonly key: string
  /** A package that nobody offers: there only for those who have it. */
  readonly plan: string
  readonly backup: string
  readonly user: string
  readonly customer: string
  readonly drift: string
  readonly run: string
  readonly token: string
  readonly session: string
  readonly webhook: string
  readonly delivery: string
  /** Of the site. */
  readonly revision: number
}

interface Row {
  /** Who may: `anybody`, whoever has a log-in, or these. */
  readonly who: "anybody" | "log-in" | ReadonlyArray<Role>
  /** Path and body, where the operation names a thing that may be somebody's. */
  readonly of?: (thing: Thing) => { readonly path: string; readonly body?: object }
  /** What is sent where it names none. */
  readonly body?: object
  /** Answers with what is there and nothing else: a thing that is not to be seen is missing from a list. */
  readonly lists?: true
}

const anybody: Row = { who: "anybody" }
const logIns: Row = { who: "log-in" }

const rows: Readonly<Record<string, Row>> = {
  "GET /health": anybody,
  "GET /ready": anybody,
  "GET /schemas/:file": anybody,
  "POST /auth/login": anybody,
  "POST /auth/2fa/verify": anybody,
  "POST /auth/passkey/start": anybody,
  "POST /auth/passkey/finish": anybody,
  "POST /auth/refresh": anybody,
  // With nothing in it, it would end the session that asks.
  "POST /auth/logout": { who: "anybody", body: { refreshToken: "of nobody" } },
  "POST /auth/forgot-password": anybody,
  "POST /auth/reset-password": anybody,
  "POST /auth/first-run": anybody,
  "POST /auth/verify-email": anybody,

  "GET /auth/me": logIns,
  "PATCH /auth/me": logIns,
  "POST /auth/email": logIns,
  "POST /auth/acting/raise": logIns,
  "POST /auth/acting/end": logIns,
  "GET /auth/sessions": logIns,
  "DELETE /auth/sessions/:id": { who: "log-in", of: ({ session }) => ({ path: `/auth/sessions/${session}` }) },
  "DELETE /auth/sessions": logIns,
  "PUT /auth/password": logIns,
  "POST /auth/2fa/setup": logIns,
  "POST /auth/2fa/remove": logIns,
  "POST /auth/2fa/recovery-codes": logIns,
  "GET /auth/passkeys": logIns,
  "POST /auth/passkeys/setup": logIns,
  "POST /auth/passkeys": logIns,
  "POST /auth/passkeys/:id/remove": {
    who: "log-in",
    of: ({ user }) => ({ path: `/auth/passkeys/${user}/remove`, body: { password: "plinth-orbit-walnut-7" } }),
  },
  "GET /v1/tokens": logIns,
  "POST /v1/tokens": logIns,
  "DELETE /v1/tokens/:id": { who: "log-in", of: ({ token }) => ({ path: `/v1/tokens/${token}` }) },
  "POST /v1/first-run": logIns,

  "GET /v1/audit": { who: [...keepers, "auditor"] },
  "GET /v1/verify": { who: overseers },
  "GET /v1/config/email": { who: operators },
  "PUT /v1/config/email": { who: operators },
  "POST /v1/config/email/test": { who: operators },

  "GET /v1/config/security": { who: operators },
  "PUT /v1/config/security": { who: operators },
  "GET /v1/config/billing": { who: operators },
  "PUT /v1/config/billing": { who: operators },

  "GET /v1/webhooks": { who: [...keepers, "auditor"] },
  "POST /v1/webhooks": { who: keepers },
  "GET /v1/webhooks/:id": {
    who: [...keepers, "auditor"],
    of: ({ webhook }) => ({ path: `/v1/webhooks/${webhook}` }),
  },
  "PATCH /v1/webhooks/:id": {
    who: keepers,
    of: ({ webhook }) => ({ path: `/v1/webhooks/${webhook}`, body: { description: "changed" } }),
  },
  "POST /v1/webhooks/:id/secret": {
    who: keepers,
    of: ({ webhook }) => ({ path: `/v1/webhooks/${webhook}/secret` }),
  },
  "POST /v1/webhooks/:id/test": { who: keepers, of: ({ webhook }) => ({ path: `/v1/webhooks/${webhook}/test` }) },
  "GET /v1/webhooks/:id/deliveries": {
    who: [...keepers, "auditor"],
    of: ({ webhook }) => ({ path: `/v1/webhooks/${webhook}/deliveries` }),
  },
  "GET /v1/webhooks/:id/deliveries/:delivery": {
    who: [...keepers, "auditor"],
    of: ({ delivery, webhook }) => ({ path: `/v1/webhooks/${webhook}/deliveries/${delivery}` }),
  },
  "POST /v1/webhooks/:id/deliveries/:delivery/replay": {
    who: keepers,
    of: ({ delivery, webhook }) => ({ path: `/v1/webhooks/${webhook}/deliveries/${delivery}/replay` }),
  },
  "DELETE /v1/webhooks/:id": { who: keepers, of: ({ webhook }) => ({ path: `/v1/webhooks/${webhook}` }) },

  "GET /v1/users": { who: [...keepers, "auditor"] },
  "POST /v1/users": { who: keepers },
  "POST /v1/users/bulk": {
    who: keepers,
    of: ({ user }) => ({ path: "/v1/users/bulk", body: { action: "suspend", ids: [user] } }),
  },
  "GET /v1/users/:id": { who: [...keepers, "auditor"], of: ({ user }) => ({ path: `/v1/users/${user}` }) },
  "PATCH /v1/users/:id": {
    who: keepers,
    of: ({ user }) => ({ path: `/v1/users/${user}`, body: { name: "Renamed" } }),
  },
  "POST /v1/users/:id/suspend": {
    who: keepers,
    of: ({ user }) => ({ path: `/v1/users/${user}/suspend`, body: {} }),
  },
  "POST /v1/users/:id/activate": {
    who: keepers,
    of: ({ user }) => ({ path: `/v1/users/${user}/activate`, body: {} }),
  },
  "POST /v1/users/:id/invite": {
    who: keepers,
    of: ({ user }) => ({ path: `/v1/users/${user}/invite`, body: {} }),
  },
  "POST /v1/users/:id/login-as": {
    who: keepers,
    of: ({ user }) => ({ path: `/v1/users/${user}/login-as`, body: { reason: "to look" } }),
  },
  "DELETE /v1/users/:id/factors": { who: keepers, of: ({ user }) => ({ path: `/v1/users/${user}/factors` }) },
  "DELETE /v1/users/:id": { who: keepers, of: ({ user }) => ({ path: `/v1/users/${user}` }) },

  "GET /v1/resellers": { who: overseers },
  "POST /v1/resellers": { who: operators },
  "GET /v1/resellers/:id": { who: overseers },
  "PATCH /v1/resellers/:id": { who: operators },
  "DELETE /v1/resellers/:id": { who: operators },
  "GET /v1/customers": { who: [...keepers, "auditor"] },
  "POST /v1/customers": { who: sellers },
  "GET /v1/customers/:id": {
    who: [...keepers, "auditor"],
    of: ({ customer }) => ({ path: `/v1/customers/${customer}` }),
  },
  "PATCH /v1/customers/:id": {
    who: sellers,
    of: ({ customer }) => ({ path: `/v1/customers/${customer}`, body: { name: "Renamed" } }),
  },
  "DELETE /v1/customers/:id": { who: sellers, of: ({ customer }) => ({ path: `/v1/customers/${customer}` }) },

  "GET /v1/customer/websites": { who: everybody },
  "POST /v1/customer/websites": { who: writers },
  "GET /v1/customer/websites/:id": { who: everybody, of: ({ site }) => ({ path: `/v1/customer/websites/${site}` }) },
  "PATCH /v1/customer/websites/:id": {
    who: writers,
    of: ({ site }) => ({ path: `/v1/customer/websites/${site}`, body: { indexFiles: ["index.html"] } }),
  },
  "GET /v1/customer/websites/:id/php": {
    who: everybody,
    of: ({ site }) => ({ path: `/v1/customer/websites/${site}/php` }),
  },
  "PUT /v1/customer/websites/:id/php": {
    who: writers,
    of: ({ site }) => ({ path: `/v1/customer/websites/${site}/php`, body: { version: "8.2" } }),
  },
  "POST /v1/customer/websites/:id/suspend": {
    who: writers,
    of: ({ site }) => ({ path: `/v1/customer/websites/${site}/suspend` }),
  },
  "POST /v1/customer/websites/:id/activate": {
    who: writers,
    of: ({ site }) => ({ path: `/v1/customer/websites/${site}/activate` }),
  },
  "DELETE /v1/customer/websites/:id": { who: writers, of: ({ site }) => ({ path: `/v1/customer/websites/${site}` }) },
  "GET /v1/customer/databases": { who: everybody },
  "POST /v1/customer/databases": { who: writers },
  "GET /v1/customer/databases/:id": {
    who: everybody,
    of: ({ database }) => ({ path: `/v1/customer/databases/${database}` }),
  },
  "PATCH /v1/customer/databases/:id": {
    who: writers,
    of: ({ database }) => ({ path: `/v1/customer/databases/${database}`, body: { users: [] } }),
  },
  "DELETE /v1/customer/databases/:id": {
    who: writers,
    of: ({ database }) => ({ path: `/v1/customer/databases/${database}` }),
  },
  "GET /v1/customer/cron": { who: everybody },
  "POST /v1/customer/cron": { who: writers },
  "GET /v1/customer/cron/:id": {
    who: everybody,
    of: ({ cronJob }) => ({ path: `/v1/customer/cron/${cronJob}` }),
  },
  "PATCH /v1/customer/cron/:id": {
    who: writers,
    of: ({ cronJob }) => ({ path: `/v1/customer/cron/${cronJob}`, body: { paused: true } }),
  },
  "DELETE /v1/customer/cron/:id": {
    who: writers,
    of: ({ cronJob }) => ({ path: `/v1/customer/cron/${cronJob}` }),
  },
  "GET /v1/customer/ssh/keys": { who: everybody },
  "POST /v1/customer/ssh/keys": { who: writers },
  "GET /v1/customer/ssh/keys/:id": {
    who: everybody,
    of: ({ key }) => ({ path: `/v1/customer/ssh/keys/${key}` }),
  },
  "PATCH /v1/customer/ssh/keys/:id": {
    who: writers,
    of: ({ key }) => ({ path: `/v1/customer/ssh/keys/${key}`, body: { expires: "2099-01-01" } }),
  },
  "DELETE /v1/customer/ssh/keys/:id": {
    who: writers,
    of: ({ key }) => ({ path: `/v1/customer/ssh/keys/${key}` }),
  },
  "GET /v1/customer/backups": { who: everybody },
  "POST /v1/customer/backups": { who: writers },
  "POST /v1/customer/backups/:id/restore": {
    who: writers,
    of: ({ backup }) => ({ path: `/v1/customer/backups/${backup}/restore`, body: {} }),
  },
  "GET /v1/customer/dashboard": { who: everybody },

  "GET /v1/reseller/customers": { who: [...keepers, "auditor"] },
  "POST /v1/reseller/customers": { who: sellers },
  "GET /v1/reseller/customers/:id": {
    who: [...keepers, "auditor"],
    of: ({ customer }) => ({ path: `/v1/reseller/customers/${customer}` }),
  },
  "POST /v1/reseller/customers/:id/suspend": {
    who: sellers,
    of: ({ customer }) => ({ path: `/v1/reseller/customers/${customer}/suspend`, body: {} }),
  },
  "POST /v1/reseller/customers/:id/activate": {
    who: sellers,
    of: ({ customer }) => ({ path: `/v1/reseller/customers/${customer}/activate`, body: {} }),
  },
  "GET /v1/reseller/dashboard": { who: [...keepers, "auditor"] },

  "GET /v1/dashboard/metrics": { who: overseers },

  "GET /v1/packages": { who: everybody },
  "POST /v1/packages": { who: operators },
  "PUT /v1/packages/order": { who: operators },
  "GET /v1/packages/:id": { who: everybody, of: ({ plan }) => ({ path: `/v1/packages/${plan}` }) },
  "PATCH /v1/packages/:id": { who: operators },
  "DELETE /v1/packages/:id": { who: operators },

  "GET /v1/records": { who: everybody, lists: true, of: ({ site }) => ({ path: `/v1/records?prefix=${site}` }) },
  "GET /v1/records/:kind/:name": { who: everybody, of: ({ site }) => ({ path: `/v1/records/Site/${site}` }) },
  "PUT /v1/records/:kind/:name": {
    who: writers,
    // Of a version that was seen: what is not to be seen has none.
    of: ({ site }) => ({
      path: `/v1/records/Site/${site}?version=7`,
      body: record("Site", site, { account: "own", domains: ["new.example.org"] }),
    }),
  },
  "PATCH /v1/records/:kind/:name": {
    who: writers,
    of: ({ site }) => ({ path: `/v1/records/Site/${site}?dryRun=true`, body: { spec: { suspended: true } } }),
  },
  "DELETE /v1/records/:kind/:name": {
    who: writers,
    of: ({ site }) => ({ path: `/v1/records/Site/${site}?version=7` }),
  },
  "POST /v1/apply": { who: writers },
  "POST /v1/diff": { who: everybody },
  "GET /v1/export": { who: everybody },
  "GET /v1/history/:kind/:name": { who: everybody, of: ({ site }) => ({ path: `/v1/history/Site/${site}` }) },
  "GET /v1/history/:kind/:name/diff": {
    who: everybody,
    of: ({ revision, site }) => ({ path: `/v1/history/Site/${site}/diff?from=${revision}` }),
  },
  "POST /v1/rollback": {
    who: writers,
    of: ({ revision, site }) => ({ path: "/v1/rollback", body: { kind: "Site", name: site, revision } }),
  },
  "GET /v1/status": {
    who: everybody,
    lists: true,
    of: ({ site }) => ({ path: `/v1/status?kind=Site&name=${site}` }),
  },
  "GET /v1/events": { who: everybody },
  "GET /v1/drift": { who: everybody, lists: true, of: ({ site }) => ({ path: `/v1/drift?kind=Site&name=${site}` }) },
  "GET /v1/drift/:seq": { who: everybody, of: ({ drift }) => ({ path: `/v1/drift/${drift}` }) },
  "GET /v1/usage": { who: everybody },
  "GET /v1/traffic": {
    who: everybody,
    lists: true,
    of: ({ site }) => ({ path: `/v1/traffic?kind=Site&name=${site}` }),
  },
  "GET /v1/measurements": {
    who: everybody,
    lists: true,
    of: ({ site }) => ({ path: `/v1/measurements?kind=Site&name=${site}` }),
  },
  "GET /v1/explain": { who: everybody, of: ({ site }) => ({ path: `/v1/explain?path=/srv/${site}` }) },
  "POST /v1/records/Database/:name/users/:user/password": {
    who: writers,
    of: ({ database }) => ({
      path: `/v1/records/Database/${database}/users/${database.replace("-", "_")}/password`,
      body: {},
    }),
  },
  "POST /v1/secret-exports": { who: operators },
  "GET /v1/secret-exports/:id": { who: operators },
  "DELETE /v1/secret-exports/:id": { who: operators },
  "GET /v1/runs": {
    who: everybody,
    of: ({ cronJob }) => ({ path: `/v1/runs?kind=CronJob&name=${cronJob}` }),
  },
  "GET /v1/runs/:run": { who: everybody, of: ({ run }) => ({ path: `/v1/runs/${run}` }) },
  "GET /v1/reports": {
    who: everybody,
    of: ({ cronJob }) => ({ path: `/v1/reports?kind=CronJob&name=${cronJob}` }),
  },
  "POST /v1/runs": {
    who: writers,
    of: ({ cronJob }) => ({ path: "/v1/runs", body: { kind: "CronJob", name: cronJob } }),
  },
  "GET /v1/pauses": { who: overseers },
  "POST /v1/pauses": { who: operators },
  "DELETE /v1/pauses": { who: operators },
  "DELETE /v1/pauses/:id": { who: operators },
}

const operations: Array<{
  readonly key: string
  readonly endpoint: HttpApiEndpoint.Top
  readonly group: HttpApiGroup.Top
}> = []
HttpApi.reflect(Api, {
  onGroup: () => undefined,
  onEndpoint: ({ endpoint, group }) => operations.push({ key: `${endpoint.method} ${endpoint.path}`, endpoint, group }),
})

const send = Effect.fnUntraced(function* (
  key: string,
  path: string,
  headers: Record<string, string>,
  body: object = {},
) {
  const { fetch } = yield* ApiUnderTest
  const [method = ""] = key.split(" ")
  return yield* fetch(path, {
    method,
    headers: { "content-type": "application/json", ...headers },
    ...(method === "GET" || method === "DELETE" ? {} : { body: JSON.stringify(body) }),
  })
})

/** The status alone: an event stream has no end. */
const statusOf = Effect.fnUntraced(function* (key: string, headers: Record<string, string>) {
  const [, path = ""] = key.split(" ")
  const response = yield* send(key, path.replaceAll(/:[a-z]+/gi, "1"), headers, rows[key]?.body)
  yield* Effect.promise(async () => response.body?.cancel())
  return response.status
})

/** Status and body, with what was asked for taken out of it. */
const answerOf = Effect.fnUntraced(function* (key: string, row: Row, thing: Thing, headers: Record<string, string>) {
  const { body, path } = row.of?.(thing) ?? { path: "" }
  const response = yield* send(key, path, headers, body)
  const text = yield* Effect.promise(() => response.text())
  const names = Object.values(thing)
    .filter((value) => typeof value === "string")
    .toSorted((a, b) => b.length - a.length)
  const bare = names.reduce(
    (rest, name) => rest.replaceAll(name, "THIS").replaceAll(name.replace("-", "_"), "THIS"),
    text,
  )
  return `${response.status} ${bare.replaceAll(/"at":"[^"]+"/g, '"at":"NOW"').replace(/no revision \d+/, "no revision")}`
})

/** What an agent would have written of somebody's site and job, and the ids that go with it. */
const thingOf = Effect.fnUntraced(function* (
  slug: Slug,
  ids: { readonly user: string; readonly customer: string },
  site = `${slug}-blog`,
) {
  const { url } = yield* ApiUnderTest
  const job = `${slug}-job`
  const backup = `${slugs.indexOf(slug)}bada55${slugs.indexOf(slug)}`
  const [row] = yield* onDatabase<
    Pick<Thing, "backup" | "drift" | "run" | "token" | "session" | "revision" | "webhook" | "delivery">
  >(
    url,
    (sql) => sql`
      with drift as (
        insert into drift_events (seq, node, kind, name, resource_key, drift_kind, stream, outcome, diff)
        overriding system value
        -- No number that an answer has for another reason.
        values (${700_000 + slugs.indexOf(slug)}, 'web1', 'Site', ${site}, ${`path:/srv/${site}`}, 'changed', 'corrective', 'healed', 'a diff')
        returning seq::text as drift
      ), run as (
        insert into runs (node, kind, name, run_id, record_id, started_at, outcome)
        select 'web1', kind, name, gen_random_uuid(), id, now(), 'succeeded' from records
        where kind = 'CronJob' and name = ${job}
        returning run_id::text as run
      ), told as (
        insert into reports (node, kind, name, record_id, report, reported_at)
        select 'web1', kind, name, id, '{}', now() from records where kind = 'CronJob' and name = ${job}
        on conflict do nothing
      ), measured as (
        insert into measurements (node, kind, name, measure, value, measured_at)
        values ('web1', 'Site', ${site}, 'bytes', 42, now())
      ), passed as (
        insert into traffic (node, record_id, kind, name, day, requests, bytes_in, bytes_out)
        select 'web1', id, kind, name, current_date, 1, 2, 3 from records where kind = 'Site' and name = ${site}
      ), owned as (
        insert into inventory (node, key, kind, name, record_id, resource_kind, resource_id, on_delete, generation)
        select 'web1', ${`path:/srv/${site}`}, kind, name, id, 'file', 'a', 'remove', 1 from records
        where kind = 'Site' and name = ${site}
      ), so as (
        insert into status (kind, name, node, observed_generation, conditions)
        values ('Site', ${site}, 'web1', 1, '[]')
      ), token as (
        insert into api_tokens (user_id, name, hash, prefix, scopes, networks, created_at, expires_at)
        values (${ids.user}, gen_random_uuid()::text, sha256(gen_random_uuid()::text::bytea), 'plumb_x', '{}', '{}', now(), now())
        returning id::text as token
      ), session as (
        insert into sessions (user_id, created_at, authenticated_at, seen_at, expires_at, address, agent)
        values (${ids.user}, now(), now(), now(), now() + interval '1 day', '192.0.2.1', 'test') returning id::text as session
      ), webhook as (
        insert into webhooks (tenant_id, url, events, secret, enabled, created_at, updated_at)
        values (${ids.customer}, 'https://hooks.example.org/', '{*}', '', false, now(), now()) returning id
      ), happened as (
        insert into happenings (type, tenant_id, data, told) values ('webhook.test', ${ids.customer}, '{}', true) returning id
      ), delivery as (
        insert into webhook_deliveries (webhook_id, happening_id, created_at, state)
        select webhook.id, happened.id, now(), 'delivered' from webhook, happened returning id
      ), backups as (
        insert into reports (node, kind, name, record_id, report, reported_at)
        select 'web1', kind, name, id, jsonb_build_object('snapshots', jsonb_build_array(jsonb_build_object('id', ${backup}::text,
          'at', '2031-01-01T00:00:00Z', 'why', 'schedule', 'files', 1, 'bytes', 1, 'databases', '[]'::jsonb))), now()
        from records where kind = 'BackupPolicy' and name = ${slug}
      ) select drift, run, token, session, ${backup}::text as backup, webhook.id::text as webhook, delivery.id::text as delivery,
        (select min(seq)::float8 from revisions where kind = 'Site' and name = ${site}) as revision
      from drift, run, token, session, webhook, delivery`,
  )
  assert.isDefined(row)
  return {
    site,
    cronJob: job,
    database: `${slug}-blog`,
    key: `${slug}-key`,
    plan: `${slug}-plan`,
    ...ids,
    ...row,
  } satisfies Thing
})

const missing: Thing = {
  site: "none-blog",
  cronJob: "none-job",
  database: "none-blog",
  key: "none-key",
  plan: "none-plan",
  backup: "ffffffff",
  user: "6f9619ff-8b86-4d01-b42d-00c04fc964ff",
  customer: "7f9619ff-8b86-4d01-b42d-00c04fc964ff",
  drift: "999999",
  run: "8f9619ff-8b86-4d01-b42d-00c04fc964ff",
  token: "9f9619ff-8b86-4d01-b42d-00c04fc964ff",
  session: "5f9619ff-8b86-4d01-b42d-00c04fc964ff",
  webhook: "4f9619ff-8b86-4d01-b42d-00c04fc964ff",
  delivery: "3f9619ff-8b86-4d01-b42d-00c04fc964ff",
  revision: 1,
}

const madeUser = Effect.fnUntraced(function* ({ ask }: TestApi, email: string, tenant: string) {
  const { body } = yield* ask("POST", "/v1/users", { email, name: "Somebody", role: "customer", tenant })
  return String(body.user.id)
})

const things = Effect.fnUntraced(function* (api: TestApi, { customers }: Houses) {
  const of = (slug: Slug) =>
    Effect.flatMap(madeUser(api, `${slug}-friend@example.org`, customers[slug]), (user) =>
      thingOf(slug, { user, customer: customers[slug] }),
    )
  return {
    own: yield* of("own"),
    sibling: yield* of("sibling"),
    foreign: yield* of("foreign"),
    direct: yield* of("direct"),
  }
})

describe("who may do what", () => {
  layer(ApiUnderTest.layer(), { timeout: "240 seconds", excludeTestServices: true })((it) => {
    it.effect("is said of every operation, and of none that there is not", () =>
      Effect.sync(() => {
        assert.sameMembers(
          operations.map(({ key }) => key),
          Object.keys(rows),
        )
        for (const { endpoint, group, key } of operations) {
          const who = rows[key]?.who
          assert.strictEqual(scopeOf(group, endpoint) === undefined, who === "anybody" || who === "log-in", key)
          // What is named in the path is somebody's, unless it is for those alone who may see everything.
          const others = Array.isArray(who) ? who.some((role) => !overseers.includes(role)) : who === "log-in"
          if (others && /:/.test(key)) assert.isDefined(rows[key]?.of, `${key} says of nothing whose it is`)
        }
      }),
    )

    it.effect(
      "is so, for everybody, and of nothing that is not theirs anything is told",
      () =>
        Effect.gen(function* () {
          const api = yield* ApiUnderTest
          yield* aNode(api.url)
          const houses = yield* makeHouses(api)
          const { customer, reseller, technical, auditor } = houses.people
          const admin = { headers: bearing(yield* logIn(api)) }
          const known = { "super-admin": admin, auditor, reseller, customer, technical } as const
          const those = yield* things(api, houses)

          for (const { key } of operations) {
            const { who } = rows[key] ?? { who: [] }
            const [stranger, machine] = [yield* statusOf(key, nobody), yield* statusOf(key, {})]
            // Ends the session that asks.
            if (key === "DELETE /auth/sessions") continue
            for (const role of everybody) {
              const status = yield* statusOf(key, known[role].headers)
              assert.isBelow(status, 500, `${key} as ${role}`)
              if (who === "anybody") assert.strictEqual(status, stranger, `${key} as ${role}`)
              else if (who === "log-in") assert.notStrictEqual(status, 401, `${key} as ${role}`)
              else if (who.includes(role)) assert.isFalse([401, 403].includes(status), `${key} as ${role}: ${status}`)
              else assert.strictEqual(status, 403, `${key} as ${role}`)
            }
            if (who === "anybody") {
              assert.strictEqual(machine, stranger, key)
              continue
            }
            assert.strictEqual(stranger, 401, `${key} as nobody`)
            if (who !== "log-in") assert.isFalse([401, 403].includes(machine), `${key} as the machine's administrator`)
          }

          // Whose is whose, seen by each of those who do not see everything.
          const sights: ReadonlyArray<readonly [Role, ReadonlyArray<keyof typeof those>]> = [
            ["reseller", ["foreign", "direct"]],
            ["customer", ["sibling", "foreign", "direct"]],
            ["technical", ["sibling", "foreign", "direct"]],
          ]
          for (const [key, row] of Object.entries(rows)) {
            if (row.of === undefined) continue
            for (const [role, hidden] of sights) {
              if (Array.isArray(row.who) && !row.who.includes(role)) continue
              const { headers } = known[role]
              const none = yield* answerOf(key, row, missing, headers)
              assert.match(
                none,
                row.lists ? /^200 / : /^(404|409|422|200 .*"items":\[\]) ?/,
                `${key} of nothing as ${role}`,
              )
              for (const whose of hidden)
                assert.strictEqual(
                  yield* answerOf(key, row, those[whose], headers),
                  none,
                  `${key} of ${whose} as ${role}`,
                )
            }
          }

          // And what is theirs is there for them. Deleting comes last.
          const last = (key: string) => (key.startsWith("DELETE") ? 1 : 0)
          const order = Object.keys(rows).toSorted((a, b) => last(a) - last(b))
          for (const key of order) {
            const row = rows[key]
            // A session or token is its user's alone, and the friend's here are not.
            if (row?.of === undefined || row.who === "log-in") continue
            const role: Role = row.who.includes("customer") ? "customer" : "reseller"
            const { headers } = known[role]
            const none = yield* answerOf(key, row, missing, headers)
            assert.notStrictEqual(yield* answerOf(key, row, those.own, headers), none, `${key} of one's own as ${role}`)
          }
        }),
      240_000,
    )
  })
})
