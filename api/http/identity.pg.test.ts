import { createHash, generateKeyPairSync } from "node:crypto"
import { assert, describe, it, layer, vi } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { SignJWT } from "jose"
import { type Answer, ApiUnderTest, token as machine, serve } from "../../fixtures/api/api-under-test.ts"
import { ada, bearing, cookiesOf, fromPage, logIn, makeAda, nobody, sent } from "../../fixtures/api/people.ts"
import { onDatabase } from "../../fixtures/postgres/on-database.ts"
import { testDatabase } from "../../fixtures/postgres/test-database.ts"

const live = { timeout: "60 seconds", excludeTestServices: true } as const

const statusOf = (answer: Answer) => answer.status

const audit = Effect.fnUntraced(function* (query = "") {
  const { ask } = yield* ApiUnderTest
  return (yield* ask("GET", `/v1/audit?limit=1000${query}`)).body.items
})

describe("the first administrator", () => {
  layer(
    ApiUnderTest.layer(),
    live,
  )((it) => {
    it.effect("is made with a right that is given once, works once, and only while there is none", () =>
      Effect.gen(function* () {
        const api = yield* ApiUnderTest
        assert.strictEqual((yield* api.ask("POST", "/v1/first-run", undefined, nobody)).status, 401)
        const former = (yield* api.ask("POST", "/v1/first-run")).body.token
        const { token } = (yield* api.ask("POST", "/v1/first-run")).body
        const redeem = (given: string, more: object = {}) =>
          api.ask("POST", "/auth/first-run", { ...ada, token: given, ...more }, nobody)
        for (const wrong of [former, "", "x".repeat(200), `${token}x`])
          assert.strictEqual((yield* redeem(wrong)).status, 403)

        const mistakes = yield* redeem(token, { email: "ada", name: " ", password: "password1234" })
        assert.strictEqual(mistakes.status, 422)
        assert.deepStrictEqual(
          mistakes.body.problems.map(({ field }: { readonly field: string }) => field),
          ["email", "name", "password"],
        )

        const all = yield* Effect.all(
          Array.from({ length: 5 }, (_, n) => redeem(token, { email: `ada${n}@example.org` })),
          { concurrency: "unbounded" },
        )
        assert.deepStrictEqual(all.map(statusOf).sort(), [201, 403, 403, 403, 403])
        const made = all.find(({ status }) => status === 201)
        assert.deepInclude(made?.body, { name: "Ada Lovelace", role: "super-admin", locale: "en", suspendedAt: null })
        assert.notInclude(JSON.stringify(made?.body), "argon2")
        assert.strictEqual((yield* api.ask("POST", "/v1/first-run")).status, 403)
        assert.strictEqual((yield* redeem(token)).status, 403)
      }),
    )
  })

  layer(
    ApiUnderTest.layer(),
    live,
  )((it) => {
    it.effect("has a day to take the right", () =>
      Effect.gen(function* () {
        const api = yield* ApiUnderTest
        const { expiresAt, token } = (yield* api.ask("POST", "/v1/first-run")).body
        assert.isAbove(Date.parse(expiresAt), Date.now() + 23 * 3_600_000)
        api.later("25 hours")
        assert.strictEqual((yield* api.ask("POST", "/auth/first-run", { ...ada, token }, nobody)).status, 403)
        assert.strictEqual((yield* makeAda(api)).status, 201)
      }),
    )
  })
})

