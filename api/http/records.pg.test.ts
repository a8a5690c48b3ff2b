import { assert, describe, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { ApiUnderTest, account, site } from "../../fixtures/api/api-under-test.ts"

describe("records", () => {
  layer(ApiUnderTest.layer(), { timeout: "60 seconds", excludeTestServices: true })((it) => {
    it.effect("a record is made, read, changed and deleted, each time by the version that was seen", () =>
      Effect.gen(function* () {
        const { ask } = yield* ApiUnderTest
        const made = yield* ask("PUT", "/v1/records/Account/acme", account("acme"))
        assert.strictEqual(made.status, 200, JSON.stringify(made.body))
        assert.deepInclude(made.body, { action: "created", version: 1, generation: 1 })
        const read = yield* ask("GET", "/v1/records/Account/acme")
        assert.strictEqual(read.body.spec.uid, 10000)
        assert.strictEqual(read.body.spec.suspended, false)
        assert.strictEqual(read.body.state, "waiting")

        const blind = yield* ask("PUT", "/v1/records/Account/acme", account("acme", { comment: "x" }))
        assert.strictEqual(blind.status, 409)
        assert.deepStrictEqual(blind.body.versions, [{ kind: "Account", name: "acme", expected: 0, actual: 1 }])
        assert.strictEqual(blind.headers.get("content-type"), "application/problem+json")

        const changed = yield* ask("PUT", "/v1/records/Account/acme", account("acme", { comment: "x" }), {
          "if-match": '"1"',
        })
        assert.deepInclude(changed.body, { action: "updated", version: 2, generation: 2 })
        assert.deepStrictEqual(changed.body.fields, [{ field: "spec.comment", after: "x" }])
        assert.strictEqual((yield* ask("GET", "/v1/records/Account/acme")).body.spec.uid, 10000)

        assert.strictEqual((yield* ask("DELETE", "/v1/records/Account/acme")).status, 400)
        assert.strictEqual((yield* ask("DELETE", "/v1/records/Account/acme?version=1")).status, 409)
        const gone = yield* ask("DELETE", "/v1/records/Account/acme?version=2&confirm=true")
        assert.deepInclude(gone.body, { action: "deleted", version: 3, generation: 2 })
        assert.strictEqual((yield* ask("GET", "/v1/records/Account/acme")).body.state, "deleting")
        assert.strictEqual((yield* ask("GET", "/v1/records/Account/nobody")).status, 404)
      }),
    )

    it.effect("the generation moves with the spec and with nothing else", () =>
      Effect.gen(function* () {
        const { ask } = yield* ApiUnderTest
        yield* ask("PUT", "/v1/records/Account/gene", account("gene"))
        const labelled = { ...account("gene"), metadata: { name: "gene", labels: { plan: "big" } } }
        const relabelled = yield* ask("PUT", "/v1/records/Account/gene?version=1", labelled)
        assert.deepInclude(relabelled.body, { action: "updated", version: 2, generation: 1 })
        const spelled = { ...labelled, spec: { suspended: false, limits: {} } }
        const same = yield* ask("PUT", "/v1/records/Account/gene?version=2", spelled)
        assert.deepInclude(same.body, { action: "unchanged", version: 2, generation: 1 })
      }),
    )

    it.effect("of two writers that saw the same version, one wins", () =>
      Effect.gen(function* () {
        const { ask } = yield* ApiUnderTest
        yield* ask("PUT", "/v1/records/Account/race", account("race"))
        const answers = yield* Effect.all(
          Array.from({ length: 8 }, (_, index) =>
            ask("PUT", "/v1/records/Account/race?version=1", account("race", { comment: `writer ${index}` })),
          ),
          { concurrency: "unbounded" },
        )
        assert.deepStrictEqual(answers.map(({ status }) => status).sort(), [200, ...Array(7).fill(409)])
        assert.strictEqual((yield* ask("GET", "/v1/records/Account/race")).body.version, 2)
      }),
    )

    it.effect("the address and the body name the same record", () =>
      Effect.gen(function* () {
        const { ask } = yield* ApiUnderTest
        const answer = yield* ask("PUT", "/v1/records/Account/one", account("two"))
        assert.strictEqual(answer.status, 422)
        assert.strictEqual(answer.body.problems[0].field, "metadata.name")
      }),
    )

    it.effect("lists by kind, label and prefix, page by page, without repeating or missing one", () =>
      Effect.gen(function* () {
        const { ask } = yield* ApiUnderTest
        const records = Array.from({ length: 25 }, (_, index) => ({
          ...account(`page${String(index).padStart(2, "0")}`),
          metadata: { name: `page${String(index).padStart(2, "0")}`, labels: { odd: String(index % 2) } },
        }))
        yield* ask("POST", "/v1/apply", { records })
        for (const sort of ["name", "-name", "updated", "-updated"]) {
          const names: Array<string> = []
          let after = ""
          do {
            const page = yield* ask("GET", `/v1/records?kind=Account&prefix=page&limit=7&sort=${sort}${after}`)
            names.push(...page.body.items.map((item: { metadata: { name: string } }) => item.metadata.name))
            after = page.body.next === null ? "" : `&after=${page.body.next}`
          } while (after !== "")
          assert.strictEqual(new Set(names).size, 25, sort)
          assert.strictEqual(names.length, 25, sort)
        }
        const odd = yield* ask("GET", "/v1/records?label=odd=1&limit=1000")
        assert.strictEqual(odd.body.items.length, 12)
        assert.strictEqual((yield* ask("GET", "/v1/records?label=odd&prefix=page&limit=1000")).body.items.length, 25)
        for (const bad of ["limit=0", "limit=x", "after=nonsense", "colour=red", "sort=size"])
          assert.strictEqual((yield* ask("GET", `/v1/records?${bad}`)).status, 400, bad)
      }),
    )

    it.effect("exports what is desired, and what was exported changes nothing when it is applied", () =>
      Effect.gen(function* () {
        const { ask } = yield* ApiUnderTest
        yield* ask("POST", "/v1/apply", { records: [account("expo"), site("expo-shop", "expo", "expo.example.org")] })
        const json = yield* ask("GET", "/v1/export?format=json")
        assert.notInclude(JSON.stringify(json.body), "status")
        const again = yield* ask("POST", "/v1/apply", { records: json.body })
        assert.strictEqual(again.status, 200, JSON.stringify(again.body))
        assert.strictEqual(again.body.summary.unchanged, json.body.length)
        const yaml = yield* ask("GET", "/v1/export?kind=Site")
        assert.match(yaml.headers.get("content-type") ?? "", /application\/yaml/)
        assert.match(yaml.body, /^apiVersion: plumbline.dev\/v1\nkind: Site\nmetadata:\n {2}name: expo-shop\nspec:\n/)
      }),
    )
  })
})
