import { assert, describe, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { aNode, everyTable } from "../../fixtures/api/a-node.ts"
import { ApiUnderTest, account, site } from "../../fixtures/api/api-under-test.ts"
import { unseal } from "../../spec/sealing.ts"

const plain = `$6$saltsalt$${"s".repeat(86)}`
const other = `$6$saltsalt$${"t".repeat(86)}`
const withPassword = (password: unknown) => account("acme", { access: { shell: "sftp", passwordVerifier: password } })

const stored = Effect.gen(function* () {
  const { ask } = yield* ApiUnderTest
  const { body } = yield* ask("GET", "/v1/records/Account/acme")
  return body.spec.access.passwordVerifier
})

describe("secrets", () => {
  layer(ApiUnderTest.layer(), { timeout: "60 seconds", excludeTestServices: true })((it) => {
    it.effect("are refused while there is no node to seal them for, with the field and the mend", () =>
      Effect.gen(function* () {
        const { ask } = yield* ApiUnderTest
        const { status, body } = yield* ask("POST", "/v1/apply", { records: [withPassword(plain)] })
        assert.strictEqual(status, 422)
        assert.deepInclude(body.problems[0], {
          index: 0,
          kind: "Account",
          name: "acme",
          field: "spec.access.passwordVerifier",
          mend: "Start the agent of a node first.",
        })
        assert.notInclude(JSON.stringify(body), plain)
        assert.strictEqual((yield* ask("POST", "/v1/secret-exports", {})).status, 404)
        // What holds none needs none.
        assert.strictEqual((yield* ask("POST", "/v1/apply", { records: [account("acme")] })).status, 200)
      }),
    )

    it.effect(
      "are sealed for every node, and shown to nobody from there on: not in a dry run, nor in the history",
      () =>
        Effect.gen(function* () {
          const { ask, url } = yield* ApiUnderTest
          const keys = [yield* aNode(url, "web1"), yield* aNode(url, "web2")]
          const answers = [
            yield* ask("POST", "/v1/diff", { records: [withPassword(plain)] }),
            yield* ask("POST", "/v1/apply", { records: [withPassword(plain)] }),
            yield* ask("GET", "/v1/history/Account/acme"),
            yield* ask("GET", "/v1/export"),
            yield* ask("GET", "/v1/records"),
          ]
          assert.deepStrictEqual(
            answers.map(({ status }) => status),
            answers.map(() => 200),
          )
          const sealed = yield* stored
          assert.match(answers[0]?.body.changes[0].diff, /^\+.*sealed: YWdlLWVuY3J5/m)
          for (const { identity } of keys)
            assert.deepStrictEqual(yield* unseal(identity, sealed), {
              for: "Account/acme#access/password",
              value: plain,
            })
          assert.notInclude(JSON.stringify(answers), plain)
          assert.notInclude(yield* everyTable(url), plain)
        }),
    )

    it.effect("stay when they are left out or given as they were exported; in plain again they are new", () =>
      Effect.gen(function* () {
        const { ask } = yield* ApiUnderTest
        const before = yield* stored
        const exported = yield* ask("GET", "/v1/export?format=json")
        const again = yield* ask("POST", "/v1/apply", { records: exported.body })
        assert.strictEqual(again.body.summary.unchanged, exported.body.length)
        const without = yield* ask("POST", "/v1/apply", { records: [account("acme", { access: { shell: "sftp" } })] })
        assert.strictEqual(without.body.summary.unchanged, 1)
        assert.deepStrictEqual(yield* stored, before)
        const same = yield* ask("POST", "/v1/apply", { records: [withPassword(plain)] })
        assert.strictEqual(same.body.summary.updated, 1)
        assert.notDeepEqual(yield* stored, before)
      }),
    )

    it.effect("go with what they were for, and when they are taken away", () =>
      Effect.gen(function* () {
        const { ask } = yield* ApiUnderTest
        yield* ask("POST", "/v1/apply", { records: [withPassword("none")] })
        yield* ask("POST", "/v1/apply", { records: [account("acme", { access: { shell: "sftp" } })] })
        assert.isUndefined(yield* stored)
        yield* ask("POST", "/v1/apply", { records: [withPassword(plain)] })
        yield* ask("POST", "/v1/apply", { records: [account("acme", { access: { shell: "jail" } })] })
        yield* ask("POST", "/v1/apply", { records: [account("acme", { access: { shell: "sftp" } })] })
        assert.isUndefined(yield* stored)
      }),
    )

    it.effect("come back with a rollback, sealed as they were", () =>
      Effect.gen(function* () {
        const { ask, url } = yield* ApiUnderTest
        yield* ask("POST", "/v1/apply", { records: [withPassword(plain)] })
        const before = yield* stored
        yield* ask("POST", "/v1/apply", { records: [withPassword(other)] })
        const { body } = yield* ask("GET", "/v1/history/Account/acme")
        const { status } = yield* ask("POST", "/v1/rollback", {
          kind: "Account",
          name: "acme",
          revision: body.items[1].seq,
        })
        assert.strictEqual(status, 200)
        assert.deepStrictEqual(yield* stored, before)
        assert.notInclude(yield* everyTable(url), other)
      }),
    )

    it.effect("are not repeated where they are wrong, in any field that holds one", () =>
      Effect.gen(function* () {
        const { ask, url } = yield* ApiUnderTest
        const wrong = "correct horse battery staple"
        const database = {
          apiVersion: "plumbline.dev/v1",
          kind: "Database",
          metadata: { name: "shop" },
          spec: { account: "acme", users: [{ name: "shop", passwordVerifier: wrong }] },
        }
        const protect = [{ path: "/", users: [{ name: "editor", verifier: { sealed: wrong } }] }]
        const records = [withPassword(wrong), database, site("shop", "acme", "shop.example.org", { protect })]
        const { status, body } = yield* ask("POST", "/v1/apply", { records })
        assert.strictEqual(status, 422)
        assert.strictEqual(body.problems.length, 3)
        assert.notInclude(JSON.stringify(body), wrong)
        assert.notInclude(yield* everyTable(url), wrong)
      }),
    )
  })
})