describe("logging in", () => {
  layer(
    ApiUnderTest.layer(),
    live,
  )((it) => {
    it.effect("gives an access token that the whole API takes, for as long as the session is open", () =>
      Effect.gen(function* () {
        const api = yield* ApiUnderTest
        yield* makeAda(api)
        const opened = yield* logIn(api, { email: "  ADA@example.ORG".trim() }, { "user-agent": "curl\u00e9/8" })
        assert.strictEqual(opened.status, 200, JSON.stringify(opened.body))
        assert.strictEqual(opened.body.expiresIn, 600)
        assert.deepStrictEqual(opened.headers.getSetCookie(), [])
        const me = yield* api.ask("GET", "/auth/me", undefined, bearing(opened))
        assert.deepInclude(me.body, { name: ada.email, role: "super-admin" })
        assert.strictEqual(me.body.user.email, ada.email)

        const paused = yield* api.ask("POST", "/v1/pauses", { mode: "pause", reason: "a look" }, bearing(opened))
        assert.strictEqual(paused.body.actor, ada.email)

        const [session] = (yield* api.ask("GET", "/auth/sessions", undefined, bearing(opened))).body.items
        assert.deepInclude(session, { current: true, address: "127.0.0.1", id: opened.body.session })
        const left = yield* api.ask("POST", "/auth/logout", { refreshToken: opened.body.refreshToken }, nobody)
        assert.strictEqual(left.status, 204)
        // The token is good for minutes yet; its session is not.
        assert.strictEqual((yield* api.ask("GET", "/auth/me", undefined, bearing(opened))).status, 401)
        const again = yield* api.ask("POST", "/auth/refresh", { refreshToken: opened.body.refreshToken }, nobody)
        assert.strictEqual(again.status, 401)
        // As welcome a second time.
        const twice = yield* api.ask("POST", "/auth/logout", { refreshToken: opened.body.refreshToken }, nobody)
        assert.strictEqual(twice.status, 204)

        // A program that kept nothing but its access token.
        const [one, other] = [yield* logIn(api), yield* logIn(api)]
        const seen = (answer: Answer) =>
          Effect.map(api.ask("GET", "/auth/me", undefined, bearing(answer)), ({ status }) => status)
        const forged = { authorization: `${bearing(one).authorization.slice(0, -8)}AAAAAAAA` }
        for (const headers of [nobody, forged, { authorization: "Bearer nothing" }])
          assert.strictEqual((yield* api.ask("POST", "/auth/logout", {}, headers)).status, 204)
        assert.deepStrictEqual([yield* seen(one), yield* seen(other)], [200, 200])
        assert.strictEqual((yield* api.ask("POST", "/auth/logout", {}, bearing(one))).status, 204)
        assert.deepStrictEqual([yield* seen(one), yield* seen(other)], [401, 200])
      }),
    )

    it.effect("tells nobody whether an address has a user: the same bytes, the same work", () =>
      Effect.gen(function* () {
        const api = yield* ApiUnderTest
        yield* makeAda(api)
        const bare = ({ body, headers, status }: Answer) => ({
          status,
          body,
          headers: [...headers].filter(([name]) => !["date", "x-request-id"].includes(name)),
        })
        const known = yield* logIn(api, { password: "not the password" })
        assert.strictEqual(known.status, 401)
        for (const email of [
          "eve@example.org",
          "",
          "ada",
          "ada\u0000@example.org",
          "x'; drop table users; --",
          "аda@example.org",
        ])
          assert.deepStrictEqual(bare(yield* logIn(api, { email, password: "not the password" })), bare(known), email)
        const [failed] = yield* audit("&outcome=failed")
        assert.notInclude(JSON.stringify(failed), "not the password")
        for (const more of [
          { password: "x".repeat(5000) },
          { email: "x".repeat(5000) },
          { password: 7 },
          { email: null },
        ])
          assert.strictEqual((yield* logIn(api, more)).status, 400)
        assert.strictEqual((yield* logIn(api, { password: "x".repeat(100_000) })).status, 413)
      }),
    )

    it.effect("is refused to a user who is suspended, from the next request on", () =>
      Effect.gen(function* () {
        const api = yield* ApiUnderTest
        yield* makeAda(api)
        const opened = yield* logIn(api)
        const suspend = (at: Date | null) =>
          onDatabase(api.url, (sql) => sql`update users set suspended_at = ${at} where email = ${ada.email}`)
        yield* suspend(new Date())
        assert.strictEqual((yield* api.ask("GET", "/auth/me", undefined, bearing(opened))).status, 401)
        const { refreshToken } = opened.body
        assert.strictEqual((yield* api.ask("POST", "/auth/refresh", { refreshToken }, nobody)).status, 401)
        assert.strictEqual((yield* logIn(api)).status, 403)
        assert.strictEqual((yield* logIn(api, { password: "wrong" })).status, 401)
        yield* suspend(null)
        assert.strictEqual((yield* logIn(api)).status, 200)
      }),
    )

    it.effect("leaves nothing in the database, the log or an answer that lets anybody in", () =>
      Effect.gen(function* () {
        const api = yield* ApiUnderTest
        yield* makeAda(api)
        const opened = yield* logIn(api)
        const { accessToken, deviceToken, refreshToken } = opened.body
        const rows = yield* onDatabase(
          api.url,
          (sql) => sql<{ readonly all: string }>`
            select concat_ws(' ', (select jsonb_agg(t) from users t), (select jsonb_agg(t) from sessions t),
              (select jsonb_agg(t) from refresh_tokens t), (select jsonb_agg(t) from devices t),
              (select jsonb_agg(t) from signing_keys t), (select jsonb_agg(t) from first_runs t),
              (select jsonb_agg(t) from login_attempts t), (select jsonb_agg(t) from audit_events t)) as all`,
        )
        const kept = rows[0]?.all ?? ""
        assert.include(kept, "argon2id")
        for (const secret of [accessToken, deviceToken, refreshToken, ada.password]) {
          assert.isString(secret)
          assert.notInclude(kept, secret)
          assert.notInclude(kept, Buffer.from(secret, "base64url").toString("hex"))
        }
        // Of a signing key only the public half.
        assert.notInclude(kept, '"d":')
        assert.include(kept, createHash("sha256").update(refreshToken).digest("hex"))
      }),
    )
  })
})

