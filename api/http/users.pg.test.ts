import { assert, describe, layer, vi } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { type Answer, ApiUnderTest, account, type TestApi } from "../../fixtures/api/api-under-test.ts"
import { accept, ada, bearing, inviteAuditor, logIn, makeAda, nobody } from "../../fixtures/api/people.ts"
import { onDatabase } from "../../fixtures/postgres/on-database.ts"
import { mailServer } from "../../fixtures/smtp/server.ts"

const live = { timeout: "60 seconds", excludeTestServices: true } as const

const invite = ({ ask }: TestApi, email: string, more: object = {}) =>
  ask("POST", "/v1/users", { email, name: email.replace(/@.*/, ""), role: "super-admin", ...more })

const fields = ({ body }: Answer): ReadonlyArray<string> =>
  body.problems.map(({ field }: { readonly field: string }) => field)

const emails = ({ body }: Answer): ReadonlyArray<string> =>
  body.items.map(({ email }: { readonly email: string }) => email.replace("@example.org", ""))

describe("users", () => {
  layer(
    ApiUnderTest.layer(),
    live,
  )((it) => {
    it.effect("are invited, and choose their password themselves", () =>
      Effect.gen(function* () {
        const api = yield* ApiUnderTest
        yield* makeAda(api)
        const admin = yield* logIn(api)
        const invited = yield* api.ask(
          "POST",
          "/v1/users",
          { email: "Grace@Example.org", name: "Grace Hopper", role: "super-admin", locale: "de" },
          bearing(admin),
        )
        assert.strictEqual(invited.status, 201, JSON.stringify(invited.body))
        assert.deepInclude(invited.body.user, { email: "grace@example.org", hasPassword: false, locale: "de" })
        // No mail can leave: whoever invited hands the token over.
        assert.isFalse(invited.body.invited)
        const { id } = invited.body.user
        assert.strictEqual((yield* logIn(api, { email: "grace@example.org", password: "" })).status, 401)
        const again = yield* api.ask("POST", `/v1/users/${id}/invite`, {})
        const grace = yield* accept(api, again)
        assert.strictEqual((yield* api.ask("GET", "/auth/me", undefined, bearing(grace))).body.user.hasPassword, true)
        // Both tokens are gone, and who has a password is invited no more.
        const late = yield* api.ask(
          "POST",
          "/auth/reset-password",
          { token: invited.body.token, password: ada.password },
          nobody,
        )
        assert.strictEqual(late.status, 403)
        assert.strictEqual((yield* api.ask("POST", `/v1/users/${id}/invite`, {})).status, 422)
        assert.deepStrictEqual(fields(yield* invite(api, "grace@example.org")), ["email"])
        const [event] = (yield* api.ask("GET", "/v1/audit?action=user.invited")).body.items.slice(-1)
        assert.deepInclude(event, { actor: "ada@example.org", target: `User/${id}` })
        assert.deepInclude(event.after, { email: "grace@example.org" })
      }),
    )
  })

  layer(
    ApiUnderTest.layer(),
    live,
  )((it) => {
    it.effect("hear of it by mail where that leaves, in their language, and have a week", () =>
      Effect.gen(function* () {
        const api = yield* ApiUnderTest
        yield* makeAda(api)
        const server = yield* Effect.acquireRelease(
          Effect.promise(() => mailServer()),
          (one) => Effect.promise(one.close),
        )
        yield* api.ask("PUT", "/v1/config/email", {
          host: "127.0.0.1",
          port: server.port,
          security: "none",
          from: "panel@example.org",
          senderName: "Panel",
          portal: "https://panel.example.org",
        })
        const invited = yield* invite(api, "hedy@example.org", { locale: "de" })
        assert.deepInclude(invited.body, { invited: true })
        assert.isUndefined(invited.body.token)
        const mail = yield* Effect.promise(() =>
          vi.waitFor(
            () => {
              const [one] = server.received
              assert.isDefined(one)
              return one
            },
            { timeout: 20_000 },
          ),
        )
        assert.strictEqual(mail.headers.get("subject"), "Ihr Konto ist bereit")
        const token = /welcome#([\w-]{43})/.exec(mail.body)?.[1]
        const choose = () => api.ask("POST", "/auth/reset-password", { token, password: ada.password }, nobody)
        api.later("8 days")
        assert.strictEqual((yield* choose()).status, 403)
        api.later("-2 days")
        assert.strictEqual((yield* choose()).status, 204)

        // Once, however often they are.
        const { id } = invited.body.user
        for (const reason of ["on leave", "still on leave"])
          yield* api.ask("POST", `/v1/users/${id}/suspend`, { reason })
        yield* api.ask("POST", `/v1/users/${id}/activate`, {})
        yield* api.ask("POST", `/v1/users/${id}/suspend`, {})
        const told = yield* Effect.promise(() =>
          vi.waitFor(
            () => {
              const those = server.received.filter(({ headers }) => /gesperrt/.test(headers.get("subject") ?? ""))
              assert.strictEqual(those.length, 2)
              return those
            },
            { timeout: 20_000 },
          ),
        )
        assert.deepStrictEqual(told.map(({ body }) => /Grund: on leave/.test(body)).sort(), [false, true])
        assert.isTrue(told.every(({ body }) => !/still/.test(body)))
      }),
    )
  })

  layer(
    ApiUnderTest.layer(),
    live,
  )((it) => {
    it.effect("are found, filtered, sorted and paged", () =>
      Effect.gen(function* () {
        const api = yield* ApiUnderTest
        yield* makeAda(api)
        for (const [email, name] of [
          ["bob@example.org", "Émile"],
          ["carl_x@example.org", "carl"],
          ["dora%@example.org", "Dora"],
          ["eve@example.org", "Carlotta"],
        ] as const)
          assert.strictEqual((yield* invite(api, email, { name })).status, 201)
        const list = (query: string) => api.ask("GET", `/v1/users?${query}`)
        assert.deepStrictEqual(emails(yield* list("sort=email")), ["ada", "bob", "carl_x", "dora%", "eve"])
        assert.deepStrictEqual(emails(yield* list("sort=-created")), ["eve", "dora%", "carl_x", "bob", "ada"])
        assert.deepStrictEqual(emails(yield* list("sort=email&search=CARL")), ["carl_x", "eve"])
        assert.deepStrictEqual(emails(yield* list("search=%25%40")), ["dora%"])
        assert.deepStrictEqual(emails(yield* list("search=_x")), ["carl_x"])
        assert.deepStrictEqual(emails(yield* list("search='%20or%201=1--")), [])
        assert.deepStrictEqual(emails(yield* list("role=auditor")), [])
        for (const sort of ["name", "-name", "email", "-email", "created", "-created"]) {
          const whole = (yield* list(`sort=${sort}`)).body.items
          const paged = []
          let next: string | null = ""
          while (next !== null) {
            const { body }: Answer = yield* list(`sort=${sort}&limit=2${next === "" ? "" : `&after=${next}`}`)
            paged.push(...body.items)
            next = body.next
          }
          assert.deepStrictEqual(paged, whole, sort)
        }
        for (const query of ["sort=age", "limit=0", "after=x", "role=king", "state=gone", "search=%00"])
          assert.strictEqual((yield* list(query)).status, 400, query)
      }),
    )
  })

  layer(
    ApiUnderTest.layer(),
    live,
  )((it) => {
    it.effect("are changed, with every mistake named", () =>
      Effect.gen(function* () {
        const api = yield* ApiUnderTest
        yield* makeAda(api)
        const { id } = (yield* invite(api, "bob@example.org")).body.user
        const change = (wish: object, one = id) => api.ask("PATCH", `/v1/users/${one}`, wish)
        assert.deepInclude((yield* change({ name: " Bob B. ", locale: "de" })).body, { name: "Bob B.", locale: "de" })
        assert.deepInclude((yield* change({})).body, { name: "Bob B.", locale: "de" })
        for (const name of ["", " ", "a\nb", "a\u0000b", "\u202eevil", "x".repeat(101), "\ud800"])
          assert.deepStrictEqual(fields(yield* change({ name })), ["name"], JSON.stringify(name))
        assert.deepStrictEqual(fields(yield* change({ name: "", role: "auditor" })), ["name", "expiresAt"])
        for (const expiresAt of [null, "", "soon", "2001-01-01T00:00:00Z"])
          assert.deepStrictEqual(fields(yield* change({ role: "auditor", expiresAt })), ["expiresAt"])
        assert.deepStrictEqual(fields(yield* change({ expiresAt: "2999-01-01T00:00:00Z" })), ["expiresAt"])
        for (const wish of [{ role: "king" }, { colour: "red" }, { email: "x@example.org" }, { name: 7 }])
          assert.strictEqual((yield* change(wish)).status, 400, JSON.stringify(wish))
        for (const one of ["x", "55555555-5555-4555-8555-555555555555", "'", "..%2f"])
          assert.strictEqual((yield* change({ name: "x" }, one)).status, 404, one)
        const audited = yield* change({ role: "auditor", expiresAt: "2999-01-01T00:00:00Z" })
        assert.deepInclude(audited.body, { role: "auditor", expiresAt: "2999-01-01T00:00:00.000Z" })
        assert.deepInclude((yield* change({ role: "super-admin", expiresAt: null })).body, { expiresAt: null })
        for (const more of [{ email: "nobody" }, { name: "" }, { expiresAt: "2999-01-01T00:00:00Z" }])
          assert.deepStrictEqual(fields(yield* invite(api, "zoe@example.org", more)), Object.keys(more))
      }),
    )
  })

  layer(
    ApiUnderTest.layer(),
    live,
  )((it) => {
    it.effect("are suspended and let in again, one or many, wholly or not at all", () =>
      Effect.gen(function* () {
        const api = yield* ApiUnderTest
        yield* makeAda(api)
        const admin = yield* logIn(api)
        const others = []
        for (const name of ["bob", "carl"]) others.push(yield* accept(api, yield* invite(api, `${name}@example.org`)))
        const [bob, carl] = others
        assert.isDefined(bob)
        assert.isDefined(carl)
        const idOf = ({ body }: Answer): string => body.user.id
        const me = (who: Answer) =>
          Effect.map(api.ask("GET", "/auth/me", undefined, bearing(who)), ({ status }) => status)
        const suspended = yield* api.ask(
          "POST",
          `/v1/users/${idOf(bob)}/suspend`,
          { reason: "on leave" },
          bearing(admin),
        )
        assert.deepInclude(suspended.body, { suspendReason: "on leave" })
        assert.strictEqual(yield* me(bob), 401)
        assert.strictEqual((yield* logIn(api, { email: "bob@example.org" })).status, 403)
        assert.strictEqual((yield* api.ask("GET", "/v1/users?state=suspended")).body.items.length, 1)
        const bulk = (action: string, ids: ReadonlyArray<string>, more: object = {}) =>
          api.ask("POST", "/v1/users/bulk", { action, ids, ...more }, bearing(admin))
        // One of them is not there.
        assert.strictEqual((yield* bulk("suspend", [idOf(carl), "x"])).status, 404)
        assert.strictEqual(yield* me(carl), 200)
        // Nor oneself.
        assert.strictEqual((yield* bulk("suspend", [idOf(carl), idOf(admin)])).status, 422)
        assert.strictEqual((yield* bulk("suspend", [idOf(carl)], { reason: "a\nb" })).status, 422)
        assert.strictEqual(yield* me(carl), 200)
        const both = yield* bulk("activate", [idOf(bob), idOf(carl), idOf(bob)])
        assert.strictEqual(both.body.items.length, 2)
        // What was open stays closed: it is logged in again.
        assert.strictEqual(yield* me(bob), 401)
        assert.strictEqual((yield* logIn(api, { email: "bob@example.org" })).status, 200)
        assert.strictEqual((yield* bulk("remove", [idOf(bob), idOf(carl)])).status, 200)
        assert.strictEqual(yield* me(carl), 401)
        assert.strictEqual((yield* api.ask("GET", `/v1/users/${idOf(bob)}`)).status, 404)
        for (const [action, ids] of [
          ["fire", ["x"]],
          ["remove", []],
          ["remove", Array(501).fill("x")],
        ] as const)
          assert.strictEqual((yield* bulk(action, ids)).status, 400)
        assert.strictEqual((yield* api.ask("GET", "/v1/verify")).body.ok, true)
      }),
    )
  })

  layer(
    ApiUnderTest.layer(),
    live,
  )((it) => {
    it.effect("always leave an administrator, also when two are shut out at the same moment", () =>
      Effect.gen(function* () {
        const api = yield* ApiUnderTest
        yield* makeAda(api)
        const ada = (yield* logIn(api)).body.user.id
        const grace = (yield* accept(api, yield* invite(api, "grace@example.org"))).body.user.id
        const doTo = (id: string, deed: string) => api.ask("POST", `/v1/users/${id}/${deed}`, {})
        // Whichever of the two is later is refused, however close they are.
        for (const _ of Array.from({ length: 8 })) {
          const all = yield* Effect.all([doTo(ada, "suspend"), doTo(grace, "suspend")], { concurrency: "unbounded" })
          assert.deepStrictEqual(all.map(({ status }) => status).sort(), [200, 422])
          for (const id of [ada, grace]) yield* doTo(id, "activate")
        }
        yield* doTo(grace, "suspend")
        const active = (yield* api.ask("GET", "/v1/users?state=active&role=super-admin")).body.items.filter(
          ({ hasPassword }: { readonly hasPassword: boolean }) => hasPassword,
        )
        // The machine's administrator is no user, and is held to the same.
        const [last] = active
        for (const [method, path, body] of [
          ["POST", `/v1/users/${last.id}/suspend`, {}],
          ["DELETE", `/v1/users/${last.id}`, undefined],
          ["PATCH", `/v1/users/${last.id}`, { role: "auditor", expiresAt: "2999-01-01T00:00:00Z" }],
        ] as const)
          assert.strictEqual((yield* api.ask(method, path, body)).status, 422, path)
      }),
    )
  })

  layer(
    ApiUnderTest.layer(),
    live,
  )((it) => {
    it.effect("who are auditors read all and write nothing, until their time is over", () =>
      Effect.gen(function* () {
        const api = yield* ApiUnderTest
        yield* makeAda(api)
        yield* api.ask("PUT", "/v1/records/Account/acme", account("acme"))
        const auditor = yield* inviteAuditor(api, "audrey@example.org")
        const as = (method: string, path: string, body?: unknown) => api.ask(method, path, body, bearing(auditor))
        for (const path of [
          "/v1/records",
          "/v1/history/Account/acme",
          "/v1/drift",
          "/v1/audit",
          "/v1/users",
          "/v1/export",
          "/v1/verify",
        ])
          assert.strictEqual((yield* as("GET", path)).status, 200, path)
        const refused = yield* as("PUT", "/v1/records/Account/acme?version=1", account("acme", { suspended: true }))
        assert.deepStrictEqual(
          [refused.status, refused.body.detail],
          [403, "You may not do this (records:write) as auditor."],
        )
        // Their tokens can do no more than they.
        const wish = { password: ada.password, name: "t", validFor: 365 }
        const tooMuch = yield* as("POST", "/v1/tokens", { ...wish, scopes: ["records:read", "records:write"] })
        assert.deepStrictEqual(fields(tooMuch), ["scopes[1]"])
        const { token } = (yield* as("POST", "/v1/tokens", { ...wish, scopes: ["records:read"] })).body
        const withToken = () => api.ask("GET", "/v1/records", undefined, { authorization: `Bearer ${token}` })
        assert.strictEqual((yield* withToken()).status, 200)

        // What an administrator may no more, their tokens may no more.
        const admin = yield* accept(api, yield* invite(api, "bob@example.org"))
        const wide = (yield* api.ask(
          "POST",
          "/v1/tokens",
          { ...wish, scopes: ["records:write", "pauses:write"] },
          bearing(admin),
        )).body.token
        const pause = () =>
          Effect.map(
            api.ask("POST", "/v1/pauses", { mode: "pause", reason: "x" }, { authorization: `Bearer ${wide}` }),
            ({ status }) => status,
          )
        assert.strictEqual(yield* pause(), 200)
        const expiresAt = new Date(api.now() + 40 * 86_400_000).toISOString()
        yield* api.ask("PATCH", `/v1/users/${admin.body.user.id}`, { role: "auditor", expiresAt })
        assert.strictEqual(yield* pause(), 403)
        assert.strictEqual(
          (yield* api.ask("POST", "/v1/pauses", { mode: "pause", reason: "x" }, bearing(admin))).status,
          403,
        )

        api.later("29 days")
        const renew = (answer: Answer) =>
          api.ask("POST", "/auth/refresh", { refreshToken: answer.body.refreshToken }, nobody)
        const again = yield* logIn(api, { email: "audrey@example.org" })
        const open = yield* renew(again)
        assert.strictEqual(open.status, 200)
        api.later("2 days")
        assert.strictEqual((yield* renew(open)).status, 401)
        assert.strictEqual((yield* withToken()).status, 401)
        const late = yield* logIn(api, { email: "audrey@example.org" })
        assert.deepStrictEqual([late.status, late.body.detail.slice(0, 29)], [403, "The time of this user is over"])
        assert.deepStrictEqual(emails(yield* api.ask("GET", "/v1/users?state=expired")), ["audrey"])
      }),
    )

    it.effect("who have lost app and codes are let in by another administrator", () =>
      Effect.gen(function* () {
        const api = yield* ApiUnderTest
        yield* makeAda(api)
        const admin = yield* logIn(api)
        const { id } = admin.body.user
        const grace = yield* accept(api, yield* invite(api, "grace@example.org"))
        yield* onDatabase(
          api.url,
          (sql) =>
            sql`insert into totp_secrets (user_id, sealed, last_step, created_at) values (${id}, 'lost', 0, now())`,
        )
        assert.isString((yield* logIn(api)).body.ticket)
        assert.strictEqual((yield* api.ask("DELETE", `/v1/users/${id}/factors`, undefined, bearing(admin))).status, 422)
        // A browser that was left open is not enough, for factors as for where mail goes.
        api.later("9 minutes")
        const renewed = yield* api.ask("POST", "/auth/refresh", { refreshToken: grace.body.refreshToken }, nobody)
        api.later("2 minutes")
        const stale = bearing(renewed)
        assert.strictEqual((yield* api.ask("GET", "/v1/users", undefined, stale)).status, 200)
        const refused = yield* api.ask("DELETE", `/v1/users/${id}/factors`, undefined, stale)
        assert.deepStrictEqual([refused.status, refused.body.detail.slice(0, 26)], [403, "This wants a log-in of the"])
        const settings = {
          host: "mail.example.org",
          port: 587,
          security: "starttls",
          from: "panel@example.org",
          senderName: "P",
        }
        const mail = { ...settings, portal: "https://panel.example.org" }
        assert.strictEqual((yield* api.ask("PUT", "/v1/config/email", mail, stale)).status, 403)
        const again = bearing(yield* logIn(api, { email: "grace@example.org" }))
        assert.strictEqual((yield* api.ask("DELETE", `/v1/users/${id}/factors`, undefined, again)).status, 204)
        assert.strictEqual((yield* api.ask("GET", "/auth/me", undefined, bearing(admin))).status, 401)
        assert.isString((yield* logIn(api)).body.accessToken)
      }),
    )
  })
})
