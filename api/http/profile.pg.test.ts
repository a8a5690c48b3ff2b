import { assert, describe, layer, vi } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { type Answer, ApiUnderTest } from "../../fixtures/api/api-under-test.ts"
import { accept, ada, bearing, logIn, makeAda, nobody } from "../../fixtures/api/people.ts"
import { type MailServer, mailServer, type Received } from "../../fixtures/smtp/server.ts"

const live = { timeout: "60 seconds", excludeTestServices: true } as const

const fields = ({ body }: Answer): ReadonlyArray<string> =>
  body.problems.map(({ field }: { readonly field: string }) => field)

const scene = Effect.gen(function* () {
  const api = yield* ApiUnderTest
  yield* makeAda(api)
  const as = bearing(yield* logIn(api))
  const ask = (method: string, path: string, body?: unknown) => api.ask(method, path, body, as)
  return { api, ask }
})

/** The letters to an address that have this template's subject. */
const letters = ({ received }: MailServer, to: string): ReadonlyArray<Received> =>
  received.filter((one) => one.to.includes(to))

const letterTo = (server: MailServer, to: string, count = 1) =>
  Effect.promise(() =>
    vi.waitFor(
      () => {
        const one = letters(server, to)[count - 1]
        assert.isDefined(one)
        return one
      },
      { timeout: 30_000 },
    ),
  )

const tokenIn = ({ body }: Received): string =>
  /https:\/\/panel\.example\.org\/verify-email#([\w-]{43})/.exec(body)?.[1] ?? ""