describe("a refresh token", () => {
  layer(
    ApiUnderTest.layer(),
    live,
  )((it) => {
    it.effect("works once and gives the next; used again later it ends the session for both", () =>
      Effect.gen(function* () {
        const api = yield* ApiUnderTest
        yield* makeAda(api)
        const refresh = (refreshToken: string) => api.ask("POST", "/auth/refresh", { refreshToken }, nobody)
        const opened = yield* logIn(api)
        const second = yield* refresh(opened.body.refreshToken)
        assert.strictEqual(second.status, 200)
        assert.notStrictEqual(second.body.refreshToken, opened.body.refreshToken)
        assert.strictEqual(second.body.session, opened.body.session)
        api.later("11 seconds")
        const stolen = yield* refresh(opened.body.refreshToken)
        assert.strictEqual(stolen.status, 401)
        for (const answer of [opened, second]) {
          assert.strictEqual((yield* api.ask("GET", "/auth/me", undefined, bearing(answer))).status, 401)
          assert.strictEqual((yield* refresh(answer.body.refreshToken)).status, 401)
        }
        const [reused] = yield* audit("&action=session.reused")
        assert.deepInclude(reused, { outcome: "refused", actor: ada.email, session: opened.body.session })
      }),
    )

    it.effect("that two windows send at once, or whose answer was lost, works for ten seconds", () =>
      Effect.gen(function* () {
        const api = yield* ApiUnderTest
        yield* makeAda(api)
        const refresh = (refreshToken: string) => api.ask("POST", "/auth/refresh", { refreshToken }, nobody)
        const opened = yield* logIn(api)
        const all = yield* Effect.all(
          Array.from({ length: 8 }, () => refresh(opened.body.refreshToken)),
          { concurrency: "unbounded" },
        )
        assert.deepStrictEqual(new Set(all.map(statusOf)), new Set([200]))
        assert.strictEqual(new Set(all.map(({ body }) => body.refreshToken)).size, 8)
        // Once a successor is in use nobody has lost an answer.
        const [first] = all
        assert.strictEqual((yield* refresh(first?.body.refreshToken)).status, 200)
        assert.strictEqual((yield* refresh(opened.body.refreshToken)).status, 401)
        assert.strictEqual((yield* refresh(all[1]?.body.refreshToken)).status, 401)
      }),
    )

    it.effect("that nobody uses for a week is good no more, and no session lasts longer than thirty days", () =>
      Effect.gen(function* () {
        const api = yield* ApiUnderTest
        yield* makeAda(api)
        const refresh = (refreshToken: string) => api.ask("POST", "/auth/refresh", { refreshToken }, nobody)
        const idle = yield* logIn(api)
        let busy = yield* logIn(api)
        for (const _ of Array.from({ length: 4 })) {
          api.later("6 days")
          busy = yield* refresh(busy.body.refreshToken)
          assert.strictEqual(busy.status, 200)
        }
        assert.strictEqual((yield* refresh(idle.body.refreshToken)).status, 401)
        api.later("6.5 days")
        assert.strictEqual((yield* refresh(busy.body.refreshToken)).status, 401)
        for (const wrong of ["", "x", "x".repeat(200), "a\u0000b", "'; --"])
          assert.strictEqual((yield* refresh(wrong)).status, 401, wrong)
        assert.strictEqual((yield* refresh("x".repeat(201))).status, 400)
        assert.strictEqual((yield* api.ask("POST", "/auth/refresh", {}, nobody)).status, 401)
      }),
    )
  })
})

