import * as PgClient from "@effect/sql-pg/PgClient"
import { assert, describe, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { ApiUnderTest, account, site } from "../../fixtures/api/api-under-test.ts"

const day = (ago: number) => new Date(Date.now() - ago * 86_400_000).toISOString().slice(0, 10)

describe("the traffic of sites", () => {
  layer(ApiUnderTest.layer(), { timeout: "60 seconds", excludeTestServices: true })((it) => {
    it.effect("is given by day, the newest first, over all nodes, page by page", () =>
      Effect.gen(function* () {
        const { ask, url } = yield* ApiUnderTest
        const sites = ["shop", "blog"].map((name) => site(name, "acme", `${name}.example.org`))
        yield* ask("POST", "/v1/apply", { records: [account("acme"), ...sites] })
        yield* Effect.gen(function* () {
          const sql = yield* PgClient.PgClient
          const counted = (node: string, name: string, ago: number, bytes: number) => sql`
            insert into traffic (node, record_id, kind, name, day, requests, bytes_in, bytes_out)
            select ${node}, id, kind, name, ${day(ago)}::date, 1, ${bytes}, ${bytes * 2}
            from records where kind = 'Site' and name = ${name}`
          yield* counted("web1", "shop", 0, 10)
          yield* counted("web2", "shop", 0, 5)
          yield* counted("web1", "shop", 1, 7)
          yield* counted("web1", "shop", 9, 1)
          yield* counted("web1", "blog", 0, 3)
          // Of a site that had this name before.
          yield* sql`
            insert into traffic (node, record_id, kind, name, day, requests, bytes_in, bytes_out)
            values ('web1', gen_random_uuid(), 'Site', 'shop', ${day(0)}::date, 99, 99, 99)`
        }).pipe(Effect.provide(PgClient.layer({ url: Redacted.make(url) })))

        const of = (query: string) => Effect.map(ask("GET", `/v1/traffic?${query}`), ({ body }) => body)
        assert.deepStrictEqual((yield* of("kind=Site&name=shop&days=2")).items, [
          { kind: "Site", name: "shop", day: day(0), requests: 2, bytesIn: 15, bytesOut: 30 },
          { kind: "Site", name: "shop", day: day(1), requests: 1, bytesIn: 7, bytesOut: 14 },
        ])
        const first = yield* of("limit=2")
        const second = yield* of(`limit=2&after=${encodeURIComponent(first.next)}`)
        assert.deepStrictEqual(
          [...first.items, ...second.items].map((one: { name: string; day: string }) => `${one.name} ${one.day}`),
          [`shop ${day(0)}`, `blog ${day(0)}`, `shop ${day(1)}`, `shop ${day(9)}`],
        )
        assert.isNull(second.next)
        assert.strictEqual((yield* ask("GET", "/v1/traffic?days=0")).status, 400)
      }),
    )
  })
})
