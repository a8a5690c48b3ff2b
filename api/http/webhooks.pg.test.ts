// What happens, told to programs: from the write, or from what an agent reports, to a signed request over real HTTP. And to
// people, over real SMTP.

import { assert, describe, layer, vi } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { aNode } from "../../fixtures/api/a-node.ts"
import { type Answer, ApiUnderTest, serve } from "../../fixtures/api/api-under-test.ts"
import { type Houses, makeHouses } from "../../fixtures/api/houses.ts"
import { onDatabase } from "../../fixtures/postgres/on-database.ts"
import { mailServer } from "../../fixtures/smtp/server.ts"
import { type Receiver, receiver, verified } from "../../fixtures/webhook/receiver.ts"

const fieldsOf = (answer: Answer) => answer.body.problems?.map(({ field }: { field: string }) => field)
const waiting = { timeout: 20_000, interval: 50 }

interface Told {
  readonly type: string
  readonly timestamp: string
  readonly data: { readonly [key: string]: unknown }
}
const toldOf = (one: { readonly body: string }): Told => JSON.parse(one.body)

describe("webhooks", () => {
  layer(ApiUnderTest.layer(), { timeout: "120 seconds", excludeTestServices: true })((it) => {
    let houses: Houses | undefined
    const the = Effect.gen(function* () {
      const api = yield* ApiUnderTest
      if (houses === undefined) {
        yield* aNode(api.url)
        houses = yield* makeHouses(api)
        const allowed = yield* api.ask("PUT", "/v1/config/security", { webhookNetworks: ["127.0.0.0/8"] })
        assert.strictEqual(allowed.status, 200, JSON.stringify(allowed.body))
      }
      const as =
        (who: { readonly headers: Record<string, string> }) =>
        (method: string, path: string, body?: unknown): Effect.Effect<Answer> =>
          api.ask(method, path, body, who.headers)
      const { people } = houses
      return {
        ...houses,
        api,
        url: api.url,
        later: api.later,
        operator: as({ headers: {} }),
        customer: as(people.customer),
        foreign: as(people.foreign),
        reseller: as(people.reseller),
        sibling: as(people.sibling),
        technical: as(people.technical),
        auditor: as(people.auditor),
      }
    })
    const listening = Effect.acquireRelease(
      Effect.promise(() => receiver()),
      (one) => Effect.promise(one.close),
    )
    const until = (check: () => void | Promise<void>, timeout = waiting.timeout) =>
      Effect.promise(() => vi.waitFor(check, { ...waiting, timeout }))

    const sql = (statement: string) =>
      Effect.flatMap(ApiUnderTest, ({ url }) => onDatabase(url, (client) => client.unsafe(statement)))

    const heardOf = (server: Receiver, type: string) => server.heard.filter((one) => toldOf(one).type === type)

    it.effect("are told what happens to what is theirs, signed, and others are not", () =>
      Effect.gen(function* () {
        const { customer, foreign, operator, reseller } = yield* the
        const [own, theirs, sellers, all] = [
          yield* listening,
          yield* listening,
          yield* listening,
          yield* listening,
        ] as const
        const events = ["record.changed", "record.ready", "record.stalled", "drift.found", "run.failed"]
        const made = yield* customer("POST", "/v1/webhooks", { url: own.url("/n8n?a=b"), events, description: "n8n" })
        assert.strictEqual(made.status, 201, JSON.stringify(made.body))
        assert.match(made.body.secret, /^whsec_[A-Za-z0-9+/]{32}$/)
        assert.strictEqual((yield* foreign("POST", "/v1/webhooks", { url: theirs.url(), events: ["*"] })).status, 201)
        assert.strictEqual((yield* reseller("POST", "/v1/webhooks", { url: sellers.url(), events })).status, 201)
        assert.strictEqual((yield* operator("POST", "/v1/webhooks", { url: all.url(), events: ["*"] })).status, 201)

        const changed = yield* customer("PATCH", "/v1/customer/websites/own-blog", { indexFiles: ["index.html"] })
        assert.strictEqual(changed.status, 200, JSON.stringify(changed.body))
        yield* until(() => assert.strictEqual(heardOf(own, "record.changed").length, 1))
        const [first] = own.heard
        if (first === undefined) return assert.fail("nothing was heard")
        assert.strictEqual(first.path, "/n8n?a=b")
        const message = verified(made.body.secret, first) as Told
        assert.deepInclude(message.data, {
          kind: "Site",
          name: "own-blog",
          action: "update",
          actor: "carl@example.org",
        })
        assert.throws(() => verified("whsec_MDEyMzQ1Njc4OWFiY2RlZg==", first))
        assert.throws(() => verified(made.body.secret, { ...first, body: first.body.replace("own-blog", "own-shop") }))
        // Nothing of the spec is in it: whoever hears of it may read it with a token of their own.
        assert.notInclude(first.body, "index.html")

        yield* sql(`
          insert into status (kind, name, node, observed_generation, conditions) values
            ('Site', 'own-blog', 'web1', 2, '[{"type":"Ready","status":"True","reason":"Converged"}]'),
            ('Site', 'foreign-blog', 'web1', 1, '[{"type":"Stalled","status":"True","reason":"NoPhp","message":"There is none."}]')`)
        // The same once more is no news, a new generation is.
        yield* sql(`update status set conditions = conditions where name = 'own-blog'`)
        yield* sql(`update status set observed_generation = 3 where name = 'own-blog'`)
        yield* sql(`
          insert into drift_events (node, kind, name, resource_key, drift_kind, stream, outcome, diff)
          values ('web1', 'Site', 'own-shop', 'path:/x', 'changed', 'corrective', 'healed', 'a secret diff')`)
        yield* sql(`
          insert into runs (node, kind, name, run_id, record_id, started_at, outcome, exit_status)
          select 'web1', kind, name, gen_random_uuid(), id, now(), 'failed', 3 from records
          where kind = 'CronJob' and name in ('own-job', 'sibling-job')`)
        yield* until(() => {
          assert.deepStrictEqual(own.heard.map((one) => toldOf(one).type).toSorted(), [
            "drift.found",
            "record.changed",
            "record.ready",
            "record.ready",
            "run.failed",
          ])
          assert.deepStrictEqual(heardOf(theirs, "record.stalled").length, 1)
          // The reseller of both.
          assert.sameMembers(
            heardOf(sellers, "run.failed").map((one) => toldOf(one).data["name"]),
            ["own-job", "sibling-job"],
          )
          assert.strictEqual(heardOf(all, "run.failed").length, 2)
        })
        assert.isTrue(
          theirs.heard.every((one) => /foreign/.test(one.body)),
          JSON.stringify(theirs.heard),
        )
        assert.isTrue(sellers.heard.every((one) => !/foreign/.test(one.body)))
        const [stalled] = heardOf(theirs, "record.stalled").map(toldOf)
        assert.deepInclude(stalled?.data, { kind: "Site", name: "foreign-blog", reason: "NoPhp", node: "web1" })
        assert.isFalse([...own.heard, ...all.heard].some(({ body }) => body.includes("a secret diff")))

        const accounts = (suspended: boolean) =>
          operator("PATCH", "/v1/records/Account/own", {
            spec: { suspended, suspension: suspended ? { reason: "unpaid" } : null },
          })
        yield* accounts(true)
        yield* accounts(false)
        yield* until(() => {
          assert.strictEqual(heardOf(all, "account.resumed").length, 1)
          assert.deepStrictEqual(
            heardOf(all, "account.suspended").map((one) => toldOf(one).data["reason"]),
            ["unpaid"],
          )
        })
      }),
    )

    it.effect("are tried again until they take it, each attempt under the same id, and the log says how it went", () =>
      Effect.gen(function* () {
        const { customer, later } = yield* the
        const server = yield* listening
        server.answer(500, "out of order\u0000!".padEnd(5000, "x"))
        const { body: hook } = yield* customer("POST", "/v1/webhooks", {
          url: server.url(),
          events: ["record.created"],
        })
        const sent = yield* customer("POST", `/v1/webhooks/${hook.id}/test`, {})
        assert.deepInclude(sent.body, { state: "waiting", type: "webhook.test", attempts: 0 })
        assert.strictEqual(sent.status, 202)
        const read = () => customer("GET", `/v1/webhooks/${hook.id}/deliveries/${sent.body.id}`)
        yield* until(() => assert.strictEqual(server.heard.length, 1))
        let log = yield* read()
        while (log.body.attempts === 0) log = yield* read()
        assert.deepInclude(log.body, { state: "waiting", attempts: 1, status: 500, error: "It answered 500." })
        assert.match(log.body.answer, /^out of order!x{900,}$/)
        const failing = yield* customer("GET", `/v1/webhooks/${hook.id}`)
        assert.isNotNull(failing.body.failingSince)
        assert.notProperty(failing.body, "secret")

        server.answer(200, "thanks")
        later("10 seconds")
        yield* until(() => assert.strictEqual(server.heard.length, 2))
        while (log.body.state === "waiting") log = yield* read()
        assert.deepInclude(log.body, { state: "delivered", attempts: 2, status: 200, error: null, answer: "thanks" })
        assert.strictEqual(server.heard[0]?.headers["webhook-id"], server.heard[1]?.headers["webhook-id"])
        assert.strictEqual(server.heard[0]?.body, server.heard[1]?.body)
        assert.strictEqual(log.body.body, server.heard[1]?.body)
        assert.isNull((yield* customer("GET", `/v1/webhooks/${hook.id}`)).body.failingSince)

        const again = yield* customer("POST", `/v1/webhooks/${hook.id}/deliveries/${sent.body.id}/replay`, {})
        assert.deepInclude(again.body, { replay: true, event: sent.body.event })
        yield* until(() => assert.strictEqual(server.heard.length, 3))
        assert.strictEqual(server.heard[2]?.headers["webhook-id"], sent.body.event)

        // Newest first, by pages.
        const one = yield* customer("GET", `/v1/webhooks/${hook.id}/deliveries?limit=1`)
        assert.strictEqual(one.body.items[0].id, again.body.id)
        const next = yield* customer("GET", `/v1/webhooks/${hook.id}/deliveries?limit=1&after=${one.body.next}`)
        assert.deepStrictEqual([next.body.items[0].id, next.body.next], [sent.body.id, null])

        // Another secret signs from now on.
        const renewed = yield* customer("POST", `/v1/webhooks/${hook.id}/secret`, {})
        assert.notStrictEqual(renewed.body.secret, hook.secret)
        yield* customer("POST", `/v1/webhooks/${hook.id}/test`, {})
        yield* until(() => assert.strictEqual(server.heard.length, 4))
        const last = server.heard[3]
        if (last === undefined) return assert.fail("nothing was heard")
        verified(renewed.body.secret, last)
        assert.throws(() => verified(hook.secret, last))
      }),
    )

    it.effect("go nowhere but where the installation lets them, follow nothing, and wait ten seconds at most", () =>
      Effect.gen(function* () {
        const { customer, operator } = yield* the
        const server = yield* listening
        const outcome = Effect.fnUntraced(function* (ask: typeof customer, url: string) {
          const made = yield* ask("POST", "/v1/webhooks", { url, events: ["*"], enabled: true })
          assert.strictEqual(made.status, 201, JSON.stringify(made.body))
          const path = `/v1/webhooks/${made.body.id}`
          const sent = yield* ask("POST", `${path}/test`, {})
          const error = yield* Effect.promise(() =>
            vi.waitFor(async () => {
              const { body } = await Effect.runPromise(ask("GET", `${path}/deliveries/${sent.body.id}`))
              assert.isAbove(body.attempts, 0)
              return body.error
            }, waiting),
          )
          yield* ask("DELETE", path)
          return error
        })
        server.answer(302)
        assert.strictEqual(yield* outcome(customer, server.url()), "It answered 302.")
        assert.isTrue(server.heard.every(({ path }) => path === "/hook"))
        server.beSilent()
        assert.strictEqual(yield* outcome(customer, server.url()), "There was no answer within 10 seconds.")
        server.answer(200)
        assert.match(yield* outcome(customer, "http://nonesuch.invalid/"), /ENOTFOUND|EAI_AGAIN/)
        assert.match(yield* outcome(customer, "http://127.0.0.1:1/"), /ECONNREFUSED/)

        yield* operator("PUT", "/v1/config/security", { operatorWebhookNetworks: ["127.0.0.1"] })
        const before = server.heard.length
        for (const url of [
          server.url(),
          `http://localhost:${server.port}/`,
          `http://[::1]:${server.port}/`,
          `http://[::ffff:127.0.0.1]:${server.port}/`,
          `http://2130706433:${server.port}/`,
          `http://0x7f.1:${server.port}/`,
          "http://169.254.169.254/latest/meta-data/",
          "http://10.0.0.1/",
        ])
          assert.match(yield* outcome(customer, url), /where nothing is sent to\.$/, url)
        assert.strictEqual(server.heard.length, before)
        assert.isNull(yield* outcome(operator, server.url()))
        yield* operator("PUT", "/v1/config/security", { webhookNetworks: ["127.0.0.0/8"] })
      }),
    )

    it.effect("are their owner's alone, and bad wishes are told by field", () =>
      Effect.gen(function* () {
        const { auditor, customer, foreign, operator, reseller, sibling, technical } = yield* the
        const wish = { url: "https://hooks.example.org/a", events: ["record.ready"] }
        const { body: hook } = yield* customer("POST", "/v1/webhooks", wish)
        // A reseller's customers are the reseller's to look after.
        assert.strictEqual((yield* reseller("GET", `/v1/webhooks/${hook.id}`)).status, 200)
        for (const ask of [foreign, sibling]) {
          assert.strictEqual((yield* ask("GET", `/v1/webhooks/${hook.id}`)).status, 404)
          assert.strictEqual((yield* ask("PATCH", `/v1/webhooks/${hook.id}`, { enabled: false })).status, 404)
          assert.strictEqual((yield* ask("POST", `/v1/webhooks/${hook.id}/secret`, {})).status, 404)
          const ids = (yield* ask("GET", "/v1/webhooks")).body.items.map(({ id }: { id: string }) => id)
          assert.notInclude(ids, hook.id)
        }
        assert.strictEqual((yield* technical("GET", "/v1/webhooks")).status, 403)
        assert.strictEqual((yield* auditor("GET", `/v1/webhooks/${hook.id}`)).status, 200)
        assert.strictEqual((yield* auditor("DELETE", `/v1/webhooks/${hook.id}`)).status, 403)
        assert.strictEqual((yield* operator("GET", `/v1/webhooks/${hook.id}`)).body.tenant, hook.tenant)

        for (const [bad, field] of [
          [{ url: "ftp://hooks.example.org/" }, "url"],
          [{ url: "https://user:secret@hooks.example.org/" }, "url"],
          [{ url: "https://hooks.example.org/\r\nX: y" }, "url"],
          [{ url: "https://hooks.example.org/#fragment" }, "url"],
          [{ url: "javascript:alert(1)" }, "url"],
          [{ description: "two\nlines" }, "description"],
          [{ description: "a\u202eb" }, "description"],
        ] as const) {
          const refused = yield* customer("POST", "/v1/webhooks", { ...wish, ...bad })
          assert.deepStrictEqual([refused.status, fieldsOf(refused)], [422, [field]], JSON.stringify(bad))
        }
        for (const bad of [{ events: [] }, { events: ["record.everything"] }, { url: "x".repeat(3000) }])
          assert.strictEqual((yield* customer("POST", "/v1/webhooks", { ...wish, ...bad })).status, 400)

        // Fifty at once, and no more than there may be.
        const { length } = (yield* customer("GET", "/v1/webhooks")).body.items
        const made = yield* Effect.all(
          Array.from({ length: 30 }, () => customer("POST", "/v1/webhooks", wish)),
          { concurrency: "unbounded" },
        )
        assert.strictEqual(made.filter(({ status }) => status === 201).length, 20 - length)
        for (const { body } of made.filter(({ status }) => status === 201))
          yield* customer("DELETE", `/v1/webhooks/${body.id}`)
        const { body: trail } = yield* operator("GET", "/v1/audit?action=webhook.changed")
        assert.notInclude(JSON.stringify(trail), "whsec_")
        const [leaked] = yield* sql(`select string_agg(w::text, '') like '%whsec_%' as leaked from webhooks w`)
        assert.deepStrictEqual(leaked, { leaked: false })
      }),
    )

    it.effect("survive the end of a process: another one goes on, and each is delivered once", () =>
      Effect.gen(function* () {
        const { customer, url } = yield* the
        const server = yield* listening
        yield* customer("POST", "/v1/webhooks", { url: server.url(), events: ["run.succeeded"] })
        // A second API on the same database, which ends in the middle.
        const other = yield* Effect.scoped(
          Effect.gen(function* () {
            yield* Effect.orDie(serve(url))
            yield* sql(`insert into runs (node, kind, name, run_id, record_id, started_at, outcome)
              select 'web2', kind, name, gen_random_uuid(), id, now(), 'succeeded' from records, generate_series(1, 60)
              where kind = 'CronJob' and name = 'own-job'`)
            yield* until(() => assert.isAbove(server.heard.length, 5))
            return server.heard.length
          }),
        )
        assert.isBelow(other, 61)
        // What a process had in hand is another's after half a minute.
        yield* until(
          () => assert.strictEqual(new Set(server.heard.map(({ headers }) => headers["webhook-id"])).size, 60),
          60_000,
        )
        assert.strictEqual(server.heard.length, 60)
      }),
    )

    it.effect("that want nothing any more, or take nothing for three days, are stopped, and keep nobody waiting", () =>
      Effect.gen(function* () {
        // Log-ins do not last so long: the machine's administrator does.
        const { later, operator } = yield* the
        const [gone, dead, well] = [yield* listening, yield* listening, yield* listening] as const
        gone.answer(410)
        dead.answer(503)
        const make = (server: Receiver) =>
          operator("POST", "/v1/webhooks", { url: server.url(), events: ["run.succeeded"] })
        const [a, b, c] = [yield* make(gone), yield* make(dead), yield* make(well)] as const
        const tell = () =>
          sql(`insert into runs (node, kind, name, run_id, record_id, started_at, outcome)
            select 'web1', kind, name, gen_random_uuid(), id, now(), 'succeeded' from records, generate_series(1, 20)
            where kind = 'CronJob' and name = 'own-job'`)
        yield* tell()
        yield* until(() => assert.strictEqual(well.heard.length, 20))
        // It rests after the first few that came at once.
        assert.isBelow(dead.heard.length, 12)
        const stateOf = (hook: Answer) =>
          Effect.map(operator("GET", `/v1/webhooks/${hook.body.id}`), ({ body }) => body)
        const comesToBe = (hook: Answer, state: object) =>
          Effect.promise(() =>
            vi.waitFor(async () => {
              const is = await Effect.runPromise(stateOf(hook))
              assert.deepInclude(is, state, JSON.stringify(is))
            }, waiting),
          )
        yield* comesToBe(a, { enabled: false, stopped: "It answered 410: it wants nothing any more." })

        later("3 days")
        later("1 minutes")
        yield* tell()
        yield* until(() => assert.strictEqual(well.heard.length, 40))
        yield* comesToBe(b, { enabled: false, stopped: "Nothing has arrived for three days." })
        const waitingStill = () =>
          Effect.map(
            operator("GET", `/v1/webhooks/${b.body.id}/deliveries?state=waiting`),
            ({ body }) => body.items.length,
          )
        yield* Effect.promise(() =>
          vi.waitFor(async () => assert.strictEqual(await Effect.runPromise(waitingStill()), 0), {
            ...waiting,
            timeout: 60_000,
          }),
        )

        dead.answer(200)
        const taken = yield* operator("PATCH", `/v1/webhooks/${b.body.id}`, { enabled: true })
        assert.deepInclude(taken.body, { enabled: true, stopped: null, failingSince: null })
        const before = dead.heard.length
        yield* operator("POST", `/v1/webhooks/${b.body.id}/test`, {})
        yield* until(() => assert.strictEqual(dead.heard.length, before + 1))
        assert.strictEqual((yield* operator("DELETE", `/v1/webhooks/${c.body.id}`)).status, 204)
        assert.strictEqual((yield* operator("GET", `/v1/webhooks/${c.body.id}/deliveries`)).status, 404)
      }),
    )

    it.effect("people hear by mail of failed backups, failing certificates and limits that are near, once a day", () =>
      Effect.gen(function* () {
        const { later, operator, url } = yield* the
        const server = yield* Effect.acquireRelease(
          Effect.promise(() => mailServer()),
          (one) => Effect.promise(one.close),
        )
        const mail = { host: "127.0.0.1", port: server.port, security: "none", from: "panel@example.org" }
        yield* operator("PUT", "/v1/config/email", {
          ...mail,
          senderName: "Panel",
          portal: "https://panel.example.org",
        })
        const letters = (to: string) => server.received.filter((one) => one.to.includes(to))
        const subjects = (to: string) => letters(to).map(({ headers }) => headers.get("subject"))
        const fail = (policy: string) =>
          sql(`insert into runs (node, kind, name, run_id, record_id, started_at, outcome)
            select 'web1', kind, name, gen_random_uuid(), id, now(), 'timed-out' from records
            where kind = 'BackupPolicy' and name = '${policy}'`)
        yield* fail("own")
        yield* fail("own")
        yield* fail("direct")
        const certificate = (reason: string, status = "True") =>
          sql(`insert into status (kind, name, node, observed_generation, conditions) values
            ('Certificate', 'own-blog', 'web1', 1,
              '[{"type":"Ready","status":"${status}","reason":"${reason}","message":"own.example.org points to 192.0.2.9."}]')
            on conflict (kind, name, node) do update set conditions = excluded.conditions`)
        const failures = () =>
          Effect.map(
            sql(`select count(*)::int as n from happenings where type = 'certificate.failing'`),
            ([row]) => row,
          )
        for (const reason of ["Ordering", "WaitingForRecord", "WaitingForResource", "NotInSync"])
          yield* certificate(reason, "False")
        yield* certificate("Converged")
        assert.deepStrictEqual(yield* failures(), { n: 0 })
        yield* certificate("RenewalFailed")
        yield* certificate("RenewalFailed")
        assert.deepStrictEqual(yield* failures(), { n: 1 })
        yield* certificate("NamePointsElsewhere", "False")
        assert.deepStrictEqual(yield* failures(), { n: 2 })
        yield* sql(`insert into measurements (node, kind, name, measure, value, measured_at)
          values ('web1', 'Account', 'own', 'disk', 95 * 1024 * 1024, now())`)
        const limited = yield* operator("PATCH", "/v1/records/Package/own-plan", { spec: { limits: { disk: "100M" } } })
        assert.strictEqual(limited.status, 200, JSON.stringify(limited.body))
        // Limits are looked at when a process starts, and then now and then; twice is no news.
        // Their clocks are their own, so they end before time goes on.
        const all = ["A backup has failed", "A certificate cannot be had", "A limit is near"]
        yield* Effect.scoped(
          Effect.gen(function* () {
            yield* Effect.orDie(serve(url))
            yield* Effect.orDie(serve(url))
            yield* until(() => {
              assert.sameMembers(subjects("carl@example.org"), all)
              // Nobody runs it but the operator.
              assert.deepStrictEqual(subjects("ada@example.org"), ["A backup has failed"])
            })
          }),
        )
        const bodies = letters("carl@example.org")
          .map(({ body }) => body)
          .join()
        assert.include(bodies, "own.example.org points to 192.0.2.9.")
        assert.include(bodies, "timed-out")
        assert.include(bodies, "The limit of disk is near: 95")
        later("25 hours")
        yield* fail("own")
        yield* until(() => assert.strictEqual(subjects("carl@example.org").length, 4))
      }),
    )
  })
})
