/**
 * `Idempotency-Key`: a request that is sent again with the key that it had is answered as it was, and nothing is done twice
 * (draft-ietf-httpapi-idempotency-key-header-07). For a day; what failed was not done, and is tried again.
 *
 * The one thing to know before changing it: the key is kept in the transaction that does what is asked. Of two at once the
 * second waits for the first. An answer that holds what nobody may read again must not come through here.
 */
import { createHash } from "node:crypto"
import { PgClient } from "@effect/sql-pg/PgClient"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import { Actor } from "../identity/actor.ts"
import { Invalid, Malformed } from "../problems.ts"

const field = '["idempotency-key"]'

// A string of RFC 9651 without its quotes, which few clients send.
const grammar = /^[\x21\x23-\x7e]{1,255}$/

interface Kept<A> {
  readonly fingerprint: Uint8Array
  readonly answer: A
}

/** `asked`: all that the request asks for, as JSON. */
export const idempotent =
  (given: string | undefined, asked: object) =>
  <A extends object, E, R>(work: Effect.Effect<A, E, R>) =>
    Effect.gen(function* () {
      if (given === undefined) return yield* work
      const key = given.replace(/^"(.*)"$/, "$1")
      if (!grammar.test(key))
        return yield* new Malformed({
          detail: "The idempotency key cannot be read.",
          problems: [{ field, message: "This is no key.", mend: "Send 1 to 255 visible characters: a new UUID." }],
        })
      const sql = yield* PgClient
      const { name, sight } = yield* Actor
      const now = yield* DateTime.nowAsDate
      const fingerprint = createHash("sha256").update(JSON.stringify(asked)).digest()
      const first = yield* sql`
        insert into idempotency_keys (actor, key, tenant_id, fingerprint, created_at)
        values (${name}, ${key}, ${sight.of === "tenant" ? sight.tenant : null}, ${fingerprint}, ${now})
        on conflict do nothing returning 1`
      if (first.length === 0) {
        const [kept] = yield* sql<Kept<A>>`
          select fingerprint, answer from idempotency_keys where actor = ${name} and key = ${key}`
        if (kept !== undefined && fingerprint.equals(kept.fingerprint)) return kept.answer
        return yield* new Invalid({
          detail: "Nothing was done.",
          problems: [{ field, message: "This key was sent with another request.", mend: "Send a new one." }],
        })
      }
      const answer = yield* work
      yield* sql`
        update idempotency_keys set answer = ${JSON.stringify(answer)}::jsonb where actor = ${name} and key = ${key}`
      return answer
    })
