import * as PgClient from "@effect/sql-pg/PgClient"
import { assert, describe, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { ApiUnderTest, account, site } from "../../fixtures/api/api-under-test.ts"

const small = {
  apiVersion: "plumbline.dev/v1",
  kind: "Package",
  metadata: { name: "small" },
  spec: { limits: { sites: 3 } },
}
const limits = (sites: number) => ({ ...small, spec: { limits: { sites } } })
const a = (name: string, of: string) => site(name, of, `${name}.example.org`)

describe("the limits of an account", () => {
  layer(ApiUnderTest.layer(), { timeout: "60 seconds", excludeTestServices: true })((it) => {
    it.effect("refuse what would be one too many, with the field, how many there are and the limit", () =>
      Effect.gen(function* () {
        const { ask } = yield* ApiUnderTest
        const three = [a("one", "acme"), a("two", "acme"), a("three", "acme")]
        const made = yield* ask("POST", "/v1/apply", {
          records: [small, account("acme", { package: "small" }), ...three],
        })
        assert.strictEqual(made.status, 200)
        const answer = yield* ask("POST", "/v1/apply", { records: [a("four", "acme")] })
        assert.strictEqual(answer.status, 422)
        assert.deepStrictEqual(answer.body.problems, [
          {
            index: 0,
            kind: "Site",
            name: "four",
            field: "spec.account",
            message: "With this one Account/acme has 4 sites, and the limit of Package/small is 3.",
            mend: "Remove one of those that are there, or raise spec.limits.sites of Package/small.",
          },
        ])
        // A change of one that is there, and one for another, are let through.
        assert.strictEqual((yield* ask("POST", "/v1/apply", { records: three })).status, 200)
        const removed = yield* ask("DELETE", "/v1/records/Site/one?version=1")
        assert.strictEqual(removed.status, 200)
        assert.strictEqual((yield* ask("POST", "/v1/apply", { records: [a("four", "acme")] })).status, 200)
        assert.strictEqual((yield* ask("POST", "/v1/apply", { records: [a("one", "acme")] })).status, 422)
      }),
    )

    it.effect("hold however many write at the same time", () =>
      Effect.gen(function* () {
        const { ask } = yield* ApiUnderTest
        yield* ask("POST", "/v1/apply", { records: [limits(3), account("race", { package: "small" })] })
        const answers = yield* Effect.all(
          Array.from({ length: 12 }, (_, index) => ask("POST", "/v1/apply", { records: [a(`race-${index}`, "race")] })),
          { concurrency: 12 },
        )
        assert.strictEqual(answers.filter(({ status }) => status === 200).length, 3)
        assert.strictEqual(answers.filter(({ status }) => status === 422).length, 9)
      }),
    )

    it.effect("may be lowered below what is there, which stays and can be changed", () =>
      Effect.gen(function* () {
        const { ask } = yield* ApiUnderTest
        assert.strictEqual((yield* ask("POST", "/v1/apply", { records: [limits(1)] })).status, 200)
        const changed = { ...a("race-x", "race"), metadata: { name: "two" } }
        const kept = yield* ask("POST", "/v1/apply", {
          records: [{ ...changed, spec: { ...changed.spec, account: "acme" } }],
        })
        assert.strictEqual(kept.status, 200)
      }),
    )

    it.effect("cost a write next to nothing in an account of ten thousand", () =>
      Effect.gen(function* () {
        const { ask, url } = yield* ApiUnderTest
        yield* ask("POST", "/v1/apply", { records: [account("large", { limits: { sites: 10_001 } })] })
        yield* Effect.gen(function* () {
          const sql = yield* PgClient.PgClient
          yield* sql`insert into records (kind, name, spec)
            select 'Site', 'large-' || n, jsonb_build_object('account', 'large', 'domains',
              jsonb_build_array('large-' || n || '.example.org')) from generate_series(1, 10000) n`
        }).pipe(Effect.provide(PgClient.layer({ url: Redacted.make(url) })))
        // The first writer ties what came another way.
        assert.strictEqual((yield* ask("POST", "/v1/apply", { records: [account("other")] })).status, 200)
        const began = performance.now()
        const last = yield* ask("POST", "/v1/apply", { records: [a("large-last", "large")] })
        const took = performance.now() - began
        assert.strictEqual(last.status, 200)
        assert.isBelow(took, 1000)
        const over = yield* ask("POST", "/v1/apply", { records: [a("large-over", "large")] })
        assert.strictEqual(over.body.problems[0].message.match(/has (\d+) sites/)[1], "10002")
      }),
    )
  })
})
