import { assert, describe, it, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { type Answer, ApiUnderTest, serve, type TestApi } from "../../fixtures/api/api-under-test.ts"
import { bearing, logIn, makeAda, nobody } from "../../fixtures/api/people.ts"
import { onDatabase } from "../../fixtures/postgres/on-database.ts"
import { testDatabase } from "../../fixtures/postgres/test-database.ts"
import { accessCookie } from "../identity/actor.ts"

const live = { timeout: "60 seconds", excludeTestServices: true } as const

const statusOf = ({ status }: Answer) => status
const times = (count: number, one: Effect.Effect<Answer>) =>
  Effect.map(Effect.all(Array.from({ length: count }, () => one)), (answers) => answers.map(statusOf))

const rates = { address: 5, login: 3, user: 8 }
const from = (address: string, more: Record<string, string> = {}) => ({
  ...nobody,
  "x-forwarded-for": address,
  ...more,
})

describe("requests a minute", () => {
  layer(
    ApiUnderTest.layer({ rates, trustedProxies: ["127.0.0.1"] }),
    live,
  )((it) => {
    const look = ({ ask }: TestApi, headers: Record<string, string>, path = "/openapi.json") =>
      ask("GET", path, undefined, headers)

    it.effect("are counted for an address, said in every answer, and given back little by little", () =>
      Effect.gen(function* () {
        const api = yield* ApiUnderTest
        const first = yield* look(api, from("192.0.2.1"))
        assert.strictEqual(first.headers.get("ratelimit-policy"), '"address";q=5;w=60')
        assert.match(first.headers.get("ratelimit") ?? "", /^"address";r=4;t=1[12]$/)
        const all = yield* Effect.all(
          Array.from({ length: 20 }, () => look(api, from("192.0.2.1"))),
          { concurrency: "unbounded" },
        )
        assert.strictEqual(all.filter(({ status }) => status === 200).length, 4)
        const refused = all.find(({ status }) => status === 429)
        assert.strictEqual(refused?.headers.get("content-type"), "application/problem+json")
        assert.strictEqual(refused?.body.type, "https://plumbline.dev/problems/rate-limited")
        assert.match(refused?.headers.get("retry-after") ?? "", /^1?\d$/)
        assert.match(refused?.headers.get("ratelimit") ?? "", /^"address";r=0;t=\d+$/)
        // Also where there is nothing, and where a token is missing.
        assert.strictEqual((yield* look(api, from("192.0.2.1"), "/nothing")).status, 429)
        assert.strictEqual((yield* look(api, from("192.0.2.1"), "/v1/status")).status, 429)
        api.later("13 seconds")
        assert.deepStrictEqual(yield* times(2, look(api, from("192.0.2.1"))), [200, 429])
      }),
    )

    it.effect("are those of the whole /64 with IPv6, and of nobody else", () =>
      Effect.gen(function* () {
        const api = yield* ApiUnderTest
        const statuses = []
        for (const n of Array.from({ length: 6 }).keys())
          statuses.push((yield* look(api, from(`2001:db8:1:2::${n}`))).status)
        assert.deepStrictEqual(statuses, [200, 200, 200, 200, 200, 429])
        assert.strictEqual((yield* look(api, from("2001:db8:1:3::1"))).status, 200)
        assert.strictEqual((yield* look(api, from("192.0.2.9"))).status, 200)
        // What a client says of itself to the proxy does not count: the proxy adds what it sees.
        assert.strictEqual((yield* look(api, from("192.0.2.99, 2001:db8:1:2::7"))).status, 429)
      }),
    )

    it.effect("count tokens that are not good like none, and a monitor's not at all", () =>
      Effect.gen(function* () {
        const api = yield* ApiUnderTest
        const guess = Effect.suspend(() =>
          look(api, { "x-forwarded-for": "192.0.2.2", authorization: `Bearer ${Math.random()}` }, "/v1/status"),
        )
        assert.deepStrictEqual(yield* times(6, guess), [401, 401, 401, 401, 401, 429])
        const forged = { "x-forwarded-for": "192.0.2.2", authorization: "Bearer eyJhbGciOiJub25lIn0.e30." }
        assert.strictEqual((yield* look(api, forged, "/v1/status")).status, 429)
        assert.deepStrictEqual(yield* times(9, look(api, from("192.0.2.2"), "/health")), Array(9).fill(200))
        assert.deepStrictEqual(yield* times(9, look(api, from("192.0.2.2"), "/ready")), Array(9).fill(200))
        // Who has a good one is not of their address.
        assert.deepStrictEqual(
          yield* times(9, look(api, { "x-forwarded-for": "192.0.2.2" }, "/v1/status")),
          Array(9).fill(200),
        )
      }),
    )

    it.effect("are counted for an address wherever nobody asks who comes, whatever is shown there", () =>
      Effect.gen(function* () {
        const { ask } = yield* ApiUnderTest
        const nowhereAsked = [
          ["GET", "/openapi.json"],
          ["GET", "/docs"],
          ["GET", "/schemas/plumbline.schema.json"],
          ["GET", "/nothing"],
          ["GET", "/v1/nothing"],
          ["GET", "/v1/records//"],
          ["PUT", "/v1/status"],
          ["POST", "//auth/refresh"],
          ["POST", "/auth/refresh"],
          ["POST", "/auth/logout"],
          ["POST", "/auth/verify-email"],
          ["POST", "/auth/first-run"],
        ] as const
        const shown = [{ authorization: "Bearer x" }, { cookie: `${accessCookie}=x`, authorization: "" }]
        for (const [place, [method, path]] of nowhereAsked.entries())
          for (const [which, credentials] of shown.entries()) {
            const headers = { "x-forwarded-for": `198.51.100.${100 + 2 * place + which}`, ...credentials }
            const statuses = yield* times(7, ask(method, path, method === "GET" ? undefined : {}, headers))
            // Some count as log-ins too.
            assert.include([rates.address, rates.login], statuses.indexOf(429), `${method} ${path}: ${statuses}`)
            assert.strictEqual(statuses.at(-1), 429)
          }
      }),
    )

    it.effect("are fewer for log-ins, and those of a user are counted wherever they come from", () =>
      Effect.gen(function* () {
        const api = yield* ApiUnderTest
        yield* makeAda(api)
        const opened = yield* logIn(api, {}, from("192.0.2.3"))
        assert.strictEqual(opened.status, 200)
        assert.strictEqual(opened.headers.get("ratelimit-policy"), '"login";q=3;w=60')
        const guess = logIn(api, { password: "x" }, from("192.0.2.3"))
        assert.deepStrictEqual(yield* times(3, guess), [401, 401, 429])
        // Nor with a header that looks like somebody who is known.
        assert.strictEqual(
          (yield* logIn(api, { password: "x" }, from("192.0.2.3", { authorization: "Bearer x" }))).status,
          429,
        )
        const me = []
        for (const n of Array.from({ length: 9 }).keys())
          me.push((yield* look(api, { ...bearing(opened), "x-forwarded-for": `198.51.100.${n}` }, "/auth/me")).status)
        assert.deepStrictEqual(me, [...Array(8).fill(200), 429])
      }),
    )
  })

  it.live("are counted by all processes on one database together", () =>
    Effect.gen(function* () {
      const url = yield* Effect.promise(testDatabase)
      const apis = [yield* serve(url, { rates }), yield* serve(url, { rates })]
      const all = yield* Effect.all(
        apis.flatMap((api) => Array.from({ length: 10 }, () => api.ask("GET", "/openapi.json", undefined, nobody))),
        { concurrency: "unbounded" },
      )
      assert.strictEqual(all.filter(({ status }) => status === 200).length, 5)
    }).pipe(Effect.scoped),
  )

  layer(
    ApiUnderTest.layer({ rates }),
    live,
  )((it) => {
    it.effect("take nobody's word for where it comes from who is no proxy of ours", () =>
      Effect.gen(function* () {
        const api = yield* ApiUnderTest
        const statuses = []
        for (const n of Array.from({ length: 6 }).keys())
          statuses.push(
            (yield* api.ask(
              "GET",
              "/openapi.json",
              undefined,
              from(`192.0.2.${n}`, { forwarded: "for=192.0.2.9", "x-real-ip": "192.0.2.8" }),
            )).status,
          )
        assert.deepStrictEqual(statuses, [200, 200, 200, 200, 200, 429])
      }),
    )
  })
})

describe("pages of other sites", () => {
  const origins = ["https://tools.example.org", "https://other.example.org:8443"]
  layer(
    ApiUnderTest.layer({ origins }),
    live,
  )((it) => {
    it.effect("may ask with a token if they are on the list, and are told nothing if not", () =>
      Effect.gen(function* () {
        const api = yield* ApiUnderTest
        const preflight = (origin: string) =>
          api.ask("OPTIONS", "/v1/apply", undefined, {
            ...nobody,
            origin,
            "access-control-request-method": "POST",
            "access-control-request-headers": "authorization, content-type",
          })
        for (const origin of origins) {
          const allowed = yield* preflight(origin)
          assert.strictEqual(allowed.status, 204)
          assert.strictEqual(allowed.headers.get("access-control-allow-origin"), origin)
          assert.include(allowed.headers.get("access-control-allow-headers"), "authorization")
          assert.isNull(allowed.headers.get("access-control-allow-credentials"))
          const got = yield* api.ask("GET", "/v1/status", undefined, { origin })
          assert.strictEqual(got.headers.get("access-control-allow-origin"), origin)
          assert.include(got.headers.get("access-control-expose-headers"), "x-request-id")
        }
        for (const origin of [
          "https://evil.example.org",
          "null",
          "https://tools.example.org.evil.example.org",
          "http://tools.example.org",
          "https://tools.example.org:444",
          "*",
        ]) {
          assert.isNull((yield* preflight(origin)).headers.get("access-control-allow-origin"), origin)
          assert.isNull(
            (yield* api.ask("GET", "/v1/status", undefined, { origin })).headers.get("access-control-allow-origin"),
          )
        }
      }),
    )
  })

  layer(
    ApiUnderTest.layer(),
    live,
  )((it) => {
    it.effect("are told nothing where there is no list", () =>
      Effect.gen(function* () {
        const api = yield* ApiUnderTest
        const got = yield* api.ask("GET", "/v1/status", undefined, { origin: "https://tools.example.org" })
        assert.isNull(got.headers.get("access-control-allow-origin"))
        assert.strictEqual(
          (yield* api.ask("OPTIONS", "/v1/apply", undefined, { origin: "https://tools.example.org" })).status,
          405,
        )
      }),
    )

    it.effect("cannot show or run what the API answers, and every answer has an id of its own", () =>
      Effect.gen(function* () {
        const api = yield* ApiUnderTest
        const ids = new Set<string>()
        for (const path of ["/health", "/v1/status", "/nothing", "/v1/records/Account/none"]) {
          const { headers } = yield* api.ask("GET", path, undefined, { "x-request-id": "mine\u00e9" })
          assert.include(headers.get("content-security-policy"), "default-src 'none'; frame-ancestors 'none'")
          assert.strictEqual(headers.get("x-content-type-options"), "nosniff")
          assert.strictEqual(headers.get("referrer-policy"), "no-referrer")
          assert.strictEqual(headers.get("cross-origin-resource-policy"), "same-origin")
          assert.match(headers.get("x-request-id") ?? "", /^[0-9a-f-]{36}$/)
          ids.add(headers.get("x-request-id") ?? "")
        }
        assert.strictEqual(ids.size, 4)
      }),
    )
  })
})

describe("/ready", () => {
  layer(
    ApiUnderTest.layer(),
    live,
  )((it) => {
    it.effect("says whether requests may come, and which agents are heard of", () =>
      Effect.gen(function* () {
        const api = yield* ApiUnderTest
        const ready = (query = "") => api.ask("GET", `/ready${query}`, undefined, nobody)
        const alone = yield* ready("?agents=required")
        assert.deepInclude(alone.body, { status: "ready", database: "up", agents: [] })
        yield* onDatabase(api.url, (sql) => sql`insert into nodes (name) values ('web1'), ('web2')`)
        assert.deepStrictEqual(
          (yield* ready()).body.agents.map(({ alive, node }: { readonly alive: boolean; readonly node: string }) => [
            node,
            alive,
          ]),
          [
            ["web1", true],
            ["web2", true],
          ],
        )
        api.later("3 minutes")
        yield* onDatabase(
          api.url,
          (sql) => sql`insert into sweeps (node, at, resources, drifted, duration_ms)
            values ('web2', now() + interval '3 minutes', 1, 0, 1)`,
        )
        const degraded = yield* ready()
        assert.deepStrictEqual([degraded.status, degraded.body.status], [200, "degraded"])
        const refused = yield* ready("?agents=required")
        assert.strictEqual(refused.status, 503)
        assert.include(refused.body.detail, "web1")
        assert.notInclude(refused.body.detail, "web2")
        assert.isNotNull(refused.headers.get("retry-after"))
        assert.strictEqual((yield* ready("?agents=x")).status, 400)
        yield* onDatabase(api.url, (sql) => sql`insert into migrations values (9999, '9999_newer.sql', 'x')`)
        const older = yield* ready()
        assert.strictEqual(older.status, 503)
        assert.include(older.body.detail, "9999")
      }),
    )
  })
})
