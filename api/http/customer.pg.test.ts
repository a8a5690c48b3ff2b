// A customer's own side of the API: things by the names that people use, and the records that stand behind them.

import { assert, describe, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { aNode } from "../../fixtures/api/a-node.ts"
import { type Answer, ApiUnderTest } from "../../fixtures/api/api-under-test.ts"
import { type Houses, makeHouses } from "../../fixtures/api/houses.ts"
import { onDatabase } from "../../fixtures/postgres/on-database.ts"

const fieldsOf = (answer: Answer) => answer.body.problems?.map(({ field }: { field: string }) => field)
const idsOf = (answer: Answer): Array<string> => answer.body.items.map(({ id }: { id: string }) => id)

describe("a customer", () => {
  layer(ApiUnderTest.layer(), { timeout: "60 seconds", excludeTestServices: true })((it) => {
    let houses: Houses | undefined
    const the = Effect.gen(function* () {
      const api = yield* ApiUnderTest
      if (houses === undefined) {
        yield* aNode(api.url)
        houses = yield* makeHouses(api)
        yield* onDatabase(
          api.url,
          (sql) => sql`update nodes set facts = facts || '{"php": [{"version": "7.4"}, {"version": "8.2"}]}'`,
        )
      }
      const { customer, reseller } = houses.people
      const as =
        (who: { readonly headers: Record<string, string> }) =>
        (method: string, path: string, body?: unknown, headers = {}) =>
          api.ask(method, path, body, { ...who.headers, ...headers })
      return { api, ask: as(customer), reseller: as(reseller), operator: as({ headers: {} }) }
    })

    it.effect("makes, changes, suspends and removes websites, which are records", () =>
      Effect.gen(function* () {
        const { api, ask, operator, reseller } = yield* the
        assert.deepStrictEqual(idsOf(yield* ask("GET", "/v1/customer/websites")), ["own-blog", "own-shop"])
        const made = yield* ask("POST", "/v1/customer/websites", { domains: ["www.news.example.org"] })
        assert.deepStrictEqual(
          [made.status, made.body.id, made.body.account, made.body.fields.domains, made.body.state],
          [201, "own-www-news-example-org", "own", ["www.news.example.org"], "waiting"],
        )
        const record = (yield* operator("GET", `/v1/records/Site/${made.body.id}`)).body
        assert.deepStrictEqual([record.spec.account, record.spec.domains], ["own", ["www.news.example.org"]])
        const [revision] = (yield* operator("GET", `/v1/history/Site/${made.body.id}`)).body.items
        assert.strictEqual(revision.actor, "carl@example.org")

        const path = `/v1/customer/websites/${made.body.id}`
        const changed = yield* ask("PATCH", path, { documentRoot: "public/web", aliases: ["news.example.org"] })
        assert.deepStrictEqual(
          [changed.status, changed.body.fields.documentRoot, changed.body.fields.domains],
          [200, "public/web", ["www.news.example.org"]],
        )
        assert.strictEqual((yield* ask("POST", `${path}/suspend`)).body.fields.suspended, true)
        assert.strictEqual((yield* ask("POST", `${path}/activate`)).body.fields.suspended, false)
        assert.strictEqual((yield* ask("PATCH", path, {}, { "if-match": '"1"' })).status, 409)
        assert.deepStrictEqual(idsOf(yield* ask("GET", "/v1/customer/websites?search=news.example.org")), [
          made.body.id,
        ])
        const page = (yield* ask("GET", "/v1/customer/websites?limit=2")).body
        assert.strictEqual((yield* ask("GET", `/v1/customer/websites?limit=2&after=${page.next}`)).body.items.length, 1)

        const gone = yield* ask("DELETE", path)
        assert.deepStrictEqual([gone.status, gone.body.state], [200, "deleting"])
        assert.notInclude(idsOf(yield* ask("GET", "/v1/customer/websites")), made.body.id)
        yield* onDatabase(api.url, (sql) => sql`delete from records where deleted_at is not null`)
        assert.strictEqual((yield* ask("GET", path)).status, 404)

        // Mistakes are told by the fields that were sent.
        for (const [wish, fields] of [
          [{}, ["domains"]],
          [{ domains: ["not a domain"] }, ["domains[0]"]],
          [{ domains: ["x.example.org"], nothing: 1 }, ["nothing"]],
          [{ domains: ["x.example.org"], id: "Not a name" }, ["id"]],
          [{ domains: ["x.example.org"], id: 7 }, ["id"]],
          [{ domains: ["x.example.org"], account: "foreign" }, ["account"]],
          [{ domains: ["x.example.org"], account: 7 }, ["account"]],
          [{ domains: ["x.example.org"], php: "foreign" }, ["php"]],
          [{ domains: ["foreign.example.org"] }, ["domains[0]"]],
          [{ domains: ["a\nb.example.org"] }, ["domains[0]"]],
        ] as const) {
          const refused = yield* ask("POST", "/v1/customer/websites", wish)
          assert.deepStrictEqual([refused.status, fieldsOf(refused)], [422, fields], JSON.stringify(refused.body))
        }
        const moved = yield* ask("PATCH", "/v1/customer/websites/own-blog", { account: "sibling" })
        assert.deepStrictEqual([moved.status, fieldsOf(moved)], [422, ["account"]])
        // Whoever has several accounts says which.
        const which = yield* reseller("POST", "/v1/customer/websites", { domains: ["y.example.org"] })
        assert.deepStrictEqual([which.status, fieldsOf(which)], [422, ["account"]])
        const theirs = yield* reseller("POST", "/v1/customer/websites", {
          account: "sibling",
          domains: ["y.example.org"],
        })
        assert.deepStrictEqual([theirs.status, theirs.body.account], [201, "sibling"])
        assert.deepStrictEqual(idsOf(yield* reseller("GET", "/v1/customer/websites?account=sibling")).toSorted(), [
          "sibling-blog",
          "sibling-shop",
          "sibling-y-example-org",
        ])
        // The same wish twice makes one, by its key; without one, what is there is in the way.
        const twice = () =>
          ask("POST", "/v1/customer/websites", { domains: ["z.example.org"] }, { "idempotency-key": "z" })
        assert.deepStrictEqual((yield* twice()).body, (yield* twice()).body)
        assert.deepStrictEqual(fieldsOf(yield* ask("POST", "/v1/customer/websites", { domains: ["z.example.org"] })), [
          "domains[0]",
        ])
        yield* ask("DELETE", "/v1/customer/websites/own-z-example-org")
      }),
    )

    it.effect("lifts no suspension that came from above, by no way round, and who is above lifts all below", () =>
      Effect.gen(function* () {
        const { ask, operator, reseller } = yield* the
        const { id } = (yield* ask("POST", "/v1/customer/websites", { domains: ["rested.example.org"] })).body
        const [path, record] = [`/v1/customer/websites/${id}`, `/v1/records/Site/${id}`]
        const stored = () => Effect.map(operator("GET", record), ({ body }) => body)
        const by = (record: { readonly metadata: { readonly annotations?: object } }) =>
          record.metadata.annotations?.["plumbline.dev/suspended-by" as never]
        for (const [above, name] of [
          [operator, undefined],
          [reseller, "reseller"],
        ] as const) {
          assert.strictEqual((yield* above("POST", `${path}/suspend`)).status, 200)
          const before = yield* stored()
          assert.deepStrictEqual([before.spec.suspended, by(before)], [true, name])
          const tried = yield* Effect.all([
            ask("POST", `${path}/activate`),
            ask("PATCH", path, { suspended: false }),
            ask("PATCH", path, { domains: ["moved.example.org"] }),
            ask("PATCH", path, { suspended: false, metadata: { annotations: {} } }),
            ask("DELETE", path),
            ask("PATCH", record, {
              metadata: { annotations: null },
              spec: { suspended: false },
            }),
            ask("DELETE", `${record}?version=${before.version}`),
            ask("POST", "/v1/rollback", { kind: "Site", name: id }),
          ])
          for (const answer of tried) assert.isAtLeast(answer.status, 400, JSON.stringify(answer.body))
          assert.deepStrictEqual([tried[0]?.status, fieldsOf(tried[0] as never)], [422, ["suspended"]])
          assert.deepInclude(yield* stored(), { version: before.version, spec: before.spec })
          if (above === operator) assert.strictEqual((yield* reseller("POST", `${path}/activate`)).status, 422)
          // To say again what stands there is no change.
          assert.strictEqual((yield* ask("POST", `${path}/suspend`)).status, 200)
          assert.strictEqual((yield* above("POST", `${path}/activate`)).body.fields.suspended, false)
          assert.isUndefined(by(yield* stored()))
        }
        assert.strictEqual((yield* ask("POST", `${path}/suspend`)).status, 200)
        assert.strictEqual(by(yield* stored()), "customer")
        assert.strictEqual((yield* reseller("POST", `${path}/activate`)).status, 200)
        const claimed = {
          metadata: { annotations: { "plumbline.dev/suspended-by": "reseller" } },
          spec: { suspended: true },
        }
        assert.strictEqual((yield* ask("PATCH", record, claimed)).status, 200)
        assert.strictEqual(by(yield* stored()), "customer")
        assert.strictEqual((yield* ask("POST", `${path}/activate`)).status, 200)
        assert.strictEqual((yield* ask("DELETE", path)).status, 200)
      }),
    )

    it.effect("chooses a website's PHP by its version, and its settings with it", () =>
      Effect.gen(function* () {
        const { ask, operator } = yield* the
        const php = (id: string) => `/v1/customer/websites/${id}/php`
        const first = (yield* ask("GET", php("own-blog"))).body
        assert.deepStrictEqual(
          [first.php.id, first.php.fields.version, first.sharedWith, first.available],
          ["own", "8.2", [], ["8.2", "7.4"]],
        )
        assert.isNull((yield* ask("GET", php("own-shop"))).body.php)
        const shared = yield* ask("PUT", php("own-shop"), { version: "8.2" })
        assert.deepStrictEqual([shared.status, shared.body.php?.id, shared.body.sharedWith], [200, "own", ["own-blog"]])
        const older = yield* ask("PUT", php("own-shop"), { version: "7.4", ini: { memory_limit: "256M" } })
        assert.deepStrictEqual(
          [older.body.php?.id, older.body.php?.fields.ini, older.body.sharedWith],
          ["own-php-7-4", { memory_limit: "256M" }, []],
        )
        // Settings alone are those of the PHP that it has.
        const pool = yield* ask("PUT", php("own-blog"), { pool: { maxChildren: 9 } })
        assert.deepStrictEqual([pool.body.php?.fields.version, pool.body.php?.fields.pool.maxChildren], ["8.2", 9])
        assert.strictEqual((yield* operator("GET", "/v1/records/Site/own-blog")).body.version, 1)
        const none = yield* ask("PUT", php("own-shop"), { version: null })
        assert.deepStrictEqual([none.status, none.body.php], [200, null])
        for (const [wish, fields] of [
          [{ version: "9.9.9" }, ["version"]],
          [{ version: 8 }, ["version"]],
          [{ version: "8.2", ini: { nothing: "x" } }, ["ini.nothing"]],
          [{ version: "8.2", account: "foreign" }, ["account"]],
          [{ pool: { maxChildren: 2 } }, ["version"]],
        ] as const) {
          const refused = yield* ask("PUT", php("own-shop"), wish)
          assert.deepStrictEqual([refused.status, fieldsOf(refused)], [422, fields], JSON.stringify(refused.body))
        }
        assert.isNull((yield* ask("GET", php("own-shop"))).body.php)
        yield* ask("PUT", php("own-blog"), { pool: {} })
      }),
    )

    it.effect("has databases, jobs and keys, each called by what it is known by", () =>
      Effect.gen(function* () {
        const { ask } = yield* the
        const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI Carl's phone"
        for (const [path, wish, id, change] of [
          ["databases", { users: [{ name: "own_more" }] }, "own-data", { users: [] }],
          ["cron", { schedule: "@daily", command: "php cleanup.php" }, "own-php-cleanup-php", { paused: true }],
          ["ssh/keys", { publicKey: key }, "own-carl-s-phone", { expires: "2099-01-01" }],
        ] as const) {
          const made = yield* ask("POST", `/v1/customer/${path}`, wish)
          assert.deepStrictEqual([made.status, made.body.id], [201, id], JSON.stringify(made.body))
          const changed = yield* ask("PATCH", `/v1/customer/${path}/${id}`, change)
          assert.deepInclude(changed.body.fields, change)
          assert.include(idsOf(yield* ask("GET", `/v1/customer/${path}`)), id)
          assert.strictEqual((yield* ask("DELETE", `/v1/customer/${path}/${id}`)).status, 200)
          assert.strictEqual((yield* ask("GET", `/v1/customer/${path}/foreign-key`)).status, 404)
        }
        const weak = yield* ask("POST", "/v1/customer/ssh/keys", { publicKey: "ssh-dss AAAA" })
        assert.deepStrictEqual([weak.status, fieldsOf(weak)], [422, ["publicKey"]])
        // A second of the same words is another.
        const job = { schedule: "@daily", command: "php cleanup.php", id: "own-jobs" }
        assert.strictEqual((yield* ask("POST", "/v1/customer/cron", job)).status, 201)
        assert.strictEqual((yield* ask("POST", "/v1/customer/cron", job)).status, 409)
      }),
    )

    it.effect("sees the backups that there are, asks for one, and has one restored", () =>
      Effect.gen(function* () {
        const { api, ask, reseller } = yield* the
        assert.deepStrictEqual((yield* ask("GET", "/v1/customer/backups")).body, { items: [] })
        const told = (id: string, at: string) => ({ id, at, why: "schedule", files: 3, bytes: 4, databases: [] })
        const tell = (policy: string, ...snapshots: ReadonlyArray<object>) =>
          onDatabase(
            api.url,
            (sql) => sql`
              insert into reports (node, kind, name, record_id, report, reported_at)
              select 'web1', kind, name, id, ${JSON.stringify({ snapshots })}::jsonb, now()
              from records where kind = 'BackupPolicy' and name = ${policy}`,
          )
        yield* tell("own", told("aaaa1111", "2031-01-01T00:00:00Z"), told("aaaa2222", "2031-01-02T00:00:00Z"))
        yield* tell("sibling", told("bbbb1111", "2031-01-03T00:00:00Z"))
        yield* tell("foreign", told("cccc1111", "2031-01-04T00:00:00Z"))
        assert.deepStrictEqual(idsOf(yield* ask("GET", "/v1/customer/backups")), ["aaaa2222", "aaaa1111"])
        assert.deepStrictEqual(idsOf(yield* reseller("GET", "/v1/customer/backups")), [
          "bbbb1111",
          "aaaa2222",
          "aaaa1111",
        ])

        const now = yield* ask("POST", "/v1/customer/backups", {})
        assert.deepStrictEqual([now.status, now.body.id, now.body.fields.policy], [201, "own-manual", "own"])
        const which = yield* reseller("POST", "/v1/customer/backups", {})
        assert.deepStrictEqual([which.status, fieldsOf(which)], [422, ["account"]])

        const path = (id: string) => `/v1/customer/backups/${id}/restore`
        const restored = yield* ask("POST", path("aaaa1111"), { what: "files", preview: true })
        assert.deepStrictEqual(
          [restored.status, restored.body.fields.snapshot, restored.body.fields.what, restored.body.fields.preview],
          [201, "aaaa1111", "files", true],
        )
        assert.strictEqual((yield* ask("POST", path("latest"), {})).body.fields?.snapshot, "latest")
        // Another's backup is none.
        const bytes = (answer: Answer, id: string) =>
          `${answer.status} ${JSON.stringify(answer.body)}`.replaceAll(id, "X")
        assert.strictEqual(
          bytes(yield* ask("POST", path("cccc1111"), {}), "cccc1111"),
          bytes(yield* ask("POST", path("dddd1111"), {}), "dddd1111"),
        )
        for (const [wish, fields] of [
          [{ what: "nothing" }, ["what"]],
          [{ what: { path: "../../etc/shadow" } }, ["what.path"]],
          [{ policy: "foreign" }, undefined],
        ] as const) {
          const answer = yield* ask("POST", path("aaaa1111"), wish)
          if (fields === undefined) assert.strictEqual(answer.body.fields?.policy, "own")
          else assert.deepStrictEqual([answer.status, fieldsOf(answer)], [422, fields], JSON.stringify(answer.body))
        }
        assert.deepStrictEqual(fieldsOf(yield* reseller("POST", path("latest"), {})), ["account"])
        assert.strictEqual(
          (yield* reseller("POST", path("latest"), { account: "sibling" })).body.fields?.policy,
          "sibling",
        )
      }),
    )

    it.effect("has an overview of what is theirs", () =>
      Effect.gen(function* () {
        const { ask, operator } = yield* the
        const { body, status } = yield* ask("GET", "/v1/customer/dashboard")
        assert.strictEqual(status, 200, JSON.stringify(body))
        assert.deepStrictEqual(
          body.accounts.map(({ name, package: of, suspended }: never) => [name, of, suspended]),
          [["own", "own-plan", false]],
        )
        assert.strictEqual(body.websites.total, body.websites.waiting + body.websites.deleting)
        assert.deepStrictEqual(
          body.usage.map(({ name }: { name: string }) => name),
          ["own"],
        )
        assert.isAtMost(body.activity.length, 20)
        for (const { name } of body.activity) assert.notMatch(name, /foreign|sibling|direct/)
        assert.strictEqual((yield* operator("GET", "/v1/customer/dashboard")).body.accounts.length, 4)
      }),
    )
  })
})
