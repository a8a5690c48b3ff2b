import { assert, describe, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { generate } from "otplib"
import { type Answer, ApiUnderTest, type TestApi } from "../../fixtures/api/api-under-test.ts"
import { ada, bearing, cookiesOf, fromPage, logIn, makeAda, nobody } from "../../fixtures/api/people.ts"
import { onDatabase } from "../../fixtures/postgres/on-database.ts"

const live = { timeout: "60 seconds", excludeTestServices: true } as const

/** The code of an app whose clock is off by some seconds from the API's. */
const codeOf = (api: TestApi, secret: string, off = 0) =>
  Effect.promise(() => generate({ secret, epoch: Math.floor(api.now() / 1000) + off }))

const verify = ({ ask }: TestApi, ticket: string, code: string, headers: Record<string, string> = nobody) =>
  ask("POST", "/auth/2fa/verify", { ticket, code }, headers)

const setUp = ({ ask }: TestApi, who: Answer, password = ada.password) =>
  ask("POST", "/auth/2fa/setup", { password }, bearing(who))

const eachOnce = (api: TestApi) => api.later("31 seconds")

/** Ada with an app, logged in. */
const withApp = Effect.fnUntraced(function* (api: TestApi) {
  yield* makeAda(api)
  const who = yield* logIn(api)
  const { secret, ticket } = (yield* setUp(api, who)).body
  const adopted = yield* verify(api, ticket, yield* codeOf(api, secret))
  assert.strictEqual(adopted.status, 200, JSON.stringify(adopted.body))
  eachOnce(api)
  return { who, secret, recoveryCodes: adopted.body.recoveryCodes as ReadonlyArray<string> }
})

const factorsOf = (api: TestApi, who: Answer) =>
  Effect.map(api.ask("GET", "/auth/me", undefined, bearing(who)), ({ body }) => body.factors)

describe("an authenticator app", () => {
  layer(
    ApiUnderTest.layer(),
    live,
  )((it) => {
    it.effect("is set up with a picture, and counts once a code of it was shown", () =>
      Effect.gen(function* () {
        const api = yield* ApiUnderTest
        yield* makeAda(api)
        const who = yield* logIn(api)
        assert.strictEqual((yield* setUp(api, who, "wrong")).body.problems[0].field, "password")
        assert.strictEqual((yield* api.ask("POST", "/auth/2fa/setup", { password: "x" })).status, 403)
        const former = (yield* setUp(api, who)).body
        const begun = (yield* setUp(api, who)).body
        assert.match(begun.secret, /^[A-Z2-7]{32}$/)
        assert.include(begun.uri, "otpauth://totp/Plumbline:ada%40example.org?secret=")
        assert.match(begun.qr, /^<svg [^>]*viewBox/)
        // Nothing is asked for yet.
        assert.isString((yield* logIn(api)).body.accessToken)
        assert.deepStrictEqual(yield* factorsOf(api, who), { totp: false, passkeys: 0, recoveryCodes: 0 })

        // One at a time: who began twice goes on with the second.
        assert.strictEqual((yield* verify(api, former.ticket, yield* codeOf(api, former.secret))).status, 401)
        assert.strictEqual((yield* verify(api, begun.ticket, yield* codeOf(api, former.secret))).status, 401)
        const code = yield* codeOf(api, begun.secret)
        const adopted = yield* verify(api, begun.ticket, code)
        assert.strictEqual(new Set(adopted.body.recoveryCodes).size, 10)
        for (const one of adopted.body.recoveryCodes) assert.match(one, /^([A-Z2-7]{4}-){3}[A-Z2-7]{4}$/)
        assert.deepStrictEqual(yield* factorsOf(api, who), { totp: true, passkeys: 0, recoveryCodes: 10 })
        assert.strictEqual((yield* verify(api, begun.ticket, code)).status, 401)
        // The code that proved it lets nobody in.
        const { ticket } = (yield* logIn(api)).body
        assert.strictEqual((yield* verify(api, ticket, code)).status, 401)
        const actions = (yield* api.ask("GET", "/v1/audit?action=second-factor.added")).body.items
        assert.strictEqual(actions.length, 1)
      }),
    )
  })

  layer(
    ApiUnderTest.layer(),
    live,
  )((it) => {
    it.effect("is asked for after the password, takes each code once, and bears a clock that is a little off", () =>
      Effect.gen(function* () {
        const api = yield* ApiUnderTest
        const { secret } = yield* withApp(api)
        const needed = yield* logIn(api)
        assert.strictEqual(needed.status, 200)
        assert.hasAllKeys(needed.body, ["ticket", "expiresIn", "factors"])
        assert.deepStrictEqual(needed.headers.getSetCookie(), [])
        assert.strictEqual((yield* logIn(api, { password: "wrong" })).status, 401)
        const code = yield* codeOf(api, secret)
        const spaced = `${code.slice(0, 3)} ${code.slice(3)}`
        const opened = yield* verify(api, needed.body.ticket, spaced)
        assert.strictEqual(opened.status, 200, JSON.stringify(opened.body))
        assert.strictEqual((yield* api.ask("GET", "/auth/me", undefined, bearing(opened))).body.name, ada.email)
        // Neither the code nor the ticket a second time.
        assert.strictEqual((yield* verify(api, needed.body.ticket, yield* codeOf(api, secret, 30))).status, 401)
        const again = (yield* logIn(api)).body.ticket
        assert.strictEqual((yield* verify(api, again, code)).status, 401)
        assert.strictEqual((yield* verify(api, again, yield* codeOf(api, secret, 30))).status, 200)

        api.later("5 minutes")
        for (const off of [-90, 90]) {
          const { ticket } = (yield* logIn(api)).body
          assert.strictEqual((yield* verify(api, ticket, yield* codeOf(api, secret, off))).status, 401, String(off))
        }
        const late = (yield* logIn(api)).body.ticket
        api.later("301 seconds")
        assert.strictEqual((yield* verify(api, late, yield* codeOf(api, secret))).status, 401)
        const [event] = (yield* api.ask("GET", "/v1/audit?action=login&outcome=succeeded")).body.items
        assert.deepStrictEqual(event.details, { factor: "totp" })
      }),
    )
  })

  layer(
    ApiUnderTest.layer(),
    live,
  )((it) => {
    it.effect("lets in one of two who come with one code at the same moment", () =>
      Effect.gen(function* () {
        const api = yield* ApiUnderTest
        const { secret } = yield* withApp(api)
        const tickets = []
        for (const _ of Array.from({ length: 5 })) tickets.push((yield* logIn(api)).body.ticket)
        const code = yield* codeOf(api, secret)
        const all = yield* Effect.all(
          tickets.map((one) => verify(api, one, code)),
          { concurrency: "unbounded" },
        )
        assert.deepStrictEqual(all.map(({ status }) => status).sort(), [200, 401, 401, 401, 401])
        // Past the time for which those are counted: whether the one who was let in cleared them, chance decided.
        api.later("16 minutes")
        // And one of two who come with one ticket.
        const one = (yield* logIn(api)).body.ticket
        const codes = [yield* codeOf(api, secret), yield* codeOf(api, secret, 30)]
        const both = yield* Effect.all(
          codes.map((code) => verify(api, one, code)),
          { concurrency: "unbounded" },
        )
        assert.deepStrictEqual(both.map(({ status }) => status).sort(), [200, 401])
      }),
    )
  })

  layer(
    ApiUnderTest.layer(),
    live,
  )((it) => {
    it.effect("is guessed five times, and twenty times from wherever", () =>
      Effect.gen(function* () {
        const api = yield* ApiUnderTest
        const { secret } = yield* withApp(api)
        const { ticket } = (yield* logIn(api)).body
        const guesses = []
        for (const n of Array.from({ length: 7 }).keys()) guesses.push((yield* verify(api, ticket, `00000${n}`)).status)
        assert.deepStrictEqual(guesses, [401, 401, 401, 401, 401, 429, 429])
        const right = yield* verify(api, ticket, yield* codeOf(api, secret))
        assert.strictEqual(right.status, 429)
        assert.match(right.headers.get("retry-after") ?? "", /^\d+$/)
        // The password again does not give five more.
        const next = (yield* logIn(api)).body.ticket
        assert.strictEqual((yield* verify(api, next, yield* codeOf(api, secret))).status, 429)
        api.later("16 minutes")
        // From many networks: the same user's codes.
        const statuses: Array<number> = []
        for (const n of Array.from({ length: 24 }).keys()) {
          const fresh = (yield* logIn(api)).body.ticket
          yield* onDatabase(
            api.url,
            (sql) => sql`update tickets set bucket = ${Buffer.from([n])} where purpose = 'login'`,
          )
          statuses.push((yield* verify(api, fresh, "000000")).status)
        }
        assert.deepStrictEqual(
          [statuses.filter((status) => status === 401).length, statuses.filter((status) => status === 429).length],
          [20, 4],
        )
        api.later("16 minutes")
        const last = (yield* logIn(api)).body.ticket
        assert.strictEqual((yield* verify(api, last, yield* codeOf(api, secret))).status, 200)
      }),
    )
  })

  layer(
    ApiUnderTest.layer(),
    live,
  )((it) => {
    it.effect("that is lost is stood in for by codes on paper, once each", () =>
      Effect.gen(function* () {
        const api = yield* ApiUnderTest
        const { recoveryCodes, secret, who } = yield* withApp(api)
        const [one = "", two = "", three = ""] = recoveryCodes
        const first = (yield* logIn(api)).body.ticket
        const opened = yield* verify(api, first, one.toLowerCase().replaceAll("-", " "))
        assert.strictEqual(opened.status, 200, JSON.stringify(opened.body))
        assert.deepStrictEqual(yield* factorsOf(api, opened), { totp: true, passkeys: 0, recoveryCodes: 9 })
        const second = (yield* logIn(api)).body.ticket
        assert.strictEqual((yield* verify(api, second, one)).status, 401)
        const all = yield* Effect.all(
          [second, (yield* logIn(api)).body.ticket].map((ticket) => verify(api, ticket, two)),
          { concurrency: "unbounded" },
        )
        assert.deepStrictEqual(all.map(({ status }) => status).sort(), [200, 401])

        const renew = (password: string, code: string) =>
          api.ask("POST", "/auth/2fa/recovery-codes", { password, code }, bearing(who))
        assert.strictEqual((yield* renew(ada.password, "000000")).body.problems[0].field, "code")
        assert.strictEqual((yield* renew("wrong", yield* codeOf(api, secret))).body.problems[0].field, "password")
        const renewed = yield* renew(ada.password, yield* codeOf(api, secret))
        assert.strictEqual(renewed.body.recoveryCodes.length, 10)
        const third = (yield* logIn(api)).body.ticket
        assert.strictEqual((yield* verify(api, third, three)).status, 401)
        assert.strictEqual((yield* verify(api, third, renewed.body.recoveryCodes[0])).status, 200)

        eachOnce(api)
        const remove = (code: string) =>
          api.ask("POST", "/auth/2fa/remove", { password: ada.password, code }, bearing(who))
        assert.strictEqual((yield* remove("000000")).status, 422)
        assert.strictEqual((yield* remove(yield* codeOf(api, secret))).status, 204)
        assert.deepStrictEqual(yield* factorsOf(api, who), { totp: false, passkeys: 0, recoveryCodes: 0 })
        assert.isString((yield* logIn(api)).body.accessToken)
      }),
    )
  })

  layer(
    ApiUnderTest.layer(),
    live,
  )((it) => {
    it.effect("is needed in a browser too, and what is kept of it in the database gives no code", () =>
      Effect.gen(function* () {
        const api = yield* ApiUnderTest
        const { recoveryCodes, secret } = yield* withApp(api)
        const needed = yield* logIn(api, {}, fromPage)
        assert.deepStrictEqual([...cookiesOf(needed).keys()], [])
        const opened = yield* verify(api, needed.body.ticket, yield* codeOf(api, secret), fromPage)
        assert.strictEqual(cookiesOf(opened).size, 3)
        assert.hasAllKeys(opened.body, ["user", "session", "expiresIn"])
        const begun = (yield* api.ask(
          "POST",
          "/auth/2fa/setup",
          { password: ada.password },
          {
            ...fromPage,
            cookie: `__Host-plumb-access=${cookiesOf(opened).get("__Host-plumb-access")}`,
          },
        )).body
        const [row] = yield* onDatabase(
          api.url,
          (sql) => sql<{ readonly all: string }>`
            select concat_ws(' ', (select jsonb_agg(t) from totp_secrets t), (select jsonb_agg(t) from recovery_codes t),
              (select jsonb_agg(t) from tickets t), (select jsonb_agg(t) from audit_events t)) as all`,
        )
        assert.include(row?.all, "sealed")
        for (const text of [secret, begun.secret, begun.ticket, ...recoveryCodes]) assert.notInclude(row?.all, text)
        // A sealed secret that was copied to another user is none of theirs.
        yield* onDatabase(
          api.url,
          (sql) => sql`insert into users (email, name, role, password, created_at, updated_at)
            select 'eve@example.org', 'Eve', role, password, now(), now() from users where email = ${ada.email}`,
        )
        yield* onDatabase(
          api.url,
          (sql) => sql`insert into totp_secrets select u.id, t.sealed, 0, now() from totp_secrets t, users u
            where u.email = 'eve@example.org'`,
        )
        eachOnce(api)
        const { ticket } = (yield* logIn(api, { email: "eve@example.org" })).body
        assert.isString(ticket)
        assert.strictEqual((yield* verify(api, ticket, yield* codeOf(api, secret))).status, 401)
        for (const code of ["", "x", "a\u0000b", "'; --", "１２３４５６", "-", "e".repeat(64)])
          assert.oneOf((yield* verify(api, ticket, code)).status, [401, 429], code)
        assert.strictEqual((yield* verify(api, ticket, "1".repeat(65))).status, 400)
        for (const wrong of ["", "x", "\u0000", needed.body.ticket])
          assert.strictEqual((yield* verify(api, wrong, yield* codeOf(api, secret))).status, 401)
      }),
    )
  })
})
