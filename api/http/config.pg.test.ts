// What is set for the whole installation, and that it counts from the next request on.

import { assert, describe, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { generate } from "otplib"
import { type Answer, ApiUnderTest } from "../../fixtures/api/api-under-test.ts"
import { bearing, inviteAuditor, logIn, makeAda } from "../../fixtures/api/people.ts"

const fieldsOf = (answer: Answer) => answer.body.problems?.map(({ field }: { field: string }) => field)

describe("the settings of an installation", () => {
  layer(ApiUnderTest.layer(), { timeout: "60 seconds", excludeTestServices: true })((it) => {
    let made = false
    const the = Effect.gen(function* () {
      const api = yield* ApiUnderTest
      if (!made) yield* makeAda(api)
      made = true
      return api
    })

    it.effect("for security are what nobody has set, until somebody does, and mistakes change nothing", () =>
      Effect.gen(function* () {
        const { ask } = yield* the
        const unset = {
          leastPasswordLength: 10,
          sessionDays: 30,
          idleDays: 7,
          secondFactorFor: [],
          webhookNetworks: [],
          operatorWebhookNetworks: [],
        }
        assert.deepStrictEqual((yield* ask("GET", "/v1/config/security")).body, unset)
        for (const [wish, fields] of [
          [
            { webhookNetworks: ["192.0.2.1", "nonsense", "192.0.2.0/33"] },
            ["webhookNetworks[1]", "webhookNetworks[2]"],
          ],
          [{ operatorWebhookNetworks: ["a\nb"] }, ["operatorWebhookNetworks[0]"]],
          [{ sessionDays: 2, idleDays: 3 }, ["idleDays"]],
        ] as const) {
          const refused = yield* ask("PUT", "/v1/config/security", wish)
          assert.deepStrictEqual([refused.status, fieldsOf(refused)], [422, fields], JSON.stringify(refused.body))
        }
        for (const wish of [
          { leastPasswordLength: 9 },
          { sessionDays: 0 },
          { secondFactorFor: ["everybody"] },
          { idleDays: 1.5 },
        ])
          assert.strictEqual((yield* ask("PUT", "/v1/config/security", wish)).status, 400, JSON.stringify(wish))
        assert.deepStrictEqual((yield* ask("GET", "/v1/config/security")).body, unset)

        const wish = {
          leastPasswordLength: 16,
          webhookNetworks: ["192.0.2.0/24", "192.0.2.0/24"],
          secondFactorFor: ["auditor", "auditor"],
        }
        const set = yield* ask("PUT", "/v1/config/security", wish)
        assert.deepStrictEqual(set.body, {
          ...unset,
          leastPasswordLength: 16,
          webhookNetworks: ["192.0.2.0/24"],
          secondFactorFor: ["auditor"],
        })
        const { items } = (yield* ask("GET", "/v1/audit?action=config.changed")).body
        assert.deepStrictEqual([items[0].target, items[0].before, items[0].after], ["config/security", unset, set.body])
        yield* ask("PUT", "/v1/config/security", {})
        assert.deepStrictEqual((yield* ask("GET", "/v1/config/security")).body, unset)
      }),
    )

    it.effect("say how long a password is, and how long a session lasts", () =>
      Effect.gen(function* () {
        const api = yield* the
        const { ask, later } = api
        const { accessToken, refreshToken } = (yield* logIn(api)).body
        const as = (method: string, path: string, body?: unknown) =>
          ask(method, path, body, { authorization: `Bearer ${accessToken}` })
        yield* ask("PUT", "/v1/config/security", { leastPasswordLength: 24, sessionDays: 3, idleDays: 2 })
        const change = (password: string) => as("PUT", "/auth/password", { current: "plinth-orbit-walnut-7", password })
        const short = yield* change("quartz-meadow-lantern")
        assert.deepStrictEqual([short.status, fieldsOf(short)], [422, ["password"]], JSON.stringify(short.body))
        assert.include(JSON.stringify(short.body), "at least 24")
        assert.strictEqual((yield* change("quartz-meadow-lantern-8-spoon")).status, 204)
        assert.strictEqual((yield* change("plinth-orbit-walnut-7")).status, 422)

        const login = () =>
          ask(
            "POST",
            "/auth/login",
            { email: "ada@example.org", password: "quartz-meadow-lantern-8-spoon" },
            { authorization: "" },
          )
        const refresh = (token: string) => ask("POST", "/auth/refresh", { refreshToken: token }, { authorization: "" })
        let { body: now } = yield* login()
        // Idle for longer than it may be.
        later("49 hours")
        assert.strictEqual((yield* refresh(now.refreshToken)).status, 401)
        now = (yield* login()).body
        later("47 hours")
        now = (yield* refresh(now.refreshToken)).body
        assert.isString(now.accessToken)
        // Never idle, and over all the same.
        later("26 hours")
        assert.strictEqual((yield* refresh(now.refreshToken)).status, 401)
        assert.isString(refreshToken)
        yield* ask("PUT", "/v1/config/security", {})
      }),
    )

    it.effect("let nobody of a role do anything without a second factor but set one up", () =>
      Effect.gen(function* () {
        const api = yield* the
        const { ask } = api
        const headers = bearing(yield* inviteAuditor(api, "audrey@example.org"))
        const as = (method: string, path: string, body?: unknown) => ask(method, path, body, headers)
        assert.strictEqual((yield* as("GET", "/v1/records")).status, 200)
        yield* ask("PUT", "/v1/config/security", { secondFactorFor: ["auditor"] })
        for (const [method, path, body] of [
          ["GET", "/v1/records"],
          ["GET", "/v1/audit"],
          ["POST", "/v1/tokens", { password: "x", name: "t", scopes: ["records:read"], validFor: 1 }],
          ["POST", "/auth/email", { password: "x", email: "a@example.org" }],
        ] as const) {
          const refused = yield* as(method, path, body)
          assert.strictEqual(refused.status, 403, path)
          assert.include(refused.body.detail, "/auth/2fa/setup", path)
        }
        // Nobody else is kept, and the machine's administrator neither.
        assert.strictEqual((yield* ask("GET", "/v1/records")).status, 200)
        assert.strictEqual((yield* as("GET", "/auth/me")).status, 200)
        const begun = yield* as("POST", "/auth/2fa/setup", { password: "plinth-orbit-walnut-7" })
        assert.strictEqual(begun.status, 200, JSON.stringify(begun.body))
        const code = yield* Effect.promise(() =>
          generate({ secret: begun.body.secret, epoch: Math.floor(api.now() / 1000) }),
        )
        const done = yield* ask("POST", "/auth/2fa/verify", { ticket: begun.body.ticket, code }, { authorization: "" })
        assert.strictEqual(done.status, 200, JSON.stringify(done.body))
        assert.strictEqual((yield* as("GET", "/v1/records")).status, 200)
        yield* ask("PUT", "/v1/config/security", {})
      }),
    )

    it.effect("for billing are validated field by field", () =>
      Effect.gen(function* () {
        const { ask } = yield* the
        const unset = (yield* ask("GET", "/v1/config/billing")).body
        assert.deepInclude(unset, { currency: "EUR", taxBasisPoints: 0, paymentDays: 14, suspendAfterDays: null })
        const seller = {
          name: "Example Hosting",
          address: ["1 Main Street", "10115 Berlin"],
          country: "DE",
          vatId: "DE123456789",
        }
        const whole = {
          ...{ seller, currency: "CHF", taxBasisPoints: 1900, invoicePrefix: "2031-", paymentDays: 30 },
          ...{ reminderDays: [5, 12], suspendAfterDays: 20 },
        }
        assert.deepStrictEqual((yield* ask("PUT", "/v1/config/billing", whole)).body, whole)
        assert.deepStrictEqual((yield* ask("GET", "/v1/config/billing")).body, whole)
        for (const [wish, fields] of [
          [{ currency: "QQQ" }, ["currency"]],
          [{ seller: { ...seller, country: "XX" } }, ["seller.country"]],
          [{ seller: { ...seller, country: "de" } }, ["seller.country"]],
          [{ seller: { ...seller, vatId: "123 456" } }, ["seller.vatId"]],
          [{ seller: { ...seller, name: "two\nlines" } }, ["seller.name"]],
          [{ seller: { ...seller, address: ["fine", "a\u202eb"] } }, ["seller.address[1]"]],
          [{ invoicePrefix: "<b>" }, ["invoicePrefix"]],
          [{ reminderDays: [14, 7] }, ["reminderDays"]],
          [{ reminderDays: [7, 7] }, ["reminderDays"]],
          [{ reminderDays: [7, 14], suspendAfterDays: 14 }, ["suspendAfterDays"]],
        ] as const) {
          const refused = yield* ask("PUT", "/v1/config/billing", wish)
          assert.deepStrictEqual(
            [refused.status, fieldsOf(refused)],
            [422, fields],
            JSON.stringify([wish, refused.body]),
          )
        }
        for (const wish of [
          { taxBasisPoints: 19.5 },
          { taxBasisPoints: 10_001 },
          { paymentDays: -1 },
          { reminderDays: [0] },
        ])
          assert.strictEqual((yield* ask("PUT", "/v1/config/billing", wish)).status, 400, JSON.stringify(wish))
        assert.deepStrictEqual((yield* ask("GET", "/v1/config/billing")).body, whole)
        // Of packages that name no other.
        yield* ask("POST", "/v1/packages", { id: "basic", monthlyPrice: 500 })
        assert.strictEqual((yield* ask("GET", "/v1/packages/basic")).body.currency, "CHF")
      }),
    )
  })
})
