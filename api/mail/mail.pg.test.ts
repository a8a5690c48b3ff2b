import { assert, describe, it, layer, vi } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { generate } from "otplib"
import { type Answer, ApiUnderTest, serve, type TestApi } from "../../fixtures/api/api-under-test.ts"
import { ada, bearing, logIn, makeAda, nobody } from "../../fixtures/api/people.ts"
import { onDatabase } from "../../fixtures/postgres/on-database.ts"
import { testDatabase } from "../../fixtures/postgres/test-database.ts"
import { type MailServer, mailServer, type Received } from "../../fixtures/smtp/server.ts"

const live = { timeout: "60 seconds", excludeTestServices: true } as const

const login = { user: "panel@example.org", password: "canary-of-a-mailbox" }

const server = (login?: { readonly user: string; readonly password: string }, port?: number) =>
  Effect.acquireRelease(
    Effect.promise(() => mailServer(login, port)),
    (one) => Effect.promise(one.close),
  )

const settings = (port: number, more: object = {}) => ({
  host: "127.0.0.1",
  port,
  security: "none",
  from: "panel@example.org",
  senderName: "Example Hosting",
  portal: "https://panel.example.org",
  ...more,
})

const configure = ({ ask }: TestApi, port: number, more: object = {}) =>
  ask("PUT", "/v1/config/email", settings(port, more))

/** The next mail, once it is there. */
const nth = (from: MailServer, count: number): Effect.Effect<Received> =>
  Effect.promise(() =>
    vi.waitFor(
      () => {
        const one = from.received[count - 1]
        assert.isDefined(one)
        return one
      },
      { timeout: 30_000 },
    ),
  )

const forgot = ({ ask }: TestApi, email: string) => ask("POST", "/auth/forgot-password", { email }, nobody)

const reset = ({ ask }: TestApi, token: string, password: string) =>
  ask("POST", "/auth/reset-password", { token, password }, nobody)

const tokenIn = ({ body }: Received): string =>
  /https:\/\/panel\.example\.org\/reset-password#([\w-]{43})/.exec(body)?.[1] ?? ""

const bare = ({ body, headers, status }: Answer) => ({
  status,
  body,
  headers: [...headers].filter(([name]) => !["date", "x-request-id"].includes(name)),
})

describe("how mail leaves", () => {
  layer(
    ApiUnderTest.layer(),
    live,
  )((it) => {
    it.effect("is set, checked and tried; its password goes in and never comes out", () =>
      Effect.gen(function* () {
        const api = yield* ApiUnderTest
        yield* makeAda(api)
        const one = yield* server(login)
        assert.strictEqual((yield* api.ask("GET", "/v1/config/email")).body, null)
        const test = (to = "ada@example.org") => api.ask("POST", "/v1/config/email/test", { to })
        assert.include((yield* test()).body.detail, "/v1/config/email")

        const mistakes = yield* configure(api, one.port, {
          host: "mail example",
          user: "a\nb",
          from: "panel",
          senderName: "\u202eevil",
          portal: "https://panel.example.org/path",
        })
        assert.deepStrictEqual(
          mistakes.body.problems.map(({ field }: { readonly field: string }) => field),
          ["host", "user", "from", "senderName", "portal"],
        )
        for (const more of [{ port: 0 }, { security: "ssl" }, { colour: "red" }, { portal: 7 }])
          assert.strictEqual((yield* configure(api, one.port, more)).status, 400, JSON.stringify(more))
        for (const portal of ["javascript:alert(1)", "ftp://panel.example.org", "https://ada@panel.example.org", ""])
          assert.strictEqual((yield* configure(api, one.port, { portal })).status, 422, portal)

        const { password, user } = login
        const set = yield* configure(api, one.port, { user, password })
        assert.deepStrictEqual(set.body, { ...settings(one.port), user, hasPassword: true })
        assert.strictEqual((yield* test()).status, 204)
        const [mail] = one.received
        assert.deepInclude(mail, { from: "panel@example.org", to: ["ada@example.org"], user })
        assert.strictEqual(mail?.headers.get("from"), "Example Hosting <panel@example.org>")
        assert.strictEqual(mail?.headers.get("auto-submitted"), "auto-generated")

        // Empty, or left out: as it was.
        for (const more of [{ user, password: "" }, { user }]) {
          assert.isTrue((yield* configure(api, one.port, more)).body.hasPassword)
          assert.strictEqual((yield* test()).status, 204)
        }
        yield* configure(api, one.port, { user, password: "wrong" })
        const refused = yield* test()
        assert.strictEqual(refused.status, 502)
        assert.include(refused.body.detail, "that is not the password of the mailbox")
        assert.isFalse((yield* configure(api, one.port, { user, password: null })).body.hasPassword)
        yield* configure(api, 1, { user, password })
        assert.strictEqual((yield* test()).status, 502)
        for (const to of ["ada", "ada@example.org\r\nBcc: eve@example.org", "ada@example.org, eve@example.org", ""])
          assert.strictEqual((yield* test(to)).status, 422, to)

        const rows = yield* onDatabase(
          api.url,
          (sql) => sql<{ readonly all: string }>`
            select concat_ws(' ', (select jsonb_agg(t) from settings t), (select jsonb_agg(t) from audit_events t)) as all`,
        )
        assert.include(rows[0]?.all, "config.changed")
        assert.notInclude(rows[0]?.all, password)
      }),
    )
  })
})

