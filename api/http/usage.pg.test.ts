import * as PgClient from "@effect/sql-pg/PgClient"
import { assert, describe, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { ApiUnderTest, account, site } from "../../fixtures/api/api-under-test.ts"

/** What the agent would write. */
const measured = (name: string, figures: Readonly<Record<string, number>>) =>
  Effect.gen(function* () {
    const { url } = yield* ApiUnderTest
    yield* Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      for (const [measure, value] of Object.entries(figures))
        yield* sql`
          insert into measurements (node, kind, name, measure, value, measured_at)
          values ('web1', 'Account', ${name}, ${measure}, ${value}, now())
          on conflict (node, kind, name, measure) do update set value = excluded.value`
    }).pipe(Effect.provide(PgClient.layer({ url: Redacted.make(url) })))
  })

const small = {
  apiVersion: "plumbline.dev/v1",
  kind: "Package",
  metadata: { name: "small" },
  spec: { limits: { disk: "100M", tasks: 100, sites: 2 } },
}

describe("what an account uses", () => {
  layer(ApiUnderTest.layer(), { timeout: "60 seconds", excludeTestServices: true })((it) => {
    it.effect("stands beside its limits: figures of the host, and counts of the records", () =>
      Effect.gen(function* () {
        const { ask } = yield* ApiUnderTest
        const records = [small, account("acme", { package: "small", limits: { tasks: 50 } }), account("fern")]
        yield* ask("POST", "/v1/apply", { records: [...records, site("shop", "acme", "shop.example.org")] })
        yield* measured("acme", { disk: 52_428_800, tasks: 5, cpu: 3 })
        const { body } = yield* ask("GET", "/v1/usage?name=acme")
        const [{ uses }] = body.items
        const of = (what: string) => uses.find((use: { what: string }) => use.what === what)
        assert.deepInclude(of("disk"), { used: 52_428_800, limit: 104_857_600, percent: 50, unit: "bytes" })
        assert.deepInclude(of("tasks"), { used: 5, limit: 50, percent: 10 })
        assert.deepInclude(of("sites"), { used: 1, limit: 2, percent: 50, counted: true })
        // Nobody measured it, and nobody limits it: neither is zero.
        assert.deepInclude(of("memory"), { used: null, limit: 536_870_912, percent: null })
        assert.deepInclude(of("databases"), { used: 0, limit: null, percent: null })
        assert.deepStrictEqual(
          (yield* ask("GET", "/v1/usage")).body.items.map(({ name }: { name: string }) => name),
          ["acme", "fern"],
        )
      }),
    )

    it.effect("is said in the status where a limit is near, reached or exceeded, and no status is written for it", () =>
      Effect.gen(function* () {
        const { ask } = yield* ApiUnderTest
        const notices = Effect.map(
          ask("GET", "/v1/status?kind=Account&name=acme"),
          ({ body }) => body.records[0].notices,
        )
        assert.isUndefined(yield* notices)
        yield* measured("acme", { disk: 96_468_992, tasks: 50 })
        assert.deepStrictEqual(yield* notices, [
          "The limit of disk is near: 92 MiB of 100 MiB.",
          "The limit of tasks is reached: 50 of 50.",
        ])
        yield* measured("acme", { disk: 104_841_216, tasks: 1 })
        yield* ask("POST", "/v1/apply", { records: [site("blog", "acme", "blog.example.org")] })
        assert.deepStrictEqual(yield* notices, [
          "The limit of disk is reached: 100 MiB of 100 MiB.",
          "The limit of sites is reached: 2 of 2.",
        ])
        yield* measured("acme", { disk: 1 })
        yield* ask("POST", "/v1/apply", { records: [{ ...small, spec: { limits: { sites: 1 } } }] })
        assert.deepStrictEqual(yield* notices, [
          "The limit of sites is exceeded: 2 of 1. What is there stays, and none can be added.",
        ])
      }),
    )
  })
})
