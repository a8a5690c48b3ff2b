// Passkeys as a real browser makes and uses them, with its cookies, from a page of the API's own origin.

import { assert, describe, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { ApiUnderTest } from "../../fixtures/api/api-under-test.ts"
import { ada, makeAda } from "../../fixtures/api/people.ts"
import { addAuthenticator, openBrowser } from "../../fixtures/browser/chromium.ts"

interface Answered {
  readonly status: number
  // biome-ignore lint/suspicious/noExplicitAny: what a test looks into is what it asserts.
  readonly body: any
}

/** What a page has and this program has not. */
interface Credentials {
  readonly create: (options: { readonly publicKey: object }) => Promise<{ readonly toJSON: () => object }>
  readonly get: Credentials["create"]
}
declare const document: { readonly cookie: string }
declare const PublicKeyCredential: {
  readonly parseCreationOptionsFromJSON: (options: object) => object
  readonly parseRequestOptionsFromJSON: (options: object) => object
}

describe("a passkey in a browser", () => {
  layer(ApiUnderTest.layer(), { timeout: "120 seconds", excludeTestServices: true })((it) => {
    it.effect(
      "is made in a session of cookies, lets in alone, stands behind a password, and wants to know its user",
      () =>
        Effect.gen(function* () {
          const api = yield* ApiUnderTest
          yield* makeAda(api)
          const browser = yield* Effect.acquireRelease(
            Effect.promise(() => openBrowser()),
            (one) => Effect.promise(one.close),
          )
          const { context, page } = browser
          const device = yield* Effect.promise(() => addAuthenticator(browser))
          yield* Effect.promise(() => page.goto(`${api.base.replace("127.0.0.1", "localhost")}/docs`))

          const ask = (method: string, path: string, body?: object): Effect.Effect<Answered> =>
            Effect.promise(() =>
              page.evaluate(
                async ({ body, method, path }) => {
                  const response = await fetch(path, {
                    method,
                    ...(body === undefined
                      ? {}
                      : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
                  })
                  const text = await response.text()
                  return { status: response.status, body: text === "" ? null : JSON.parse(text) }
                },
                { method, path, body },
              ),
            )
          /** What the browser gives, or the name of the error by which it gives nothing. */
          const credential = (how: "create" | "get", options: object): Effect.Effect<object | string> =>
            Effect.promise(() =>
              page.evaluate(
                async ({ how, options }) => {
                  try {
                    const { credentials } = navigator as unknown as { readonly credentials: Credentials }
                    const made =
                      how === "create"
                        ? await credentials.create({
                            publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options),
                          })
                        : await credentials.get({
                            publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options),
                          })
                    return made.toJSON()
                  } catch (error) {
                    return (error as Error).name
                  }
                },
                { how, options },
              ),
            )
          const { email, password } = ada
          const who = Effect.map(ask("GET", "/auth/me"), ({ body, status }) => (status === 200 ? body.name : status))

          const first = yield* ask("POST", "/auth/login", { email, password })
          assert.strictEqual(first.status, 200, JSON.stringify(first.body))
          assert.notProperty(first.body, "accessToken")
          const cookies = yield* Effect.promise(() => context.cookies())
          assert.isTrue(
            cookies.length >= 3 &&
              cookies.every(({ httpOnly, name, secure }) => httpOnly && secure && name.startsWith("__Host-")),
          )
          assert.strictEqual(yield* Effect.promise(() => page.evaluate(() => document.cookie)), "")

          const asked = yield* ask("POST", "/auth/passkeys/setup", { password })
          const made = yield* credential("create", asked.body.options)
          const kept = yield* ask("POST", "/auth/passkeys", {
            ticket: asked.body.ticket,
            name: "Browser",
            credential: made,
          })
          assert.strictEqual(kept.status, 201, JSON.stringify([made, kept.body]))
          assert.deepInclude(kept.body.passkey, { name: "Browser", host: "localhost" })
          // The browser knows it has one already.
          const twice = yield* ask("POST", "/auth/passkeys/setup", { password })
          assert.strictEqual(yield* credential("create", twice.body.options), "InvalidStateError")
          const [known] = yield* Effect.promise(() => device.credentials())
          assert.deepInclude(known, { isResidentCredential: true, rpId: "localhost" })

          assert.strictEqual((yield* ask("POST", "/auth/logout", {})).status, 204)
          assert.strictEqual(yield* who, 401)
          const alone = yield* ask("POST", "/auth/passkey/start", {})
          const proof = yield* credential("get", alone.body.options)
          const finished = yield* ask("POST", "/auth/passkey/finish", { ticket: alone.body.ticket, credential: proof })
          assert.strictEqual(finished.status, 200, JSON.stringify([proof, finished.body]))
          assert.strictEqual(yield* who, email)

          yield* ask("POST", "/auth/logout", {})
          const second = yield* ask("POST", "/auth/login", { email, password })
          assert.include(second.body.factors, "passkey")
          const behind = yield* credential("get", second.body.passkey)
          const verified = yield* ask("POST", "/auth/2fa/verify", { ticket: second.body.ticket, credential: behind })
          assert.strictEqual(verified.status, 200, JSON.stringify(verified.body))
          assert.strictEqual(yield* who, email)

          yield* ask("POST", "/auth/logout", {})
          yield* Effect.promise(() => device.knowsItsUser(false))
          const strict = yield* ask("POST", "/auth/passkey/start", {})
          assert.strictEqual(yield* credential("get", strict.body.options), "NotAllowedError")
          assert.strictEqual(yield* who, 401)
        }),
      120_000,
    )
  })
})
