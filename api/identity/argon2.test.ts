import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Redacted from "effect/Redacted"
import * as fc from "fast-check"
import { cost, PasswordHashes, parseHash, printHash } from "./argon2.ts"

const secret = (text: string) => Redacted.make(text)
const bytes = (min: number, max: number) =>
  fc.uint8Array({ minLength: min, maxLength: max }).map((array) => Buffer.from(array))

describe("password hashes", () => {
  it("are printed in a form that reads back the same", () => {
    fc.assert(
      fc.property(
        fc.record({
          memory: fc.integer({ min: 800, max: 1_048_576 }),
          passes: fc.integer({ min: 1, max: 99 }),
          parallelism: fc.integer({ min: 1, max: 99 }),
          salt: bytes(9, 64),
          tag: bytes(17, 64),
        }),
        (hash) => {
          assert.deepStrictEqual(parseHash(printHash(hash)), hash)
        },
      ),
    )
  })

  it("that are none are refused", () => {
    for (const text of [
      "",
      "$argon2i$v=19$m=19456,t=2,p=1$c29tc2FsdHNvbWVzYWx0$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
      "$argon2id$v=16$m=19456,t=2,p=1$c29tc2FsdHNvbWVzYWx0$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
      "$argon2id$v=19$m=9999999,t=99,p=1$c29tc2FsdHNvbWVzYWx0$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
      "$argon2id$v=19$m=19456,t=0,p=1$c29tc2FsdHNvbWVzYWx0$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
      "$argon2id$v=19$m=19456,t=2,p=1$c29tc2FsdHNvbWVzYWx0$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc\n",
      "$argon2id$v=19$m=019456,t=2,p=1$c29tc2FsdHNvbWVzYWx0$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
      "$argon2id$v=19$m=7,t=2,p=1$c29tc2FsdHNvbWVzYWx0$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
    ])
      assert.isUndefined(parseHash(text), text)
  })

  it.effect("made by the reference implementation are understood", () =>
    Effect.gen(function* () {
      const { isOutdated, verify } = yield* PasswordHashes
      // phc-winner-argon2, src/test.c: argon2id, v=19, t=2, m=16, p=1, "password", "somesalt".
      const known = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
      assert.isTrue(yield* verify(secret("password"), known))
      assert.isFalse(yield* verify(secret("Password"), known))
      assert.isTrue(isOutdated(known))
    }).pipe(Effect.provide(PasswordHashes.layer())),
  )

  it.effect("know their password, in any unicode and of any length, and no other", () =>
    Effect.gen(function* () {
      const { hash, isOutdated, verify } = yield* PasswordHashes
      for (const password of ["ünïcödé ☃ pässwört", "x".repeat(1024), "with\u0000nul", "🦊".repeat(40), " spaces "]) {
        const made = yield* hash(secret(password))
        assert.isTrue(made.startsWith(`$argon2id$v=19$m=${cost.memory},t=${cost.passes},p=1$`))
        assert.isFalse(isOutdated(made))
        assert.isTrue(yield* verify(secret(password), made))
        assert.isTrue(yield* verify(secret(password.normalize("NFD")), made))
        assert.isFalse(yield* verify(secret(`${password}!`), made))
        assert.isFalse(yield* verify(secret(password.slice(0, -1)), made))
        assert.notStrictEqual(yield* hash(secret(password)), made)
      }
      assert.isFalse(yield* verify(secret(""), null))
    }).pipe(Effect.provide(PasswordHashes.layer())),
  )

  it.effect("are made a few at once; who would wait too long is told to come again", () =>
    Effect.gen(function* () {
      const { hash } = yield* PasswordHashes
      const all = yield* Effect.forEach(Array.from({ length: 20 }), () => Effect.forkChild(hash(secret("a password"))))
      const exits = yield* Effect.forEach(all, Fiber.await)
      assert.strictEqual(exits.filter(Exit.isSuccess).length, 5)
      const [refused] = exits.filter(Exit.isFailure)
      assert.include(String(refused?.cause), "Unavailable")
      // Nobody's place was lost.
      assert.isTrue((yield* hash(secret("a password"))).startsWith("$argon2id$"))
      const waiting = yield* Effect.forkChild(hash(secret("gone")))
      yield* Fiber.interrupt(waiting)
      for (const _ of Array.from({ length: 8 })) yield* hash(secret("a password"))
    }).pipe(Effect.provide(PasswordHashes.layer({ atOnce: 2, waiting: 3 }))),
  )
})
