// What a write can be besides a whole record at a version: a patch, a trial, a request that is sent twice; and what is told of it.

import { assert, describe, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { aNode } from "../../fixtures/api/a-node.ts"
import { type Answer, ApiUnderTest, account, site } from "../../fixtures/api/api-under-test.ts"
import { bearing, logIn, makeAda } from "../../fixtures/api/people.ts"

const fieldsOf = (answer: Answer) => answer.body.problems?.map(({ field }: { field: string }) => field)

describe("a write", () => {
  layer(ApiUnderTest.layer(), { timeout: "60 seconds", excludeTestServices: true })((it) => {
    const made = Effect.fnUntraced(function* (name: string) {
      const { ask } = yield* ApiUnderTest
      const answer = yield* ask("POST", "/v1/apply", {
        records: [
          account(name),
          site(`${name}-blog`, name, `${name}.example.org`, { aliases: [`www.${name}.example.org`] }),
        ],
      })
      assert.strictEqual(answer.status, 200)
      return `/v1/records/Site/${name}-blog`
    })

    it.effect("may be a patch: of what it names, at the version that was seen or whatever is there", () =>
      Effect.gen(function* () {
        const { ask } = yield* ApiUnderTest
        const path = yield* made("patch")
        const merge = { "content-type": "application/merge-patch+json" }
        const done = yield* ask("PATCH", path, { spec: { suspended: true, aliases: null } }, merge)
        assert.deepStrictEqual([done.status, done.body.action, done.body.version], [200, "updated", 2])
        const { body } = yield* ask("GET", path)
        assert.deepStrictEqual(
          [body.spec.suspended, body.spec.aliases, body.spec.domains],
          [true, [], ["patch.example.org"]],
        )
        // As plain JSON too, and labels.
        yield* ask("PATCH", path, { metadata: { labels: { team: "web" } } })
        assert.deepStrictEqual((yield* ask("GET", path)).body.metadata.labels, { team: "web" })
        assert.strictEqual((yield* ask("PATCH", path, {})).body.action, "unchanged")

        const late = yield* ask("PATCH", `${path}?version=2`, { spec: { suspended: false } })
        assert.deepStrictEqual([late.status, late.body.versions?.[0]?.actual], [409, 3])
        const seen = yield* ask("PATCH", path, { spec: { suspended: false } }, { "if-match": '"3"' })
        assert.strictEqual(seen.status, 200)

        for (const [patch, fields] of [
          [{ spec: { suspended: "yes" } }, ["spec.suspended"]],
          [{ spec: { nothing: 1 } }, ["spec.nothing"]],
          [{ spec: { domains: null } }, ["spec.domains"]],
          [{ spec: null }, ["spec"]],
          [{ kind: "Account" }, ["kind"]],
          [{ metadata: { name: "other" } }, ["metadata.name"]],
          [{ spec: { domains: ["a\nb.example.org"] } }, ["spec.domains[0]"]],
        ] as const) {
          const refused = yield* ask("PATCH", path, patch)
          assert.deepStrictEqual([refused.status, fieldsOf(refused)], [422, fields], JSON.stringify(patch))
        }
        for (const patch of ["[1]", '"text"', "null", "1"])
          assert.strictEqual((yield* ask("PATCH", path, patch)).status, 422, patch)
        assert.strictEqual((yield* ask("GET", path)).body.version, 4)
        assert.strictEqual((yield* ask("PATCH", "/v1/records/Site/none", {})).status, 404)
        yield* ask("DELETE", `${path}?version=4`)
        assert.strictEqual((yield* ask("PATCH", path, { spec: { suspended: true } })).status, 404)
      }),
    )

    it.effect("of several at once in different fields loses none", () =>
      Effect.gen(function* () {
        const { ask } = yield* ApiUnderTest
        const path = yield* made("busy")
        const labels = Array.from({ length: 8 }, (_, index) => `l${index}`)
        const answers = yield* Effect.forEach(
          labels,
          (label) => ask("PATCH", path, { metadata: { labels: { [label]: "x" } } }),
          { concurrency: "unbounded" },
        )
        assert.deepStrictEqual([...new Set(answers.map(({ status }) => status))], [200])
        assert.sameMembers(Object.keys((yield* ask("GET", path)).body.metadata.labels), labels)
      }),
    )

    it.effect("may be a trial, which says what it would do, and does nothing", () =>
      Effect.gen(function* () {
        const { ask } = yield* ApiUnderTest
        const path = yield* made("trial")
        const before = (yield* ask("GET", path)).body
        const put = yield* ask("PUT", `${path}?version=1&dryRun=true`, site("trial-blog", "trial", "other.example.org"))
        assert.deepStrictEqual([put.status, put.body.action, put.body.version], [200, "updated", 2])
        assert.include(put.body.diff, "+    - other.example.org")
        const patch = yield* ask("PATCH", `${path}?dryRun=true`, { spec: { suspended: true } })
        assert.include(patch.body.diff, "+  suspended: true")
        const gone = yield* ask("DELETE", `${path}?version=1&dryRun=true`)
        assert.deepStrictEqual([gone.status, gone.body.action], [200, "deleted"])
        const fresh = yield* ask("PUT", "/v1/records/Site/fresh?dryRun=true", site("fresh", "trial", "f.example.org"))
        assert.strictEqual(fresh.body.action, "created")
        assert.strictEqual((yield* ask("GET", "/v1/records/Site/fresh")).status, 404)
        assert.deepStrictEqual((yield* ask("GET", path)).body, before)
        const wrong = yield* ask("PATCH", `${path}?dryRun=true`, { spec: { suspended: 1 } })
        assert.strictEqual(wrong.status, 422)
      }),
    )

    it.effect("that is sent again with its key is done once, also when both come at once", () =>
      Effect.gen(function* () {
        const api = yield* ApiUnderTest
        const { ask } = api
        const path = yield* made("twice")
        const send = (key: string, suspended: boolean) =>
          ask("PATCH", path, { spec: { suspended } }, { "idempotency-key": key })
        const both = yield* Effect.all([send("key-1", true), send("key-1", true), send("key-1", true)], {
          concurrency: "unbounded",
        })
        assert.deepStrictEqual([...new Set(both.map(({ body }) => JSON.stringify(body)))].length, 1)
        assert.strictEqual((yield* ask("GET", path)).body.version, 2)
        // Long after somebody else has changed it back.
        yield* send("key-2", false)
        assert.strictEqual((yield* send('"key-1"', true)).body.version, 2)
        assert.strictEqual((yield* ask("GET", path)).body.spec.suspended, false)
        // For another request it is none.
        const other = yield* send("key-1", false)
        assert.deepStrictEqual([other.status, fieldsOf(other)], [422, ['["idempotency-key"]']])
        for (const bad of ["", " ", "a b", "x".repeat(300), "ä"]) {
          const answer = yield* send(bad, true)
          assert.isTrue(
            bad === "" ? [200, 400].includes(answer.status) : answer.status === 400,
            `${bad}: ${answer.status}`,
          )
        }
        // What failed was not done.
        const put = (domain: string) =>
          ask("PUT", "/v1/records/Site/twice-new", site("twice-new", "twice", domain), { "idempotency-key": "key-3" })
        assert.strictEqual((yield* put("not a domain")).status, 422)
        const created = yield* put("new.twice.example.org")
        assert.deepStrictEqual([created.status, created.body.action], [200, "created"])
        assert.deepStrictEqual((yield* put("new.twice.example.org")).body, created.body)
        // A set, a rollback and a delete.
        const apply = () =>
          ask("POST", "/v1/apply", { records: [account("twice", { comment: "x" })] }, { "idempotency-key": "key-4" })
        assert.deepStrictEqual((yield* apply()).body, (yield* apply()).body)
        const remove = () =>
          ask("DELETE", "/v1/records/Site/twice-new?version=1", undefined, { "idempotency-key": "key-5" })
        assert.deepStrictEqual([(yield* remove()).status, (yield* remove()).body.action], [200, "deleted"])
        // Somebody else's key of the same text is another.
        yield* makeAda(api)
        const ada = bearing(yield* logIn(api))
        const hers = yield* ask("PATCH", path, { spec: { suspended: true } }, { ...ada, "idempotency-key": "key-2" })
        assert.deepStrictEqual([hers.status, hers.body.action], [200, "updated"])
        // After a day nobody remembers it: it is a new request.
        assert.strictEqual((yield* send("key-2", false)).body.version, 3)
      }),
    )

    it.effect("is told in the audit trail: who, in which session, from where, and what became what", () =>
      Effect.gen(function* () {
        const api = yield* ApiUnderTest
        yield* aNode(api.url)
        const path = yield* made("told")
        const { headers, body } = yield* api.ask(
          "PATCH",
          path,
          {
            spec: {
              suspended: true,
              protect: [{ path: "/", users: [{ name: "ed", verifier: `$6$saltsaltsalt$${"x./Z".repeat(21)}xy` }] }],
            },
          },
          { "user-agent": "test/1" },
        )
        assert.strictEqual(body.action, "updated", JSON.stringify(body))
        const [event] = (yield* api.ask("GET", "/v1/audit?action=records.written")).body.items
        assert.deepStrictEqual(
          [event.actor, event.target, event.outcome, event.agent, event.requestId, event.details.version],
          ["admin", "Site/told-blog", "succeeded", "test/1", headers.get("x-request-id"), 2],
        )
        assert.deepStrictEqual([event.before["spec.suspended"], event.after["spec.suspended"]], [false, true])
        assert.match(event.address, /^(127\.0\.0\.1|::1|::ffff:127\.0\.0\.1)$/)
        assert.include(JSON.stringify(event.after), "(sealed)")
        assert.notInclude(JSON.stringify(event), "YWdlLWVuY3J5cHRpb24") // age, in Base64
        // Of a set which; of what changes nothing, and of a trial, nothing.
        yield* api.ask("POST", "/v1/apply", { records: [account("told", { comment: "a" }), account("told-two")] })
        yield* api.ask("PATCH", `${path}?dryRun=true`, { spec: { suspended: false } })
        yield* api.ask("PATCH", path, {})
        const [set] = (yield* api.ask("GET", "/v1/audit?action=records.written")).body.items
        assert.deepStrictEqual(
          [set.target, set.details.records],
          [
            "2 records",
            [
              { record: "Account/told", action: "updated", version: 2 },
              { record: "Account/told-two", action: "created", version: 1 },
            ],
          ],
        )
        assert.isTrue((yield* api.ask("GET", "/v1/verify")).body.ok)
      }),
    )

    it.effect("is compared with an earlier one, and found by what is in it", () =>
      Effect.gen(function* () {
        const { ask } = yield* ApiUnderTest
        const path = yield* made("found")
        yield* ask("PATCH", path, { spec: { documentRoot: "public/web" } })
        yield* ask("DELETE", `${path}?version=2`)
        const { items } = (yield* ask("GET", "/v1/history/Site/found-blog")).body
        const [gone, changed, created] = items.map(({ seq }: { seq: number }) => seq)
        const diff = (query: string) => ask("GET", `/v1/history/Site/found-blog/diff?${query}`)
        const between = (yield* diff(`from=${created}&to=${changed}`)).body
        assert.deepStrictEqual(between.fields, [{ field: "spec.documentRoot", before: "public", after: "public/web" }])
        assert.include(between.diff, "-  documentRoot: public\n+  documentRoot: public/web\n")
        // To the newest, which is a delete.
        const all = (yield* diff(`from=${created}`)).body
        assert.strictEqual(all.to, gone)
        assert.include(all.diff, "-kind: Site")
        assert.strictEqual((yield* diff(`from=${created}&to=${created}`)).body.diff, "")
        for (const [query, status] of [
          ["from=999999", 404],
          ["from=x", 400],
          ["", 400],
          [`from=${created}&to=999999`, 404],
        ] as const)
          assert.strictEqual((yield* diff(query)).status, status, query)
        assert.strictEqual((yield* ask("GET", "/v1/history/Site/never/diff?from=1")).status, 404)

        yield* ask("POST", "/v1/apply", { records: [account("seek", { comment: "100% _wool_" })] })
        const search = (text: string) =>
          Effect.map(ask("GET", `/v1/records?deleted=false&search=${encodeURIComponent(text)}`), ({ body }) =>
            body.items.map(({ kind, metadata }: never) => `${kind}/${(metadata as { name: string }).name}`),
          )
        assert.deepStrictEqual(yield* search("100% _wool_"), ["Account/seek"])
        assert.deepStrictEqual(yield* search("SEEK"), ["Account/seek"])
        assert.deepStrictEqual(yield* search("%"), ["Account/seek"])
        assert.deepStrictEqual(yield* search("no such text"), [])
        assert.deepStrictEqual(yield* search("'; drop table records; --"), [])
      }),
    )
  })
})