describe("an access token", () => {
  layer(
    ApiUnderTest.layer(),
    live,
  )((it) => {
    it.effect("that is not one of ours is refused, and the audit trail says so", () =>
      Effect.gen(function* () {
        const api = yield* ApiUnderTest
        yield* makeAda(api)
        const { accessToken, session, user } = (yield* logIn(api)).body
        const [head = "", claims = "", signature = ""] = accessToken.split(".")
        const header = JSON.parse(Buffer.from(head, "base64url").toString())
        const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url")
        const { privateKey, publicKey } = generateKeyPairSync("ed25519")
        const forged = (changes: { readonly header?: object; readonly claims?: object }, key = privateKey) =>
          Effect.promise(() =>
            new SignJWT({ sid: session, iss: "plumbline", aud: "plumbline-api", sub: user.id, ...changes.claims })
              .setProtectedHeader({ alg: "Ed25519", kid: header.kid, typ: "at+jwt", ...changes.header })
              .setIssuedAt()
              .setExpirationTime("10m")
              .sign(key),
          )
        const tokens: Record<string, string> = {
          "alg none": `${part({ ...header, alg: "none" })}.${claims}.`,
          "alg none with a signature": `${part({ ...header, alg: "none" })}.${claims}.${signature}`,
          "a MAC with the public key": `${part({ ...header, alg: "HS256" })}.${claims}.${signature}`,
          "other claims": `${head}.${part({ sub: user.id, sid: session, exp: 9_999_999_999 })}.${signature}`,
          "another's key under our id": yield* forged({}),
          "a key that nobody published": yield* forged({ header: { kid: "00000000-0000-4000-8000-000000000000" } }),
          "a key that the token brings": yield* forged({ header: { jwk: publicKey.export({ format: "jwk" }) } }),
          "an id that is a path": yield* forged({ header: { kid: "../../dev/null" } }),
          "an id that is SQL": yield* forged({ header: { kid: "' or 1=1 --" } }),
          "no header": `e30.${claims}.${signature}`,
          "no JSON": `bm8.${claims}.${signature}`,
        }
        for (const [what, token] of Object.entries(tokens)) {
          const answer = yield* api.ask("GET", "/v1/records", undefined, { authorization: `Bearer ${token}` })
          assert.strictEqual(answer.status, 401, what)
          const [event] = yield* audit("&action=token.refused")
          assert.strictEqual(event.requestId, answer.headers.get("x-request-id"), what)
        }

        // Of our own key, but for something else.
        const own = generateKeyPairSync("ed25519")
        const id = "11111111-1111-4111-8111-111111111111"
        yield* onDatabase(
          api.url,
          (
            sql,
          ) => sql`insert into signing_keys values (${id}, ${JSON.stringify(own.publicKey.export({ format: "jwk" }))}::jsonb,
            now(), now() + interval '1 day')`,
        )
        const ours = (changes: Parameters<typeof forged>[0]) =>
          forged({ ...changes, header: { kid: id, ...changes.header } }, own.privateKey)
        const ask = (token: string) => api.ask("GET", "/auth/me", undefined, { authorization: `Bearer ${token}` })
        assert.strictEqual((yield* ask(yield* ours({}))).status, 200)
        for (const [what, changes] of Object.entries({
          audience: { claims: { aud: "another-api" } },
          issuer: { claims: { iss: "another" } },
          type: { header: { typ: "JWT" } },
          session: { claims: { sid: "22222222-2222-4222-8222-222222222222" } },
          "session that is none": { claims: { sid: "x" } },
          user: { claims: { sub: "22222222-2222-4222-8222-222222222222" } },
        }))
          assert.strictEqual((yield* ask(yield* ours(changes))).status, 401, what)
      }),
    )
  })

  layer(
    ApiUnderTest.layer(),
    live,
  )((it) => {
    it.effect(
      "expires after ten minutes; a new one is signed by a new key after a day, and the old key is believed for an hour",
      () =>
        Effect.gen(function* () {
          const api = yield* ApiUnderTest
          yield* makeAda(api)
          const kid = (answer: Answer) =>
            JSON.parse(Buffer.from(answer.body.accessToken.split(".")[0], "base64url").toString()).kid
          const opened = yield* logIn(api)
          api.later("9 minutes")
          assert.strictEqual((yield* api.ask("GET", "/auth/me", undefined, bearing(opened))).status, 200)
          api.later("2 minutes")
          assert.strictEqual((yield* api.ask("GET", "/auth/me", undefined, bearing(opened))).status, 401)
          const [event] = yield* audit("&action=token.refused")
          assert.deepStrictEqual(event.details, { why: "expired" })
          api.later("1425 minutes")
          const before = yield* logIn(api)
          assert.strictEqual(kid(before), kid(opened))
          api.later("5 minutes")
          const after = yield* logIn(api)
          assert.notStrictEqual(kid(after), kid(before))
          assert.strictEqual((yield* api.ask("GET", "/auth/me", undefined, bearing(before))).status, 200)
        }),
    )
  })
})