describe("what users change of themselves", () => {
  layer(
    ApiUnderTest.layer(),
    live,
  )((it) => {
    it.effect("is their name and language, and nothing that others decide", () =>
      Effect.gen(function* () {
        const { api, ask } = yield* scene
        const changed = yield* ask("PATCH", "/auth/me", { name: " Ada King ", locale: "de" })
        assert.deepInclude(changed.body, { name: "Ada King", locale: "de", email: ada.email, role: "super-admin" })
        assert.deepInclude((yield* ask("GET", "/auth/me")).body.user, { name: "Ada King", locale: "de" })
        assert.deepInclude((yield* ask("PATCH", "/auth/me", {})).body, { name: "Ada King", locale: "de" })
        for (const name of ["", " ", "a\nb", "a\u0000", "x".repeat(101), "\u202eada"])
          assert.deepStrictEqual(fields(yield* ask("PATCH", "/auth/me", { name })), ["name"], JSON.stringify(name))
        for (const more of [{ locale: "fr" }, { name: 7 }])
          assert.strictEqual((yield* ask("PATCH", "/auth/me", more)).status, 400, JSON.stringify(more))
        // Not known here, and so without effect.
        yield* ask("PATCH", "/auth/me", { role: "auditor", email: "other@example.org", tenant: "x" })
        assert.deepInclude((yield* ask("GET", "/auth/me")).body.user, { role: "super-admin", email: ada.email })
        // The token of the machine is nobody.
        assert.strictEqual((yield* api.ask("PATCH", "/auth/me", { name: "Root" })).status, 403)
        const [event] = (yield* api.ask("GET", "/v1/audit?action=user.changed")).body.items.slice(-1)
        assert.deepInclude(event, { actor: ada.email })
        assert.deepInclude(event.after, { name: "Ada King" })
      }),
    )
  })

  layer(
    ApiUnderTest.layer(),
    live,
  )((it) => {
    it.effect("is their address, once a link that was sent there was followed", () =>
      Effect.gen(function* () {
        const { api, ask } = yield* scene
        const want = (email: string, password = ada.password) => ask("POST", "/auth/email", { email, password })
        const verify = (token: string) => api.ask("POST", "/auth/verify-email", { token }, nobody)
        assert.include((yield* want("countess@example.org")).body.problems[0].message, "No mail can leave")
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
        assert.deepStrictEqual(fields(yield* want("countess@example.org", "not this one")), ["password"])
        for (const email of ["", "ada", "a b@example.org", "a\n@example.org", ada.email])
          assert.deepStrictEqual(fields(yield* want(email)), ["email"], JSON.stringify(email))

        assert.strictEqual((yield* want("Countess@Example.org")).status, 204)
        const first = tokenIn(yield* letterTo(server, "countess@example.org"))
        // Nothing has changed, and the link that came later is the one that is good.
        assert.strictEqual((yield* ask("GET", "/auth/me")).body.user.email, ada.email)
        yield* want("countess@example.org")
        const second = tokenIn(yield* letterTo(server, "countess@example.org", 2))
        for (const odd of [first, "", "x", `${second}x`]) assert.strictEqual((yield* verify(odd)).status, 403, odd)
        assert.strictEqual((yield* verify(second)).status, 204)
        assert.strictEqual((yield* verify(second)).status, 403)
        assert.strictEqual((yield* ask("GET", "/auth/me")).body.user.email, "countess@example.org")
        assert.include((yield* letterTo(server, ada.email)).body, "countess@example.org")
        assert.strictEqual((yield* logIn(api)).status, 401)
        assert.strictEqual((yield* logIn(api, { email: "countess@example.org" })).status, 200)
        const [event] = (yield* api.ask("GET", "/v1/audit?action=email.changed")).body.items
        assert.deepStrictEqual([event.before.email, event.after.email], [ada.email, "countess@example.org"])

        // Late is too late.
        yield* want("lovelace@example.org")
        const late = tokenIn(yield* letterTo(server, "lovelace@example.org"))
        api.later("25 hours")
        assert.strictEqual((yield* verify(late)).status, 403)
        assert.isTrue((yield* api.ask("GET", "/v1/verify")).body.ok)
      }),
    )
  })

  layer(
    ApiUnderTest.layer(),
    live,
  )((it) => {
    it.effect("tells nobody whose an address is, and takes none that somebody has", () =>
      Effect.gen(function* () {
        const { api, ask } = yield* scene
        const invited = yield* api.ask("POST", "/v1/users", {
          email: "eve@example.org",
          name: "Eve",
          role: "super-admin",
        })
        const eve = bearing(yield* accept(api, invited))
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
        const want = (email: string, who: Record<string, string>) =>
          api.ask("POST", "/auth/email", { email, password: ada.password }, who)
        const shown = ({ body, headers, status }: Answer) => ({
          status,
          body,
          headers: [...headers].filter(([name]) => !["date", "x-request-id"].includes(name) && !/ratelimit/.test(name)),
        })
        const taken = yield* want(ada.email, eve)
        const free = yield* want("free@example.org", eve)
        assert.deepStrictEqual(shown(taken), shown(free))
        yield* letterTo(server, "free@example.org")
        assert.deepStrictEqual(letters(server, ada.email), [])

        // Two want the same one, and the first to follow the link has it.
        yield* ask("POST", "/auth/email", { email: "free@example.org", password: ada.password })
        const [of, mine] = [
          tokenIn(yield* letterTo(server, "free@example.org", 1)),
          tokenIn(yield* letterTo(server, "free@example.org", 2)),
        ]
        const verify = (token: string) => api.ask("POST", "/auth/verify-email", { token }, nobody)
        const both = yield* Effect.all([verify(of), verify(mine)], { concurrency: "unbounded" })
        assert.deepStrictEqual(both.map(({ status }) => status).sort(), [204, 403])

        // And nobody's mailbox is filled.
        const many = yield* Effect.forEach(Array.from({ length: 7 }), (_, index) =>
          want(`many-${index}@example.org`, eve),
        )
        const last = many.at(-1)
        assert.strictEqual(last?.status, 429)
        assert.isNotNull(last?.headers.get("retry-after"))
      }),
    )
  })
})
