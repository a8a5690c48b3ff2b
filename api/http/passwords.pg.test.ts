import * as PgClient from "@effect/sql-pg/PgClient"
import { assert, describe, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { aNode, everyTable } from "../../fixtures/api/a-node.ts"
import { ApiUnderTest, account } from "../../fixtures/api/api-under-test.ts"
import { type KeyPair, unseal } from "../../spec/sealing.ts"
import { verifierOf } from "../passwords.ts"

const database = (name: string, users: ReadonlyArray<object>, spec: object = {}) => ({
  apiVersion: "plumbline.dev/v1",
  kind: "Database",
  metadata: { name },
  spec: { account: "acme", users, ...spec },
})

const set = (user: string, body: object = {}) =>
  Effect.flatMap(ApiUnderTest, ({ ask }) => ask("POST", `/v1/records/Database/shop/users/${user}/password`, body))

const sealedIn = (user: string) =>
  Effect.gen(function* () {
    const { ask } = yield* ApiUnderTest
    const { body } = yield* ask("GET", "/v1/records/Database/shop")
    return body.spec.users.find((one: { name: string }) => one.name === user)?.passwordVerifier
  })

/** As the node reads it. */
const verifierIn = (user: string, { identity }: KeyPair) =>
  Effect.flatMap(sealedIn(user), (sealed) => Effect.map(unseal(identity, sealed), ({ value }) => value))

describe("passwords of database users", () => {
  layer(ApiUnderTest.layer(), { timeout: "60 seconds", excludeTestServices: true })((it) => {
    it.effect("are made, answered once and kept by nobody: the record has what the server needs", () =>
      Effect.gen(function* () {
        const { ask, url } = yield* ApiUnderTest
        const node = yield* aNode(url)
        yield* ask("POST", "/v1/apply", {
          records: [account("acme"), database("shop", [{ name: "shop" }, { name: "report", access: "read-only" }])],
        })
        const { status, body, headers } = yield* set("shop")
        assert.strictEqual(status, 200)
        assert.match(body.password, /^[A-Za-z2-9]{24}$/)
        assert.strictEqual(headers.get("cache-control"), "no-store")
        assert.strictEqual(yield* verifierIn("shop", node), verifierOf(body.password))
        assert.isUndefined(yield* sealedIn("report"))
        const everything = yield* everyTable(url)
        assert.notInclude(everything, body.password)
        assert.notInclude(everything, verifierOf(body.password))
        assert.notStrictEqual((yield* set("shop")).body.password, body.password)
      }),
    )

    it.effect("are taken from the customer in any spelling, and not answered", () =>
      Effect.gen(function* () {
        const { url } = yield* ApiUnderTest
        const node = yield* aNode(url)
        const password = 'it\'s `my` 100% p\u00e4ssw\u00f6rd \\ "x"'
        const { body } = yield* set("shop", { password })
        assert.isUndefined(body.password)
        assert.strictEqual(yield* verifierIn("shop", node), verifierOf(password))
        const refused = yield* set("shop", { password: "short" })
        assert.strictEqual(refused.status, 422)
        assert.strictEqual(refused.body.problems[0].field, "password")
        assert.notInclude(JSON.stringify(refused.body), '"short"')
      }),
    )

    it.effect("stay when the folder without them is applied again, and go with their user", () =>
      Effect.gen(function* () {
        const { ask } = yield* ApiUnderTest
        const verifier = yield* sealedIn("shop")
        const again = yield* ask("POST", "/v1/apply", {
          records: [database("shop", [{ name: "shop" }, { name: "report", access: "read-only" }])],
        })
        assert.strictEqual(again.body.summary.unchanged, 1)
        yield* ask("POST", "/v1/apply", { records: [database("shop", [{ name: "shop", access: "admin" }])] })
        assert.deepStrictEqual(yield* sealedIn("shop"), verifier)
        yield* ask("POST", "/v1/apply", { records: [database("shop", [])] })
        yield* ask("POST", "/v1/apply", { records: [database("shop", [{ name: "shop" }])] })
        assert.isUndefined(yield* sealedIn("shop"))
      }),
    )

    it.effect("are refused for who is not there", () =>
      Effect.gen(function* () {
        const { ask } = yield* ApiUnderTest
        assert.strictEqual((yield* set("nobody")).status, 404)
        assert.strictEqual((yield* ask("POST", "/v1/records/Database/none/users/x/password", {})).status, 404)
        assert.strictEqual((yield* ask("POST", "/v1/records/Account/acme/users/x/password", {})).status, 404)
      }),
    )

    it.effect("one database or user of the server belongs to one record", () =>
      Effect.gen(function* () {
        const { ask } = yield* ApiUnderTest
        const twice = yield* ask("POST", "/v1/apply", {
          records: [database("other", [{ name: "shop" }], { name: "shop" })],
        })
        assert.strictEqual(twice.status, 422)
        assert.deepStrictEqual(
          twice.body.problems.map(({ field, message }: Record<string, string>) => `${field}: ${message}`),
          [
            "spec.name: The database mariadb/shop belongs to Database/shop.",
            "spec.users[0].name: The database user mariadb/shop belongs to Database/shop.",
          ],
        )
      }),
    )
  })
})

describe("measurements", () => {
  layer(ApiUnderTest.layer(), { timeout: "60 seconds", excludeTestServices: true })((it) => {
    it.effect("are listed by record, in pages, and filtered", () =>
      Effect.gen(function* () {
        const { ask, url } = yield* ApiUnderTest
        yield* Effect.flatMap(
          PgClient.PgClient,
          (sql) => sql`
            insert into measurements (node, kind, name, measure, value, measured_at) values
              ('web1', 'Database', 'b', 'bytes', 7, now()), ('web1', 'Database', 'a', 'bytes', 9007199254740991, now()),
              ('web1', 'Site', 'a', 'requests', 3, now())`,
        ).pipe(Effect.provide(PgClient.layer({ url: Redacted.make(url) })))
        const all = yield* ask("GET", "/v1/measurements")
        assert.deepStrictEqual(
          all.body.items.map((one: Record<string, unknown>) => [
            one["kind"],
            one["name"],
            one["measure"],
            one["value"],
          ]),
          [
            ["Database", "a", "bytes", 9007199254740991],
            ["Database", "b", "bytes", 7],
            ["Site", "a", "requests", 3],
          ],
        )
        const first = yield* ask("GET", "/v1/measurements?kind=Database&limit=1")
        const second = yield* ask("GET", `/v1/measurements?kind=Database&limit=1&after=${first.body.next}`)
        assert.deepInclude(second.body, { next: null })
        assert.strictEqual(second.body.items[0].name, "b")
      }),
    )
  })
})