describe("too many attempts", () => {
  layer(
    ApiUnderTest.layer(),
    live,
  )((it) => {
    it.effect("lock a stranger out after five, however many come at once, and for a quarter of an hour", () =>
      Effect.gen(function* () {
        const api = yield* ApiUnderTest
        yield* makeAda(api)
        const device = (yield* logIn(api)).body.deviceToken
        assert.isString(device)
        const all = yield* Effect.all(
          Array.from({ length: 30 }, () => logIn(api, { password: "guess" })),
          { concurrency: "unbounded" },
        )
        assert.strictEqual(all.filter(({ status }) => status === 401).length, 5)
        const refused = all.find(({ status }) => status === 429)
        assert.strictEqual(refused?.headers.get("content-type"), "application/problem+json")
        assert.match(refused?.headers.get("retry-after") ?? "", /^(89\d|900)$/)
        assert.strictEqual(refused?.body.type, "https://plumbline.dev/problems/too-many-attempts")
        // Nor with the right one; but its owner, from where they have been before, is let in.
        assert.strictEqual((yield* logIn(api)).status, 429)
        const owner = yield* logIn(api, { deviceToken: device })
        assert.strictEqual(owner.status, 200)
        assert.isUndefined(owner.body.deviceToken)
        // A token of another's device is a stranger's.
        assert.strictEqual((yield* logIn(api, { email: "eve@example.org", deviceToken: device })).status, 401)
        api.later("14 minutes")
        assert.strictEqual((yield* logIn(api)).status, 429)
        api.later("2 minutes")
        assert.strictEqual((yield* logIn(api)).status, 200)
      }),
    )

    it.effect("lock an address that nobody has just the same", () =>
      Effect.gen(function* () {
        const api = yield* ApiUnderTest
        yield* makeAda(api)
        const statuses = []
        for (const _ of Array.from({ length: 7 }))
          statuses.push((yield* logIn(api, { email: "who@example.org" })).status)
        assert.deepStrictEqual(statuses, [401, 401, 401, 401, 401, 429, 429])
      }),
    )

    it.effect("are counted from the last success on", () =>
      Effect.gen(function* () {
        const api = yield* ApiUnderTest
        yield* makeAda(api)
        for (const _ of Array.from({ length: 3 })) {
          for (const _ of Array.from({ length: 4 }))
            assert.strictEqual((yield* logIn(api, { password: "x" })).status, 401)
          assert.strictEqual((yield* logIn(api)).status, 200)
        }
      }),
    )

    it.effect("lock a device of the user's that guesses, and that one only", () =>
      Effect.gen(function* () {
        const api = yield* ApiUnderTest
        yield* makeAda(api)
        const { deviceToken } = (yield* logIn(api)).body
        const statuses = []
        for (const _ of Array.from({ length: 6 }))
          statuses.push((yield* logIn(api, { deviceToken, password: "x" })).status)
        assert.deepStrictEqual(statuses, [401, 401, 401, 401, 401, 429])
        assert.strictEqual((yield* logIn(api)).status, 200)
      }),
    )
  })
})

