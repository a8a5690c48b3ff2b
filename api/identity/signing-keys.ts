/**
 * Keys that access tokens are signed with. Each process of the API makes its own, keeps the private half in its memory, and
 * publishes the public half in the database, by which every other one believes it.
 *
 * The one thing to know before changing it: no private half is ever written anywhere. Who has a dump of the database can
 * sign nothing; a process that starts anew has another key, and what the former one signed stays good until it expires.
 */
import { randomUUID } from "node:crypto"
import { PgClient } from "@effect/sql-pg/PgClient"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Semaphore from "effect/Semaphore"
import type { SqlError } from "effect/sql/SqlError"
import { type CryptoKey, exportJWK, generateKeyPair, importJWK, type JWK } from "jose"
import { inTime } from "../store/database.ts"

export const algorithm = "Ed25519"
/** A key signs for a day. */
const signsFor = { hours: 24 }
/** And is believed for an hour more, which is longer than what it signed is good for. */
const believedFor = { hours: 25 }

interface Own {
  readonly id: string
  readonly privateKey: CryptoKey
  readonly until: DateTime.Utc
}

export class SigningKeys extends Context.Service<
  SigningKeys,
  {
    readonly current: Effect.Effect<{ readonly id: string; readonly privateKey: CryptoKey }, SqlError>
    /** Undefined where nobody has published it, or too long ago. */
    readonly find: (id: string) => Effect.Effect<CryptoKey | undefined, SqlError>
  }
>()("plumbline/api/identity/SigningKeys") {
  static readonly layer = Layer.effect(
    SigningKeys,
    Effect.gen(function* () {
      const sql = yield* PgClient
      const one = yield* Semaphore.make(1)
      let own: Own | undefined
      const known = new Map<string, { readonly key: CryptoKey; readonly until: number }>()

      const make = Effect.gen(function* () {
        const now = yield* DateTime.now
        const { privateKey, publicKey } = yield* Effect.promise(() => generateKeyPair(algorithm))
        const jwk = yield* Effect.promise(() => exportJWK(publicKey))
        const id = randomUUID()
        yield* sql`
          insert into signing_keys (id, public_key, created_at, expires_at)
          values (${id}, ${JSON.stringify(jwk)}::jsonb, ${DateTime.toDateUtc(now)},
            ${DateTime.toDateUtc(DateTime.add(now, believedFor))})`
        own = { id, privateKey, until: DateTime.add(now, signsFor) }
        return own
      })

      return {
        current: one.withPermit(
          Effect.flatMap(DateTime.now, (now) =>
            own !== undefined && DateTime.toEpochMillis(now) < DateTime.toEpochMillis(own.until)
              ? Effect.succeed(own)
              : make,
          ),
        ),
        find: Effect.fnUntraced(function* (id: string) {
          const now = yield* Clock.currentTimeMillis
          const cached = known.get(id)
          if (cached !== undefined) return now < cached.until ? cached.key : undefined
          const [row] = yield* inTime(sql<{ readonly public_key: JWK; readonly expires_at: Date }>`
            select public_key, expires_at from signing_keys where id = ${id} and expires_at > ${new Date(now)}`)
          if (row === undefined) return undefined
          const key = yield* Effect.promise(() => importJWK(row.public_key, algorithm))
          if (key instanceof Uint8Array) return undefined
          // One a process and day: the oldest are no longer of use.
          if (known.size >= 1000) known.clear()
          known.set(id, { key, until: row.expires_at.getTime() })
          return key
        }),
      }
    }),
  )
}
