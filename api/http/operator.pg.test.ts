import { assert, describe, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { aNode } from "../../fixtures/api/a-node.ts"
import { ApiUnderTest } from "../../fixtures/api/api-under-test.ts"
import { makeHouses } from "../../fixtures/api/houses.ts"
import { onDatabase } from "../../fixtures/postgres/on-database.ts"

const load = {
  load1: 0.5,
  load5: 0.25,
  load15: 0.1,
  cores: 2,
  memory: 8e9,
  memoryAvailable: 3e9,
  disk: 1e11,
  diskAvailable: 4e10,
  uptimeSeconds: 4711,
}

describe("the installation at a glance", () => {
  layer(ApiUnderTest.layer(), { timeout: "60 seconds", excludeTestServices: true })((it) => {
    it.effect("is who and what there is, what it brings in and how the nodes are", () =>
      Effect.gen(function* () {
        const api = yield* ApiUnderTest
        const look = Effect.map(api.ask("GET", "/v1/dashboard/metrics"), ({ body }) => body)
        assert.deepInclude(yield* look, { customers: 0, accounts: 0, revenue: [], nodes: [] })
        yield* aNode(api.url)
        const { people } = yield* makeHouses(api)
        assert.isNull((yield* look).nodes[0].load)
        yield* onDatabase(api.url, (sql) => sql`update nodes set load = ${JSON.stringify(load)}::jsonb`)
        for (const [name, price] of [
          ["own-plan", { currency: "EUR", monthlyPrice: 990, yearlyPrice: 9900 }],
          ["sibling-plan", { currency: "EUR", yearlyPrice: 5000 }],
          ["foreign-plan", { currency: "CHF", monthlyPrice: 700 }],
          ["direct-plan", { currency: "CHF", monthlyPrice: 100 }],
        ] as const)
          assert.strictEqual((yield* api.ask("PATCH", `/v1/packages/${name}`, price)).status, 200, name)
        yield* api.ask("PATCH", "/v1/records/Account/direct", { spec: { suspended: true } })
        const found = yield* look
        assert.deepInclude(found, { customers: 4, resellers: 2, accounts: 4, suspended: 1, drift: 0 })
        assert.deepInclude(found.websites, { total: 8, waiting: 8 })
        assert.deepStrictEqual(found.revenue, [
          { currency: "CHF", monthly: 700, yearly: 8400 },
          { currency: "EUR", monthly: 1407, yearly: 16_880 },
        ])
        assert.deepInclude(found.nodes[0], { load })
        assert.strictEqual(found.activity.length, 20)
        // Whoever reads everything sees the same, and nobody of a tenant's does.
        const auditor = yield* api.ask("GET", "/v1/dashboard/metrics", undefined, people.auditor.headers)
        assert.deepStrictEqual(auditor.body, found)
        for (const headers of [people.reseller.headers, people.customer.headers, people.technical.headers])
          assert.strictEqual((yield* api.ask("GET", "/v1/dashboard/metrics", undefined, headers)).status, 403)
      }),
    )
  })
})