describe("a browser", () => {
  layer(
    ApiUnderTest.layer(),
    live,
  )((it) => {
    it.effect("has its tokens as cookies that no script reads, and nowhere else", () =>
      Effect.gen(function* () {
        const api = yield* ApiUnderTest
        yield* makeAda(api)
        const opened = yield* logIn(api, {}, fromPage)
        assert.hasAllKeys(opened.body, ["user", "session", "expiresIn"])
        const lines = opened.headers.getSetCookie()
        assert.strictEqual(lines.length, 3)
        for (const line of lines) {
          assert.match(line, /^__Host-plumb-(access|refresh|device)=[\w.-]+; /)
          for (const part of ["Path=/", "HttpOnly", "Secure", "SameSite=Lax"]) assert.include(line, part)
          assert.notMatch(line, /domain=/i)
        }
        const cookie = sent(cookiesOf(opened))
        const me = yield* api.ask("GET", "/auth/me", undefined, { ...fromPage, cookie })
        assert.strictEqual(me.body.name, ada.email)

        const renewed = yield* api.ask("POST", "/auth/refresh", {}, { ...fromPage, cookie })
        assert.strictEqual(renewed.status, 200)
        const now = cookiesOf(renewed)
        assert.deepStrictEqual([...now.keys()], ["__Host-plumb-access", "__Host-plumb-refresh"])
        assert.strictEqual(
          (yield* api.ask("GET", "/auth/me", undefined, { ...fromPage, cookie: sent(now) })).status,
          200,
        )
        const left = yield* api.ask("POST", "/auth/logout", {}, { ...fromPage, cookie: sent(now) })
        assert.strictEqual(left.status, 204)
        for (const line of left.headers.getSetCookie())
          assert.match(line, /^__Host-plumb-(access|refresh|return)=; Max-Age=0; /)
        assert.strictEqual(
          (yield* api.ask("GET", "/auth/me", undefined, { ...fromPage, cookie: sent(now) })).status,
          401,
        )
        // It is known again.
        const device = new Map([...cookiesOf(opened)].filter(([name]) => name.endsWith("device")))
        const again = yield* logIn(api, {}, { ...fromPage, cookie: sent(device) })
        assert.isFalse(cookiesOf(again).has("__Host-plumb-device"))
      }),
    )

    it.effect("that a page of another site makes send something is nobody", () =>
      Effect.gen(function* () {
        const api = yield* ApiUnderTest
        yield* makeAda(api)
        const cookie = sent(cookiesOf(yield* logIn(api, {}, fromPage)))
        const pause = (headers: Record<string, string>) =>
          api.ask("POST", "/v1/pauses", { mode: "pause", reason: "mine" }, { ...nobody, cookie, ...headers })
        const look = (headers: Record<string, string>) =>
          api.ask("GET", "/auth/me", undefined, { ...nobody, cookie, ...headers })
        for (const site of ["cross-site", "same-site", "none", "SAME-ORIGIN", ""])
          assert.strictEqual((yield* pause({ "sec-fetch-site": site })).status, 401, site)
        assert.strictEqual((yield* look({ "sec-fetch-site": "cross-site" })).status, 401)
        assert.strictEqual((yield* look({ "sec-fetch-site": "none" })).status, 200)
        // From before there was Fetch Metadata.
        for (const origin of ["https://evil.example.org", "null", "http://127.0.0.1.example.org"])
          assert.strictEqual((yield* pause({ origin })).status, 401, origin)
        assert.strictEqual((yield* pause({})).status, 401)
        assert.strictEqual((yield* pause({ origin: api.base })).status, 200)
        for (const path of ["/auth/refresh", "/auth/logout"])
          assert.deepStrictEqual(
            [
              ...cookiesOf(
                yield* api.ask("POST", path, {}, { ...nobody, cookie, "sec-fetch-site": "cross-site" }),
              ).values(),
            ].filter((value) => value !== ""),
            [],
            path,
          )
        // The session is still there: nothing from elsewhere has ended it.
        assert.strictEqual((yield* look({ "sec-fetch-site": "same-origin" })).status, 200)
        // Two that say different things are nobody.
        assert.strictEqual((yield* look({ ...fromPage, authorization: "Bearer wrong" })).status, 401)
      }),
    )
  })
})

