import { assert, describe, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { aNode } from "../../fixtures/api/a-node.ts"
import { type Answer, ApiUnderTest } from "../../fixtures/api/api-under-test.ts"
import { makeHouses } from "../../fixtures/api/houses.ts"
import { accept, ada, bearing, cookiesOf, fromPage, logIn, sent } from "../../fixtures/api/people.ts"

const live = { timeout: "60 seconds", excludeTestServices: true } as const
const reason = "Ticket 4711: the blog shows an error"

const scene = Effect.gen(function* () {
  const api = yield* ApiUnderTest
  yield* aNode(api.url)
  const houses = yield* makeHouses(api)
  const admin = bearing(yield* logIn(api))
  const rita = bearing(yield* logIn(api, { email: "rita@example.org" }))
  const actAs = (id: string, headers: Record<string, string> = rita, body: object = { reason }) =>
    api.ask("POST", `/v1/users/${id}/login-as`, body, headers)
  const me = (answer: Answer) => api.ask("GET", "/auth/me", undefined, bearing(answer))
  return { api, houses, admin, rita, actAs, me, carl: houses.people.customer.id }
})

const fields = ({ body }: Answer): ReadonlyArray<string> =>
  body.problems.map(({ field }: { readonly field: string }) => field)

describe("seeing what another user sees", () => {
  layer(
    ApiUnderTest.layer(),
    live,
  )((it) => {
    it.effect("shows that and changes nothing, until the password is given; both names stand in what was done", () =>
      Effect.gen(function* () {
        const { actAs, api, carl, houses, me } = yield* scene
        const opened = yield* actAs(carl)
        assert.strictEqual(opened.status, 201, JSON.stringify(opened.body))
        assert.deepInclude(opened.body.user, { email: "carl@example.org" })
        const as = (method: string, path: string, body?: unknown) => api.ask(method, path, body, bearing(opened))
        const sites = (yield* as("GET", "/v1/customer/websites")).body.items
        assert.sameMembers(
          sites.map(({ id }: { readonly id: string }) => id),
          ["own-blog", "own-shop"],
        )
        const shown = (yield* me(opened)).body
        assert.deepInclude(shown, { name: "rita@example.org as carl@example.org", role: "customer" })
        assert.deepInclude(shown.tenant, { kind: "customer", slug: "own", name: "The own one" })
        assert.deepInclude(shown.acting, { reason, canWrite: false })
        assert.deepInclude(shown.acting.by, { email: "rita@example.org" })
        assert.strictEqual(Math.round((Date.parse(shown.acting.until) - api.now()) / 60_000), 60)

        const suspend = () => as("POST", "/v1/customer/websites/own-blog/suspend")
        const looking = yield* suspend()
        assert.deepStrictEqual(
          [looking.status, looking.body.detail],
          [403, "You are only looking. To change things as this user, give your password at /auth/acting/raise."],
        )
        assert.strictEqual((yield* as("POST", "/v1/diff", { records: [] })).status, 200)
        assert.deepStrictEqual(fields(yield* as("POST", "/auth/acting/raise", { password: "not this one" })), [
          "password",
        ])
        assert.strictEqual((yield* suspend()).status, 403)
        assert.strictEqual((yield* as("POST", "/auth/acting/raise", { password: ada.password })).status, 204)
        assert.strictEqual((yield* suspend()).status, 200)
        assert.isTrue((yield* me(opened)).body.acting.canWrite)

        const [revision] = (yield* api.ask("GET", "/v1/history/Site/own-blog")).body.items
        assert.deepInclude(revision, { actor: "rita@example.org as carl@example.org" })
        const trail = (yield* api.ask("GET", "/v1/audit?limit=10")).body.items
        const rita = trail.find(({ action }: { readonly action: string }) => action === "session.acted").actorId
        for (const action of ["session.acted", "session.raised", "records.written"])
          assert.deepInclude(
            trail.find((event: { readonly action: string }) => event.action === action),
            { actorId: rita, subjectId: carl, session: opened.body.session },
            action,
          )
        assert.isTrue((yield* api.ask("GET", "/v1/verify")).body.ok)

        // The customer reads it too, but for where from and with what somebody came who is not theirs.
        const trailOf = (person: { readonly headers: Record<string, string> }) =>
          Effect.map(api.ask("GET", "/v1/audit?limit=1000", undefined, person.headers), ({ body }) => body.items)
        const { customer, foreign, reseller, sibling } = houses.people
        const own = yield* trailOf(customer)
        const acted = own.find(({ action }: { readonly action: string }) => action === "session.acted")
        assert.deepInclude(acted, { actor: "rita@example.org", subjectId: carl, address: "", agent: "" })
        const login = own.find(
          ({ action, actorId }: { readonly action: string; readonly actorId: string }) =>
            action === "login" && actorId === carl,
        )
        assert.deepInclude(login, { address: "127.0.0.1" })
        const people = new Set([carl, houses.people.technical.id])
        assert.isTrue(
          own.every(
            ({ actorId, subjectId }: { readonly actorId: string; readonly subjectId: string }) =>
              people.has(actorId) || people.has(subjectId),
          ),
        )
        const rows = yield* trailOf(reseller)
        assert.notStrictEqual(
          rows.find(({ action }: { readonly action: string }) => action === "session.acted").address,
          "",
        )
        for (const other of [foreign, sibling])
          assert.notInclude(JSON.stringify(yield* trailOf(other)), "carl@example.org")
        assert.strictEqual((yield* api.ask("GET", "/v1/verify", undefined, customer.headers)).status, 403)
        assert.strictEqual((yield* api.ask("GET", "/v1/audit", undefined, houses.people.technical.headers)).status, 403)
      }),
    )
  })

  layer(
    ApiUnderTest.layer(),
    live,
  )((it) => {
    it.effect("is for who stands above, has a reason and has logged in lately", () =>
      Effect.gen(function* () {
        const { actAs, admin, api, carl, houses, rita } = yield* scene
        const { customer, reseller, sibling, foreign, technical, auditor } = houses.people
        for (const bad of ["", "   ", "a\nb", "a\u0000b", "x".repeat(101), "\u202ereversed"])
          assert.deepStrictEqual(fields(yield* actAs(carl, rita, { reason: bad })), ["reason"], JSON.stringify(bad))
        assert.strictEqual((yield* actAs(carl, rita, {})).status, 400)

        const statuses = (who: Record<string, string>, ...ids: ReadonlyArray<string>) =>
          Effect.forEach(ids, (id) => Effect.map(actAs(id, who), ({ status }) => status))
        const me = (yield* api.ask("GET", "/auth/me", undefined, admin)).body.user.id
        const audrey = (yield* api.ask("GET", "/v1/users?role=auditor")).body.items[0].id
        assert.deepStrictEqual(
          yield* statuses(admin, me, audrey, reseller.id, carl, technical.id),
          [422, 422, 201, 201, 201],
        )
        assert.deepStrictEqual(
          yield* statuses(rita, reseller.id, carl, sibling.id, technical.id, foreign.id, me, audrey, "x"),
          [422, 201, 201, 201, 404, 404, 404, 404],
        )
        assert.deepStrictEqual(
          yield* statuses(customer.headers, carl, technical.id, sibling.id, reseller.id),
          [422, 201, 404, 404],
        )
        assert.deepStrictEqual(yield* statuses(technical.headers, carl, technical.id), [403, 403])
        assert.deepStrictEqual(yield* statuses(auditor.headers, carl), [403])
        // The machine's own token is nobody, and no token of a program's is enough.
        assert.deepStrictEqual(yield* statuses({}, carl), [403])

        yield* api.ask("POST", `/v1/users/${sibling.id}/suspend`, {}, rita)
        assert.deepStrictEqual(fields(yield* actAs(sibling.id)), ["id"])
        api.later("11 minutes")
        const stale = yield* api.ask("POST", "/auth/login", { email: "rita@example.org", password: ada.password })
        api.later("9 minutes")
        const renewed = yield* api.ask("POST", "/auth/refresh", { refreshToken: stale.body.refreshToken })
        api.later("2 minutes")
        const late = yield* actAs(carl, bearing(renewed))
        assert.deepStrictEqual([late.status, late.body.detail.slice(0, 10)], [403, "This wants"])
      }),
    )
  })

  layer(
    ApiUnderTest.layer(),
    live,
  )((it) => {
    it.effect("gives nothing that lets anybody in, also once things may be changed", () =>
      Effect.gen(function* () {
        const { actAs, api, carl, houses } = yield* scene
        const opened = yield* actAs(carl)
        const as = (method: string, path: string, body?: unknown) => api.ask(method, path, body, bearing(opened))
        yield* as("POST", "/auth/acting/raise", { password: ada.password })
        const { password } = ada
        for (const [method, path, body] of [
          ["PUT", "/auth/password", { current: password, password: "another-plinth-walnut-9" }],
          ["POST", "/auth/2fa/setup", { password }],
          ["POST", "/v1/tokens", { password, name: "t", scopes: ["records:read"], validFor: 1 }],
          ["GET", "/v1/tokens", undefined],
          ["GET", "/auth/sessions", undefined],
          ["DELETE", "/auth/sessions", undefined],
          ["POST", "/v1/users", { email: "new@example.org", name: "New", role: "customer" }],
          ["POST", `/v1/users/${houses.people.technical.id}/login-as`, { reason }],
          ["POST", `/v1/users/${houses.people.technical.id}/suspend`, {}],
        ] as const)
          assert.deepStrictEqual(
            [path, (yield* as(method, path, body)).body.detail],
            [path, "Only the user can do this, not somebody who is logged in as them."],
          )
        // Seen is what the user sees of people, too.
        assert.strictEqual((yield* as("GET", "/v1/users")).status, 200)
        // And in a session of one's own there is nothing to raise and nothing to end.
        for (const path of ["/auth/acting/raise", "/auth/acting/end"])
          assert.strictEqual(
            (yield* api.ask("POST", path, { password }, houses.people.customer.headers)).status,
            403,
            path,
          )
      }),
    )
  })

  layer(
    ApiUnderTest.layer(),
    live,
  )((it) => {
    it.effect("ends by itself, when either of the two may no more, and when the user says so", () =>
      Effect.gen(function* () {
        const { actAs, admin, api, carl, houses, me } = yield* scene
        const { customer, reseller } = houses.people
        const status = (answer: Answer) => Effect.map(me(answer), (said) => said.status)

        const first = yield* actAs(carl)
        const own = (yield* api.ask("GET", "/auth/sessions", undefined, customer.headers)).body.items
        const seen = own.find(({ id }: { readonly id: string }) => id === first.body.session)
        assert.deepInclude(seen, { actedInBy: "rita@example.org", current: false })
        yield* api.ask("DELETE", `/auth/sessions/${first.body.session}`, undefined, customer.headers)
        assert.strictEqual(yield* status(first), 401)

        const second = yield* actAs(carl)
        assert.strictEqual((yield* api.ask("POST", "/auth/acting/end", {}, bearing(second))).status, 204)
        assert.strictEqual(yield* status(second), 401)

        // The customer has gone to another reseller.
        const third = yield* actAs(carl)
        assert.strictEqual(yield* status(third), 200)
        const { own: customerId } = houses.customers
        yield* api.ask("PATCH", `/v1/customers/${customerId}`, { reseller: houses.resellers.theirs }, admin)
        assert.strictEqual(yield* status(third), 401)
        yield* api.ask("PATCH", `/v1/customers/${customerId}`, { reseller: houses.resellers.ours }, admin)

        const fourth = yield* actAs(carl)
        assert.strictEqual(yield* status(fourth), 200)
        yield* api.ask("POST", `/v1/users/${reseller.id}/suspend`, {}, admin)
        assert.strictEqual(yield* status(fourth), 401)
        yield* api.ask("POST", `/v1/users/${reseller.id}/activate`, {}, admin)

        const fifth = yield* actAs(carl, admin)
        yield* api.ask("POST", `/v1/users/${carl}/suspend`, {}, admin)
        assert.strictEqual(yield* status(fifth), 401)
        yield* api.ask("POST", `/v1/users/${carl}/activate`, {}, admin)

        const sixth = yield* actAs(carl, admin)
        const renew = (answer: Answer) =>
          api.ask("POST", "/auth/refresh", { refreshToken: answer.body.refreshToken }, { authorization: "" })
        api.later("59 minutes")
        const renewed = yield* renew(sixth)
        assert.strictEqual(renewed.status, 200)
        api.later("2 minutes")
        assert.strictEqual((yield* renew(renewed)).status, 401)
      }),
    )
  })

  layer(
    ApiUnderTest.layer(),
    live,
  )((it) => {
    it.effect("leads a browser back into its own session, and logging out ends both", () =>
      Effect.gen(function* () {
        const { api, carl } = yield* scene
        const jar = new Map<string, string>()
        const from = (answer: Answer) => {
          for (const [name, value] of cookiesOf(answer)) jar.set(name, value.split(";")[0] ?? "")
          return answer
        }
        const page = (method: string, path: string, body?: unknown) =>
          Effect.map(api.ask(method, path, body, { ...fromPage, cookie: sent(jar) }), from)
        const who = () => Effect.map(page("GET", "/auth/me"), ({ body }) => body.name)
        from(yield* logIn(api, { email: "rita@example.org" }, fromPage))
        assert.strictEqual(yield* who(), "rita@example.org")
        const opened = yield* page("POST", `/v1/users/${carl}/login-as`, { reason })
        assert.strictEqual(opened.status, 201)
        assert.notProperty(opened.body, "accessToken")
        assert.strictEqual(yield* who(), "rita@example.org as carl@example.org")
        assert.strictEqual((yield* page("POST", "/auth/acting/end", {})).status, 204)
        assert.strictEqual(yield* who(), "rita@example.org")
        assert.strictEqual(jar.get("__Host-plumb-return"), "")

        yield* page("POST", `/v1/users/${carl}/login-as`, { reason })
        const before = new Map(jar)
        assert.strictEqual((yield* page("POST", "/auth/logout", {})).status, 204)
        for (const name of ["__Host-plumb-refresh", "__Host-plumb-return"]) {
          assert.strictEqual(jar.get(name), "", name)
          const again = yield* api.ask(
            "POST",
            "/auth/refresh",
            { refreshToken: before.get(name) },
            { authorization: "" },
          )
          assert.strictEqual(again.status, 401, name)
        }
        // Another site's page opens none.
        const elsewhere = { ...fromPage, "sec-fetch-site": "cross-site", cookie: sent(before) }
        assert.strictEqual((yield* api.ask("POST", `/v1/users/${carl}/login-as`, { reason }, elsewhere)).status, 401)
      }),
    )
  })

  layer(
    ApiUnderTest.layer(),
    live,
  )((it) => {
    it.effect("is not what a new log-in of somebody who was let in has", () =>
      Effect.gen(function* () {
        const { api, carl } = yield* scene
        const invited = yield* api.ask("POST", "/v1/users", {
          email: "eve@example.org",
          name: "Eve",
          role: "super-admin",
        })
        const eve = yield* accept(api, invited)
        const opened = yield* api.ask("POST", `/v1/users/${carl}/login-as`, { reason }, bearing(eve))
        // Who is somebody less now sees nothing of anybody's.
        const expiresAt = new Date(api.now() + 86_400_000).toISOString()
        yield* api.ask("PATCH", `/v1/users/${eve.body.user.id}`, { role: "auditor", expiresAt })
        assert.strictEqual((yield* api.ask("GET", "/auth/me", undefined, bearing(opened))).status, 401)
        assert.isNull((yield* api.ask("GET", "/auth/me", undefined, bearing(eve))).body.acting)
      }),
    )
  })
})
