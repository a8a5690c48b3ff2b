import { assert, describe, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as HttpApi from "effect/http-api/HttpApi"
import { type Answer, ApiUnderTest, account, type TestApi } from "../../fixtures/api/api-under-test.ts"
import { ada, bearing, fromPage, logIn, makeAda, nobody } from "../../fixtures/api/people.ts"
import { onDatabase } from "../../fixtures/postgres/on-database.ts"
import { Api } from "../contract.ts"
import { Scope, scopeOf, wantsLogin } from "../identity/scopes.ts"

const live = { timeout: "60 seconds", excludeTestServices: true } as const

const wish = { password: ada.password, name: "ci", scopes: ["records:read"], validFor: 30 }

const make = ({ ask }: TestApi, who: Answer, more: object = {}) =>
  ask("POST", "/v1/tokens", { ...wish, ...more }, bearing(who))

const as = (token: string) => ({ authorization: `Bearer ${token}` })

describe("an API token", () => {
  layer(
    ApiUnderTest.layer({ trustedProxies: ["127.0.0.1"] }),
    live,
  )((it) => {
    it.effect("is shown once, good for its scopes, and named in what it does", () =>
      Effect.gen(function* () {
        const api = yield* ApiUnderTest
        yield* makeAda(api)
        const who = yield* logIn(api)
        const made = yield* make(api, who, { scopes: ["records:read", "records:write", "records:read"] })
        assert.strictEqual(made.status, 201, JSON.stringify(made.body))
        const { token } = made.body
        assert.match(token, /^plumb_[0-9A-Za-z]{46}$/)
        assert.deepInclude(made.body, { name: "ci", prefix: token.slice(0, 12), networks: [], usedAt: null })
        assert.sameMembers(made.body.scopes, ["records:read", "records:write"])

        const wrote = yield* api.ask("PUT", "/v1/records/Account/acme", account("acme"), as(token))
        assert.strictEqual(wrote.status, 200, JSON.stringify(wrote.body))
        const history = yield* api.ask("GET", "/v1/history/Account/acme")
        assert.strictEqual(history.body.items[0].actor, "ada@example.org, token ci")
        const refused = yield* api.ask("GET", "/v1/history/Account/acme", undefined, as(token))
        assert.deepStrictEqual(
          [refused.status, refused.body.detail],
          [403, "This token does not have the scope history:read."],
        )

        const list = yield* api.ask("GET", "/v1/tokens", undefined, bearing(who))
        const own = list.body.items.filter(({ name }: { readonly name: string }) => name === "ci")
        assert.deepStrictEqual(
          own.map(({ usedFrom }: { readonly usedFrom: string }) => usedFrom),
          ["127.0.0.1"],
        )
        assert.notInclude(JSON.stringify(list.body), token)
        const rows = yield* onDatabase(
          api.url,
          (sql) => sql<{ readonly all: string }>`
            select concat_ws(' ', (select jsonb_agg(t) from api_tokens t), (select jsonb_agg(t) from audit_events t)) as all`,
        )
        assert.include(rows[0]?.all, "token.made")
        assert.notInclude(rows[0]?.all, token)
      }),
    )

    it.effect("that only reads compares specs, and writes nothing", () =>
      Effect.gen(function* () {
        const api = yield* ApiUnderTest
        yield* makeAda(api)
        const { token } = (yield* make(api, yield* logIn(api), { name: "reader" })).body
        const set = { records: [account("acme"), account("new")] }
        assert.strictEqual((yield* api.ask("POST", "/v1/diff", set, as(token))).status, 200)
        assert.strictEqual((yield* api.ask("GET", "/v1/records", undefined, as(token))).status, 200)
        for (const [method, path, body] of [
          ["POST", "/v1/apply", set],
          ["POST", "/v1/apply", { ...set, dryRun: true }],
          ["PUT", "/v1/records/Account/acme?version=1", account("acme")],
          ["DELETE", "/v1/records/Account/acme?version=1", undefined],
          ["POST", "/v1/pauses", { mode: "pause", reason: "x" }],
          ["POST", "/v1/rollback", { kind: "Account", name: "acme", revision: 1 }],
        ] as const)
          assert.strictEqual((yield* api.ask(method, path, body, as(token))).status, 403, `${method} ${path}`)
      }),
    )

    it.effect("changes nothing about who may log in, whatever its scopes", () =>
      Effect.gen(function* () {
        const api = yield* ApiUnderTest
        yield* makeAda(api)
        const { id, token } = (yield* make(api, yield* logIn(api), {
          name: "all",
          scopes: Scope.literals.filter((scope) => !wantsLogin(scope)),
        })).body
        const { password } = ada
        for (const [method, path, body] of [
          ["GET", "/auth/me", undefined],
          ["GET", "/auth/sessions", undefined],
          ["DELETE", "/auth/sessions", undefined],
          ["PUT", "/auth/password", { current: password, password: "another-orbit-lamp-22" }],
          ["POST", "/auth/2fa/setup", { password }],
          ["GET", "/v1/tokens", undefined],
          ["POST", "/v1/tokens", { ...wish, name: "child" }],
          ["DELETE", `/v1/tokens/${id}`, undefined],
          ["POST", "/v1/first-run", undefined],
        ] as const) {
          const answer = yield* api.ask(method, path, body, as(token))
          assert.deepStrictEqual(
            [answer.status, answer.body.detail],
            [403, "No token is enough for this: log in with a password."],
            path,
          )
        }
        // Nor is it a cookie.
        const cookie = `__Host-plumb-access=${token}`
        assert.strictEqual((yield* api.ask("GET", "/v1/records", undefined, { ...fromPage, cookie })).status, 401)
      }),
    )

    it.effect("is good from where it says, as long as it says, and as long as its user is", () =>
      Effect.gen(function* () {
        const api = yield* ApiUnderTest
        yield* makeAda(api)
        const who = yield* logIn(api)
        const networks = ["192.0.2.0/24", "2001:DB8:1::/48"]
        const { token } = (yield* make(api, who, { name: "office", networks, validFor: 2 })).body
        const look = (address: string) =>
          Effect.map(
            api.ask("GET", "/v1/records", undefined, { ...as(token), "x-forwarded-for": address }),
            ({ status }) => status,
          )
        for (const [address, status] of [
          ["192.0.2.7", 200],
          ["2001:db8:1:9::1", 200],
          ["198.51.100.1", 401],
          ["2001:db8:2::1", 401],
          ["127.0.0.1", 401],
        ] as const)
          assert.strictEqual(yield* look(address), status, address)
        const suspend = (at: Date | null) =>
          onDatabase(api.url, (sql) => sql`update users set suspended_at = ${at} where email = ${ada.email}`)
        yield* suspend(new Date())
        assert.strictEqual(yield* look("192.0.2.7"), 401)
        yield* suspend(null)
        assert.strictEqual(yield* look("192.0.2.7"), 200)
        api.later("49 hours")
        assert.strictEqual(yield* look("192.0.2.7"), 401)
      }),
    )

    it.effect("that was removed, mistyped or never made is refused, and the audit trail says so", () =>
      Effect.gen(function* () {
        const api = yield* ApiUnderTest
        yield* makeAda(api)
        const who = yield* logIn(api)
        const { id, token } = (yield* make(api, who, { name: "short-lived" })).body
        const look = (given: string) => api.ask("GET", "/v1/records", undefined, as(given))
        assert.strictEqual((yield* look(token)).status, 200)
        const remove = (one: string) => api.ask("DELETE", `/v1/tokens/${one}`, undefined, bearing(who))
        for (const wrong of ["x", "%00", "44444444-4444-4444-8444-444444444444", "'"])
          assert.strictEqual((yield* remove(wrong)).status, wrong === "%00" ? 400 : 404, wrong)
        assert.strictEqual((yield* remove(id)).status, 204)
        const gone = yield* look(token)
        assert.strictEqual(gone.status, 401)
        const mistyped = yield* look(`${token.slice(0, -1)}${token.endsWith("x") ? "y" : "x"}`)
        assert.deepStrictEqual(mistyped.body, gone.body)
        const [event] = (yield* api.ask("GET", "/v1/audit?action=token.refused")).body.items
        assert.deepStrictEqual(event.details, { token: token.slice(0, 12) })
        assert.strictEqual((yield* remove(id)).status, 404)
      }),
    )

    it.effect("is made by who gives the password, and mistakes are all named", () =>
      Effect.gen(function* () {
        const api = yield* ApiUnderTest
        yield* makeAda(api)
        const who = yield* logIn(api)
        const fields = ({ body }: Answer) => body.problems.map(({ field }: { readonly field: string }) => field)
        assert.deepStrictEqual(fields(yield* make(api, who, { password: "wrong" })), ["password"])
        // Whoever may invite an administrator, or read everybody's mail, is one.
        const far = ["users:read", "users:write", "config:write"]
        assert.deepStrictEqual(fields(yield* make(api, who, { scopes: far })), ["scopes[1]", "scopes[2]"])
        assert.deepStrictEqual(
          fields(
            yield* make(api, who, { name: " ", scopes: [], networks: ["192.0.2.1", "192.0.2.1/24", "a\nb", "%"] }),
          ),
          ["name", "scopes", "networks[1]", "networks[2]", "networks[3]"],
        )
        for (const name of ["a\u0000b", "a\nb", "\u202eevil", "x".repeat(101), "\ud800"])
          assert.deepStrictEqual(fields(yield* make(api, who, { name })), ["name"], JSON.stringify(name))
        for (const more of [
          { scopes: ["records:everything"] },
          { validFor: 0 },
          { validFor: 731 },
          { validFor: 1.5 },
          { colour: "red" },
        ])
          assert.strictEqual((yield* make(api, who, more)).status, 400, JSON.stringify(more))
        assert.strictEqual((yield* make(api, who, { name: "twice" })).status, 201)
        assert.deepStrictEqual(fields(yield* make(api, who, { name: " twice " })), ["name"])
        assert.strictEqual((yield* api.ask("POST", "/v1/tokens", wish)).status, 403)
        assert.strictEqual((yield* api.ask("POST", "/v1/tokens", wish, nobody)).status, 401)
      }),
    )
  })
})

describe("scopes", () => {
  layer(
    ApiUnderTest.layer(),
    live,
  )((it) => {
    it.effect("each cover an endpoint, and every endpoint behind a log-in has one or wants the log-in", () =>
      Effect.sync(() => {
        const used = new Set<string>()
        const without: Array<string> = []
        HttpApi.reflect(Api, {
          onGroup: () => undefined,
          onEndpoint: ({ endpoint, group }) => {
            const scope = scopeOf(group, endpoint)
            if (scope === undefined) without.push(`${endpoint.method} ${endpoint.path}`)
            else used.add(scope)
          },
        })
        assert.sameMembers([...used], [...Scope.literals])
        for (const one of without) assert.match(one, / \/(auth|health|ready|schemas|v1\/(tokens|first-run))\b/)
      }),
    )
  })
})