describe("sessions", () => {
  layer(
    ApiUnderTest.layer(),
    live,
  )((it) => {
    it.effect("are listed for their user and end when the user says so", () =>
      Effect.gen(function* () {
        const api = yield* ApiUnderTest
        yield* makeAda(api)
        const opened = []
        for (const agent of ["one", "two", "three"]) opened.push(yield* logIn(api, {}, { "user-agent": agent }))
        const [one, two, three] = opened
        assert.isDefined(one)
        assert.isDefined(two)
        assert.isDefined(three)
        const list = () => api.ask("GET", "/auth/sessions", undefined, bearing(one))
        assert.deepStrictEqual(
          (yield* list()).body.items.map(({ agent }: { readonly agent: string }) => agent),
          ["three", "two", "one"],
        )
        const end = (id: string) => api.ask("DELETE", `/auth/sessions/${id}`, undefined, bearing(one))
        assert.strictEqual((yield* end(two.body.session)).status, 204)
        assert.strictEqual((yield* api.ask("GET", "/auth/me", undefined, bearing(two))).status, 401)
        for (const id of [two.body.session, "33333333-3333-4333-8333-333333333333", "x", "%00", "'"])
          assert.strictEqual((yield* end(id)).status, 404, id)
        assert.deepStrictEqual((yield* api.ask("DELETE", "/auth/sessions", undefined, bearing(one))).body, { ended: 1 })
        assert.strictEqual((yield* api.ask("GET", "/auth/me", undefined, bearing(three))).status, 401)
        assert.strictEqual((yield* list()).body.items.length, 1)
        const byMachine = yield* api.ask("GET", "/auth/me", undefined, { authorization: `Bearer ${machine}` })
        assert.deepStrictEqual(byMachine.body, {
          name: "admin",
          role: "super-admin",
          user: null,
          factors: { totp: false, passkeys: 0, recoveryCodes: 0 },
          acting: null,
          tenant: null,
        })
      }),
    )
  })

  layer(
    ApiUnderTest.layer(),
    live,
  )((it) => {
    it.effect("but the one that asks end with a new password, which only who knows the present one sets", () =>
      Effect.gen(function* () {
        const api = yield* ApiUnderTest
        yield* makeAda(api)
        const [one, other] = [yield* logIn(api), yield* logIn(api)]
        const change = (current: string, password: string) =>
          api.ask("PUT", "/auth/password", { current, password }, bearing(one))
        assert.strictEqual((yield* change("wrong", "another-orbit-lamp-22")).body.problems[0].field, "current")
        const weak = yield* change(ada.password, "ada-lovelace")
        assert.strictEqual(weak.body.problems[0].field, "password")
        assert.notInclude(JSON.stringify(weak.body), "ada-lovelace")
        assert.strictEqual((yield* change(ada.password, "another-orbit-lamp-22")).status, 204)
        assert.strictEqual((yield* api.ask("GET", "/auth/me", undefined, bearing(other))).status, 401)
        assert.strictEqual((yield* api.ask("GET", "/auth/me", undefined, bearing(one))).status, 200)
        assert.strictEqual((yield* logIn(api)).status, 401)
        assert.strictEqual((yield* logIn(api, { password: "another-orbit-lamp-22" })).status, 200)
        const guesses = []
        for (const _ of Array.from({ length: 6 })) guesses.push((yield* change("guess", "yet-another-lamp-22")).status)
        assert.deepStrictEqual(guesses, [422, 422, 422, 422, 422, 429])
        const asMachine = yield* api.ask("PUT", "/auth/password", { current: "x", password: "y" })
        assert.strictEqual(asMachine.status, 403)
      }),
    )
  })
})

