import * as PgClient from "@effect/sql-pg/PgClient"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { testDatabase } from "../../fixtures/postgres/test-database.ts"
import { isAway, transaction } from "./database.ts"

describe("a transaction", () => {
  it.effect("whose connection is lost in the middle fails as one that may be tried again, and is no defect", () =>
    Effect.gen(function* () {
      const url = Redacted.make(yield* Effect.promise(testDatabase))
      const error = yield* Effect.gen(function* () {
        const sql = yield* PgClient.PgClient
        return yield* Effect.flip(
          transaction(sql)(
            Effect.andThen(sql`select pg_terminate_backend(pg_backend_pid())`, sql`select pg_sleep(0.1)`),
          ),
        )
      }).pipe(Effect.provide(PgClient.layer({ url })))
      assert.isTrue(isAway(error), String(error.reason.cause))
    }),
  )
})
