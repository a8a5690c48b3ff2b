import { hash } from "node:crypto"
import { request } from "node:http"
import { connect } from "node:net"
import { assert, describe, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as HttpApi from "effect/http-api/HttpApi"
import { ApiUnderTest, account, token } from "../../fixtures/api/api-under-test.ts"
import { Api } from "../contract.ts"
import { bodyLimit } from "./edge.ts"

const endpoints: Array<{ readonly method: string; readonly path: string }> = []
HttpApi.reflect(Api, {
  onGroup: () => undefined,
  onEndpoint: ({ endpoint }) =>
    endpoints.push({ method: endpoint.method, path: endpoint.path.replace(/:[a-z]+/gi, "1") }),
})
const open = [
  "/health",
  "/ready",
  "/schemas/1",
  "/auth/login",
  "/auth/2fa/verify",
  "/auth/passkey/start",
  "/auth/passkey/finish",
  "/auth/forgot-password",
  "/auth/reset-password",
  "/auth/verify-email",
  "/auth/refresh",
  "/auth/logout",
  "/auth/first-run",
]

/** fetch does not let a program choose its Host header. */
const askFor = (base: string, host: string) =>
  Effect.callback<number>((resume) => {
    const sent = request(`${base}/v1/status`, { headers: { host, authorization: `Bearer ${token}` } }, (response) => {
      response.resume()
      resume(Effect.succeed(response.statusCode ?? 0))
    })
    sent.end()
  })

describe("the edge of the API", () => {
  layer(ApiUnderTest.layer(), { timeout: "60 seconds", excludeTestServices: true })((it) => {
    it.effect("every endpoint but health, the schemas and the log-in wants a token", () =>
      Effect.gen(function* () {
        const { ask } = yield* ApiUnderTest
        assert.isAbove(endpoints.length, 15)
        for (const { method, path } of endpoints) {
          for (const authorization of ["", "Bearer wrong", `Basic ${token}`, `Bearer ${token}x`, token]) {
            const answer = yield* ask(method, path, undefined, { authorization })
            if (open.includes(path)) {
              assert.notStrictEqual(answer.status, 401, path)
              continue
            }
            assert.strictEqual(answer.status, 401, `${method} ${path} with "${authorization}"`)
            assert.strictEqual(answer.headers.get("www-authenticate"), "Bearer")
            assert.strictEqual(answer.headers.get("content-type"), "application/problem+json")
            assert.notInclude(JSON.stringify(answer.body), token)
          }
        }
        assert.strictEqual(
          (yield* ask("GET", `/v1/status?token=${token}`, undefined, { authorization: "" })).status,
          401,
        )
      }),
    )

    it.effect("answers for loopback names only, so that a page from elsewhere cannot be pointed at it", () =>
      Effect.gen(function* () {
        const { base } = yield* ApiUnderTest
        for (const host of ["localhost", "127.0.0.1:1", "[::1]:8080", "LOCALHOST:8080"])
          assert.strictEqual(yield* askFor(base, host), 200, host)
        for (const host of ["evil.example.org", "127.0.0.1.example.org", "localhost.example.org:8080"])
          assert.strictEqual(yield* askFor(base, host), 403, host)
      }),
    )

    it.effect("what does not exist is a problem too: addresses, methods, media types, bodies", () =>
      Effect.gen(function* () {
        const { ask } = yield* ApiUnderTest
        const cases = [
          [yield* ask("GET", "/v1/nothing"), 404, "not-found"],
          [yield* ask("GET", "/"), 404, "not-found"],
          [yield* ask("POST", "/v1/records/Account/acme"), 405, "method-not-allowed"],
          [yield* ask("DELETE", "/v1/status"), 405, "method-not-allowed"],
          [
            yield* ask("POST", "/v1/apply", "records: []", { "content-type": "application/yaml" }),
            415,
            "unsupported-media-type",
          ],
          [yield* ask("POST", "/v1/apply", "{not json"), 400, "malformed"],
          [yield* ask("POST", "/v1/apply", { records: [], colour: "red", purge: 1 }), 400, "malformed"],
          [yield* ask("POST", "/v1/apply", "[]"), 400, "malformed"],
          [yield* ask("PUT", "/v1/records/Account/a?version=x", account("a")), 400, "malformed"],
          [yield* ask("PUT", "/v1/records/Account/a", account("a"), { "if-match": "W/x" }), 400, "malformed"],
          [yield* ask("GET", "/v1/drift/99999"), 404, "not-found"],
          [yield* ask("GET", "/v1/drift/x"), 400, "malformed"],
          [yield* ask("GET", "/v1/explain"), 400, "malformed"],
          [yield* ask("GET", "/schemas/Nothing.json"), 404, "not-found"],
          [yield* ask("GET", "/schemas/..%2f..%2fpackage.json"), 404, "not-found"],
        ] as const
        for (const [{ status, headers, body }, expected, type] of cases) {
          assert.strictEqual(status, expected, JSON.stringify(body))
          assert.strictEqual(headers.get("content-type"), "application/problem+json", type)
          assert.deepInclude(body, { status: expected, type: `https://plumbline.dev/problems/${type}` })
          assert.isString(body.title)
        }
        const [, , wrongMethod] = cases
        assert.strictEqual(wrongMethod[0].headers.get("allow"), "GET, PUT, PATCH, DELETE")
        const [, , , , , , both] = cases
        assert.strictEqual(both[0].body.problems.length, 2)
      }),
    )

    it.effect("more than a request may have is refused, announced or not, and the next request is answered", () =>
      Effect.gen(function* () {
        const { ask, base } = yield* ApiUnderTest
        const big = `{"records": ["${"x".repeat(bodyLimit)}"]}`
        const announced = yield* ask("POST", "/v1/apply", big)
        assert.deepInclude(announced.body, { status: 413, limit: bodyLimit })

        const { hostname, port } = new URL(base)
        const answer = yield* Effect.callback<string>((resume) => {
          let text = ""
          const socket = connect(Number(port), hostname, () => {
            socket.write(
              `POST /v1/apply HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${token}\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n`,
            )
            const chunk = `100000\r\n${"x".repeat(0x100000)}\r\n`
            for (let sent = 0; sent <= bodyLimit / 0x100000 + 1; sent++) socket.write(chunk)
          })
          socket.on("data", (data) => {
            text += data
          })
          socket.on("error", () => undefined)
          socket.on("close", () => resume(Effect.succeed(text)))
        })
        assert.match(answer, /^HTTP\/1.1 413 /)
        assert.include(answer, "https://plumbline.dev/problems/too-large")
        assert.strictEqual((yield* ask("GET", "/health")).status, 200)
      }),
    )

    it.effect("hostile names and values are refused with words, wherever they stand", () =>
      Effect.gen(function* () {
        const { ask } = yield* ApiUnderTest
        const names = [
          "../../etc/passwd",
          "a\u0000b",
          "a\nb",
          "",
          "A",
          "-a",
          "root",
          "a".repeat(200),
          "x'; drop table records; --",
          "\u202eevil",
        ]
        for (const name of names) {
          const answer = yield* ask("POST", "/v1/apply", { records: [account(name)] })
          assert.strictEqual(answer.status, 422, JSON.stringify(name))
          assert.isAbove(answer.body.problems[0].mend.length, 0)
          const read = yield* ask("GET", `/v1/records/Account/${encodeURIComponent(name)}`)
          assert.oneOf(read.status, [400, 404, 405], JSON.stringify(name))
        }
        for (const path of [
          "/v1/records?prefix=%00",
          "/v1/records?kind=%00",
          "/v1/records?label=%00",
          "/v1/records/Account/%00",
          "/v1/history/%00/x",
        ])
          assert.strictEqual((yield* ask("GET", path)).status, 400, path)
        const polluted = `{"records": [{"apiVersion": "plumbline.dev/v1", "kind": "Account", "metadata": {"name": "proto"}, "spec": {"__proto__": {"uid": 10001}}}]}`
        assert.strictEqual((yield* ask("POST", "/v1/apply", polluted)).status, 422)
        const deep = `{"records": [${"[".repeat(50_000)}${"]".repeat(50_000)}]}`
        assert.oneOf((yield* ask("POST", "/v1/apply", deep)).status, [400, 422])
        const nulReason = { mode: "pause", reason: "a\u0000b" }
        assert.strictEqual((yield* ask("POST", "/v1/pauses", nulReason)).status, 400)
        assert.deepInclude((yield* ask("GET", "/v1/status")).body.summary, { total: 0 })
      }),
    )

    it.effect("health, the schemas and the contract are for anybody", () =>
      Effect.gen(function* () {
        const { ask } = yield* ApiUnderTest
        const nobody = { authorization: "" }
        assert.deepStrictEqual((yield* ask("GET", "/health", undefined, nobody)).body, { status: "ok", database: "up" })
        const schema = yield* ask("GET", "/schemas/Site.json", undefined, nobody)
        assert.strictEqual(schema.headers.get("content-type"), "application/schema+json")
        assert.strictEqual(schema.body.title, "Site")
        const contract = yield* ask("GET", "/openapi.json", undefined, nobody)
        assert.containsAllKeys(contract.body.paths, ["/v1/apply", "/v1/events"])
        assert.match(contract.body.openapi, /^3\.1\./)
      }),
    )

    it.effect("shows the contract as a page, which runs its own script and loads nothing", () =>
      Effect.gen(function* () {
        const { ask } = yield* ApiUnderTest
        const page = yield* ask("GET", "/docs", undefined, { authorization: "" })
        assert.strictEqual(page.status, 200)
        assert.match(page.headers.get("content-type") ?? "", /^text\/html/)
        assert.include(page.body, "/v1/customer/websites/{id}/php")
        const policy = page.headers.get("content-security-policy") ?? ""
        const [, allowed] = /script-src 'sha256-([^']+)';/.exec(policy) ?? []
        const [script = ""] = [...page.body.matchAll(/<script>(.*?)<\/script>/gs)].map(([, text]) => text)
        assert.strictEqual(hash("sha256", script, "base64"), allowed)
        assert.match(policy, /^default-src 'none'; .*connect-src 'self'; frame-ancestors 'none'/)
        assert.notMatch(page.body.replace(script, ""), /<(?:script|link|img|iframe)[^>]+(?:src|href)=/)
      }),
    )
  })
})