describe("what has had its time", () => {
  it.live("is gone when the next process starts, and nothing else", () =>
    Effect.gen(function* () {
      const url = yield* Effect.promise(testDatabase)
      const counts = () =>
        Effect.map(
          onDatabase(
            url,
            (sql) => sql<Record<string, number>>`
              select (select count(*)::int from sessions) as sessions, (select count(*)::int from refresh_tokens) as refresh,
                (select count(*)::int from login_attempts) as attempts, (select count(*)::int from signing_keys) as keys,
                (select count(*)::int from first_runs) as rights, (select count(*)::int from devices) as devices`,
          ),
          ([row]) => row,
        )
      const gone = { sessions: 0, refresh: 0, attempts: 0, keys: 0, rights: 0, devices: 0 }
      const expired = (hash: string) =>
        onDatabase(url, (sql) => sql`insert into first_runs values (${hash}, now(), now() - interval '1 day')`)
      const tidied = Effect.promise(() =>
        vi.waitFor(() => Effect.runPromise(counts()).then((now) => assert.strictEqual(now?.["rights"], 0))),
      )
      yield* expired("w")
      yield* Effect.scoped(
        Effect.gen(function* () {
          const api = yield* serve(url)
          // Before the clock goes back: what is made then has had its time by the clock that it begins with.
          yield* tidied
          api.later("-40 days")
          yield* makeAda(api)
          yield* logIn(api)
          yield* logIn(api, { email: "who@example.org" })
        }),
      )
      yield* expired("x")
      yield* onDatabase(url, (sql) => sql`update devices set used_at = now() - interval '366 days'`)
      assert.deepStrictEqual(yield* counts(), { sessions: 1, refresh: 1, attempts: 1, keys: 1, rights: 1, devices: 1 })
      const api = yield* serve(url)
      yield* Effect.promise(() =>
        vi.waitFor(() => Effect.runPromise(counts()).then((now) => assert.deepEqual(now, gone))),
      )
      yield* logIn(api)
      yield* logIn(api, { password: "x" })
      assert.deepStrictEqual(yield* counts(), { ...gone, sessions: 1, refresh: 1, attempts: 1, keys: 1, devices: 1 })
      // What is good yet survives the next start: by the time that the old right is gone, all the rest was looked at before.
      yield* onDatabase(url, (sql) => sql`update devices set created_at = now() - interval '400 days'`)
      yield* expired("y")
      yield* serve(url)
      yield* tidied
      assert.deepStrictEqual(yield* counts(), { ...gone, sessions: 1, refresh: 1, attempts: 1, keys: 1, devices: 1 })
    }).pipe(Effect.scoped),
  )
})

describe("the audit trail", () => {
  layer(
    ApiUnderTest.layer(),
    live,
  )((it) => {
    it.effect("tells what happened, in pages, and shows when somebody has touched it", () =>
      Effect.gen(function* () {
        const api = yield* ApiUnderTest
        yield* makeAda(api)
        yield* logIn(api, { password: "wrong" })
        const opened = yield* logIn(api, {}, { "user-agent": "plumb\ttest" })
        yield* api.ask("POST", "/auth/logout", { refreshToken: opened.body.refreshToken }, nobody)
        const events = yield* audit()
        assert.deepStrictEqual(
          events.map(
            ({ action, outcome }: { readonly action: string; readonly outcome: string }) => `${action} ${outcome}`,
          ),
          [
            "logout succeeded",
            "login succeeded",
            "login failed",
            "first-run.redeemed succeeded",
            "first-run.offered succeeded",
          ],
        )
        assert.deepInclude(events[1], {
          actor: ada.email,
          address: "127.0.0.1",
          session: opened.body.session,
          requestId: opened.headers.get("x-request-id"),
        })
        assert.deepInclude(events[3].after, { email: ada.email, role: "super-admin" })
        assert.strictEqual(events[4].actor, "admin")

        const first = (yield* api.ask("GET", "/v1/audit?limit=2")).body
        const second = (yield* api.ask("GET", `/v1/audit?limit=3&after=${first.next}`)).body
        assert.deepStrictEqual([...first.items, ...second.items], events)
        assert.isNull(second.next)
        assert.strictEqual((yield* audit("&outcome=failed")).length, 1)
        assert.strictEqual((yield* audit(`&actor=${encodeURIComponent(ada.email)}`)).length, 4)
        assert.strictEqual((yield* audit("&since=2999-01-01T00:00:00Z")).length, 0)
        for (const query of ["since=yesterday", "after=x", "action=nothing", "until=%00", "limit=0"])
          assert.strictEqual((yield* api.ask("GET", `/v1/audit?${query}`)).status, 400, query)

        const verify = () => Effect.map(api.ask("GET", "/v1/verify"), ({ body }) => body)
        assert.deepInclude(yield* verify(), { ok: true, links: 5 })
        const refused = yield* Effect.exit(onDatabase(api.url, (sql) => sql`update audit_events set actor = 'eve'`))
        assert.strictEqual(refused._tag, "Failure")
        yield* onDatabase(
          api.url,
          (sql) => sql`do $$ begin
            alter table audit_events disable trigger all;
            update audit_events set address = '192.0.2.1' where action = 'login.failed' or outcome = 'failed';
            alter table audit_events enable trigger all;
          end $$`,
        )
        const broken = yield* verify()
        assert.isFalse(broken.ok)
        assert.deepInclude(broken.broken, { table: "audit_events", what: "row-changed" })
      }),
    )
  })
})
