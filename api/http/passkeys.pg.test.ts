import { assert, describe, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { type Answer, ApiUnderTest } from "../../fixtures/api/api-under-test.ts"
import { accept, ada, bearing, logIn, makeAda, nobody } from "../../fixtures/api/people.ts"
import { authenticator } from "../../fixtures/webauthn/authenticator.ts"

const live = { timeout: "60 seconds", excludeTestServices: true } as const

/** The portal as a browser has it open: by its name. */
const named = (base: string): string => base.replace("127.0.0.1", "localhost")

const fields = ({ body }: Answer): ReadonlyArray<string> =>
  body.problems.map(({ field }: { readonly field: string }) => field)

const scene = Effect.gen(function* () {
  const api = yield* ApiUnderTest
  yield* makeAda(api)
  const origin = named(api.base)
  const as = bearing(yield* logIn(api))
  const ask = (method: string, path: string, body?: unknown, who: Record<string, string> = as) =>
    api.ask(method, `${origin}${path}`, body, who)
  const make = Effect.fnUntraced(function* (device: ReturnType<typeof authenticator>, name = "Laptop") {
    const { options, ticket } = (yield* ask("POST", "/auth/passkeys/setup", { password: ada.password })).body
    return yield* ask("POST", "/auth/passkeys", { ticket, name, credential: device.create(options, { origin }) })
  })
  const start = Effect.map(ask("POST", "/auth/passkey/start", {}, nobody), ({ body }) => body)
  const finish = (body: object) => ask("POST", "/auth/passkey/finish", body, nobody)
  return { api, as, ask, finish, make, origin, start }
})

describe("a passkey", () => {
  layer(
    ApiUnderTest.layer(),
    live,
  )((it) => {
    it.effect("lets in without address and password, and is a second factor behind a password", () =>
      Effect.gen(function* () {
        const { api, ask, finish, make, origin, start } = yield* scene
        const device = authenticator()
        const made = yield* make(device)
        assert.strictEqual(made.status, 201, JSON.stringify(made.body))
        assert.deepInclude(made.body.passkey, { name: "Laptop", host: "localhost", synced: false, usedAt: null })
        assert.strictEqual(made.body.recoveryCodes.length, 10)
        assert.deepStrictEqual((yield* ask("GET", "/auth/me")).body.factors, {
          totp: false,
          passkeys: 1,
          recoveryCodes: 10,
        })

        const { options, ticket } = yield* start
        assert.deepInclude(options, { rpId: "localhost", userVerification: "required" })
        assert.notProperty(options, "allowCredentials")
        const opened = yield* finish({ ticket, credential: device.get(options, { origin }) })
        assert.strictEqual(opened.status, 200, JSON.stringify(opened.body))
        assert.strictEqual((yield* ask("GET", "/auth/me", undefined, bearing(opened))).body.name, ada.email)
        const [used] = (yield* ask("GET", "/auth/passkeys")).body.items
        assert.isString(used.usedAt)

        // Behind a password: this, or a code on paper.
        const needed = yield* ask("POST", "/auth/login", { email: ada.email, password: ada.password }, nobody)
        assert.deepStrictEqual(needed.body.factors, ["passkey", "recovery-code"])
        assert.deepInclude(needed.body.passkey, { rpId: "localhost", userVerification: "preferred" })
        const credential = device.get(needed.body.passkey, { origin, verified: false })
        const second = yield* ask("POST", "/auth/2fa/verify", { ticket: needed.body.ticket, credential }, nobody)
        assert.strictEqual(second.status, 200, JSON.stringify(second.body))
        const byCode = yield* logIn(api)
        // The portal is open at an address: there a passkey is not to be had.
        assert.deepStrictEqual(byCode.body.factors, ["recovery-code"])
        const [code] = made.body.recoveryCodes
        const third = yield* ask("POST", "/auth/2fa/verify", { ticket: byCode.body.ticket, code }, nobody)
        assert.strictEqual(third.status, 200)
        const trail = (yield* api.ask("GET", "/v1/audit?action=login&outcome=succeeded")).body.items
        assert.sameMembers(
          trail.map(({ details }: { readonly details: { readonly factor: string } }) => details.factor),
          ["password", "passkey", "passkey", "recovery-code"],
        )

        // Without it a password is enough again, and the codes on paper are none.
        const remove = (password: string) => ask("POST", `/auth/passkeys/${used.id}/remove`, { password })
        assert.deepStrictEqual(fields(yield* remove("not this one")), ["password"])
        assert.strictEqual((yield* remove(ada.password)).status, 204)
        assert.strictEqual((yield* remove(ada.password)).status, 404)
        const me = (yield* ask("GET", "/auth/me")).body.factors
        assert.deepStrictEqual(me, { totp: false, passkeys: 0, recoveryCodes: 0 })
        assert.property((yield* logIn(api)).body, "accessToken")
        const gone = yield* start
        const credentials = device.get(gone.options, { origin })
        assert.strictEqual((yield* finish({ ticket: gone.ticket, credential: credentials })).status, 401)
        assert.isTrue((yield* api.ask("GET", "/v1/verify")).body.ok)
      }),
    )
  })

  layer(
    ApiUnderTest.layer(),
    live,
  )((it) => {
    it.effect("is believed for its own page, once, and from who made sure of the user", () =>
      Effect.gen(function* () {
        const { finish, make, origin, start } = yield* scene
        const device = authenticator()
        yield* make(device)
        const tried = Effect.fnUntraced(function* (
          change: (credential: ReturnType<typeof device.get>) => object,
          how = {},
        ) {
          const { options, ticket } = yield* start
          const credential = device.get(options, { origin, ...how })
          return (yield* finish({ ticket, credential: change(credential) })).status
        })
        const same = (credential: object) => credential
        assert.strictEqual(yield* tried(same), 200)
        // Of another page, another name, another ceremony, another challenge, without the user's finger.
        for (const how of [
          { origin: "https://panel.example.net" },
          { origin: origin.replace(/:\d+$/, ":1") },
          { rp: "panel.example.net" },
          { data: { type: "webauthn.create" } },
          { data: { challenge: "AAAA" } },
          { data: { crossOrigin: true, topOrigin: "https://panel.example.net" } },
          { verified: false },
        ])
          assert.strictEqual(yield* tried(same, how), 401, JSON.stringify(how))
        const bent = (text: string) => `${text.slice(0, -4)}${text.endsWith("AAAA") ? "BBBB" : "AAAA"}`
        const mallory = authenticator()
        for (const change of [
          ({ response, ...rest }: ReturnType<typeof device.get>) => ({
            ...rest,
            response: { ...response, signature: bent(response.signature) },
          }),
          ({ response, ...rest }: ReturnType<typeof device.get>) => ({
            ...rest,
            response: { ...response, authenticatorData: bent(response.authenticatorData) },
          }),
          (credential: ReturnType<typeof device.get>) => ({ ...credential, id: "AAAA", rawId: "AAAA" }),
          (credential: ReturnType<typeof device.get>) => ({ ...credential, rawId: "AAAA" }),
        ])
          assert.strictEqual(yield* tried(change), 401, change.toString())
        // A stranger's own key under the name of this one.
        const one = yield* start
        const own = device.get(one.options, { origin })
        mallory.create({ rp: { id: "localhost" }, user: { id: "AA" }, challenge: "AA" }, { origin })
        const theirs = mallory.get(one.options, { origin })
        const forged = { ...theirs, id: own.id, rawId: own.rawId }
        assert.strictEqual((yield* finish({ ticket: one.ticket, credential: forged })).status, 401)

        // An answer is taken once, and each challenge answered once.
        const two = yield* start
        const credential = device.get(two.options, { origin })
        const both = yield* Effect.all(
          [finish({ ticket: two.ticket, credential }), finish({ ticket: two.ticket, credential })],
          { concurrency: "unbounded" },
        )
        assert.deepStrictEqual(both.map(({ status }) => status).sort(), [200, 401])
        const three = yield* start
        assert.strictEqual((yield* finish({ ticket: three.ticket, credential })).status, 401)
        // A copy of the authenticator counts from an earlier number.
        device.rewind(3)
        assert.strictEqual(yield* tried(same), 401)
        device.rewind(-3)
        assert.strictEqual(yield* tried(same), 200)
      }),
    )

    it.effect("answers what it was asked in time, and nothing else that somebody sends", () =>
      Effect.gen(function* () {
        const api = yield* ApiUnderTest
        const origin = named(api.base)
        const device = authenticator()
        const ask = (path: string, body: unknown) => api.ask("POST", `${origin}${path}`, body, nobody)
        const { options, ticket } = (yield* ask("/auth/passkey/start", {})).body
        device.create({ rp: { id: "localhost" }, user: { id: "AA" }, challenge: "AA" }, { origin })
        const credential = device.get(options, { origin })
        api.later("6 minutes")
        const late = yield* ask("/auth/passkey/finish", { ticket, credential })
        assert.deepStrictEqual([late.status, late.body.detail.slice(0, 9)], [401, "This took"])
        for (const hostile of [
          {},
          { ticket },
          { ticket, credential: {} },
          { ticket, credential: { ...credential, id: "../../etc" } },
          { ticket, credential: { ...credential, id: "A".repeat(2001) } },
          { ticket, credential: { ...credential, type: "password" } },
          { ticket, credential: { ...credential, response: { ...credential.response, signature: "a\u0000b" } } },
          { ticket: "x".repeat(201), credential },
        ])
          assert.strictEqual((yield* ask("/auth/passkey/finish", hostile)).status, 400, JSON.stringify(hostile))
        // At an address there are none.
        const address = yield* api.ask("POST", "/auth/passkey/start", {}, nobody)
        assert.deepStrictEqual(
          [address.status, address.body.problems[0].mend],
          [422, "Open it by its name, such as localhost."],
        )
      }),
    )
  })

  layer(
    ApiUnderTest.layer(),
    live,
  )((it) => {
    it.effect("is made by who gives the password, on a page of the portal, for oneself", () =>
      Effect.gen(function* () {
        const { api, ask, make, origin } = yield* scene
        const setUp = (password = ada.password, who?: Record<string, string>) =>
          ask("POST", "/auth/passkeys/setup", { password }, who)
        assert.deepStrictEqual(fields(yield* setUp("not this one")), ["password"])
        const device = authenticator()
        const tried = Effect.fnUntraced(function* (how: object, change: (body: object) => object = (body) => body) {
          const { options, ticket } = (yield* setUp()).body
          const credential = device.create(options, { origin, ...how })
          return fields(yield* ask("POST", "/auth/passkeys", change({ ticket, name: "Laptop", credential })))
        })
        for (const how of [
          { origin: "https://panel.example.net" },
          { rp: "panel.example.net" },
          { data: { type: "webauthn.get" } },
          { data: { challenge: "AAAA" } },
          { verified: false },
        ])
          assert.deepStrictEqual(yield* tried(how), ["credential"], JSON.stringify(how))
        for (const name of ["", "a\nb", "a\u0000", "x".repeat(101), "\u202edesrever"])
          assert.deepStrictEqual(yield* tried({}, (body) => ({ ...body, name })), ["name"], JSON.stringify(name))
        assert.deepStrictEqual(yield* tried({}, (body) => ({ ...body, ticket: "x" })), ["ticket"])

        // Another user's ticket makes nothing of it one's own.
        const invited = yield* api.ask("POST", "/v1/users", {
          email: "eve@example.org",
          name: "Eve",
          role: "super-admin",
        })
        const eve = bearing(yield* accept(api, invited))
        const { options, ticket } = (yield* setUp()).body
        const credential = device.create(options, { origin })
        const stolen = yield* ask("POST", "/auth/passkeys", { ticket, name: "Mine", credential }, eve)
        assert.deepStrictEqual(fields(stolen), ["ticket"])
        const first = yield* make(device)
        assert.strictEqual(first.status, 201)
        // The authenticator is told which it has; and of a second factor the codes are there already.
        const again = (yield* setUp()).body.options.excludeCredentials
        assert.strictEqual(again.length, 1)
        assert.notProperty((yield* make(authenticator(), "Key")).body, "recoveryCodes")
        assert.strictEqual((yield* ask("GET", "/auth/passkeys")).body.items.length, 2)
        assert.deepStrictEqual((yield* ask("GET", "/auth/passkeys", undefined, eve)).body.items, [])
        const { id } = first.body.passkey
        const theirs = yield* ask("POST", `/auth/passkeys/${id}/remove`, { password: ada.password }, eve)
        assert.strictEqual(theirs.status, 404)
        // Who has lost them all is let in by another administrator.
        const me = (yield* ask("GET", "/auth/me")).body.user.id
        assert.strictEqual((yield* ask("DELETE", `/v1/users/${me}/factors`, undefined, eve)).status, 204)
        assert.property((yield* logIn(api)).body, "accessToken")
      }),
    )
  })
})