describe("a forgotten password", () => {
  layer(
    ApiUnderTest.layer(),
    live,
  )((it) => {
    it.effect("is set anew by a link, once, which ends all that was open; nobody hears whether there is a user", () =>
      Effect.gen(function* () {
        const api = yield* ApiUnderTest
        const one = yield* server()
        yield* makeAda(api)
        yield* configure(api, one.port)
        const before = yield* logIn(api)
        const asked = yield* forgot(api, "ADA@example.org")
        assert.strictEqual(asked.status, 204)
        for (const email of ["eve@example.org", "", "ada", "a\u0000b", "ada@example.org\r\nBcc: eve@example.org"])
          assert.deepStrictEqual(bare(yield* forgot(api, email)), bare(asked), email)
        const mail = yield* nth(one, 1)
        assert.deepStrictEqual(mail.to, ["ada@example.org"])
        assert.strictEqual(mail.headers.get("subject"), "A new password")
        const token = tokenIn(mail)
        assert.strictEqual(token.length, 43)
        const [row] = yield* onDatabase(
          api.url,
          (sql) => sql<{ readonly all: string }>`
            select concat_ws(' ', (select jsonb_agg(t) from plumb_api.outbox t), (select jsonb_agg(t) from password_resets t),
              (select jsonb_agg(t) from audit_events t)) as all`,
        )
        assert.include(row?.all, "sealed")
        assert.notInclude(row?.all, token)

        for (const wrong of ["", "x", `${token}x`, "\u0000"])
          assert.strictEqual((yield* reset(api, wrong, "another-orbit-lamp-22")).status, 403, wrong)
        assert.strictEqual((yield* reset(api, token, "ada-lovelace")).body.problems[0].field, "password")
        const all = yield* Effect.all(
          Array.from({ length: 4 }, () => reset(api, token, "another-orbit-lamp-22")),
          { concurrency: "unbounded" },
        )
        assert.deepStrictEqual(all.map(({ status }) => status).sort(), [204, 403, 403, 403])
        assert.strictEqual((yield* api.ask("GET", "/auth/me", undefined, bearing(before))).status, 401)
        assert.strictEqual((yield* logIn(api)).status, 401)
        assert.strictEqual((yield* logIn(api, { password: "another-orbit-lamp-22" })).status, 200)
        assert.strictEqual((yield* nth(one, 2)).headers.get("subject"), "Your password was changed")
      }),
    )

    it.effect("has an hour to be set, and nobody's mailbox is filled", () =>
      Effect.gen(function* () {
        const api = yield* ApiUnderTest
        yield* makeAda(api)
        const one = yield* server()
        yield* configure(api, one.port)
        api.later("16 minutes")
        for (const _ of Array.from({ length: 9 })) yield* forgot(api, ada.email)
        const mail = yield* nth(one, 5)
        api.later("61 minutes")
        assert.strictEqual((yield* reset(api, tokenIn(mail), "yet-another-orbit-lamp-3")).status, 403)
        yield* forgot(api, ada.email)
        const next = yield* nth(one, 6)
        assert.strictEqual((yield* reset(api, tokenIn(next), "yet-another-orbit-lamp-3")).status, 204)
        // Of nine that were asked for at once five were sent.
        assert.strictEqual((yield* nth(one, 7)).headers.get("subject"), "Your password was changed")
        assert.strictEqual(one.received.length, 7)
      }),
    )
  })
})

describe("letters", () => {
  layer(
    ApiUnderTest.layer(),
    live,
  )((it) => {
    it.effect("tell of a log-in from somewhere new and of factors, in the language of the user", () =>
      Effect.gen(function* () {
        const api = yield* ApiUnderTest
        const one = yield* server()
        yield* makeAda(api)
        yield* configure(api, one.port)
        yield* onDatabase(api.url, (sql) => sql`update users set locale = 'de'`)
        // The very first one is no news, nor is one from where the user has been.
        const first = yield* logIn(api)
        yield* logIn(api, { deviceToken: first.body.deviceToken })
        const agent = "Browser/1.0 <b>"
        const second = yield* logIn(api, {}, { "user-agent": agent })
        const mail = yield* nth(one, 1)
        assert.strictEqual(mail.headers.get("subject"), "Eine Anmeldung von einem neuen Ort")
        assert.include(mail.body, "127.0.0.1")
        assert.include(mail.body, agent)
        assert.include(mail.body, "ändern Sie jetzt Ihr Passwort")

        const { password } = ada
        const begun = (yield* api.ask("POST", "/auth/2fa/setup", { password }, bearing(second))).body
        const code = () => Effect.promise(() => generate({ secret: begun.secret, epoch: Math.floor(api.now() / 1000) }))
        yield* api.ask("POST", "/auth/2fa/verify", { ticket: begun.ticket, code: yield* code() }, nobody)
        assert.include((yield* nth(one, 2)).headers.get("subject"), "Authenticator-App")
        api.later("31 seconds")
        const removed = yield* api.ask("POST", "/auth/2fa/remove", { password, code: yield* code() }, bearing(second))
        assert.strictEqual(removed.status, 204)
        assert.include((yield* nth(one, 3)).body, "keinen Code mehr")
      }),
    )
  })

  it.live(
    "leave once the server is there, once each, whichever process takes them",
    () =>
      Effect.gen(function* () {
        const url = yield* Effect.promise(testDatabase)
        const one = yield* server()
        const apis = [yield* serve(url), yield* serve(url)]
        const [first] = apis
        assert.isDefined(first)
        yield* makeAda(first)
        yield* configure(first, one.port)
        yield* logIn(first)
        // It goes away before there is anything to take.
        yield* Effect.promise(one.close)
        for (const n of Array.from({ length: 8 }).keys())
          assert.strictEqual((yield* logIn(apis[n % 2] ?? first, {}, { "user-agent": `agent ${n}` })).status, 200)
        yield* Effect.promise(() =>
          vi.waitFor(
            async () => {
              const [row] = await Effect.runPromise(
                onDatabase(
                  url,
                  (sql) => sql<{ readonly tried: number }>`
                  select count(*)::int as tried from plumb_api.outbox where attempts > 0`,
                ),
              )
              assert.isAbove(row?.tried ?? 0, 0)
            },
            { timeout: 30_000 },
          ),
        )
        const again = yield* server(undefined, one.port)
        yield* nth(again, 8)
        const agents = again.received.map(({ body }) => /agent \d/.exec(body)?.[0])
        assert.sameMembers(
          agents,
          Array.from({ length: 8 }, (_, n) => `agent ${n}`),
        )
        assert.strictEqual(new Set(again.received.map(({ headers }) => headers.get("message-id"))).size, 8)
      }).pipe(Effect.scoped),
    60_000,
  )
})
