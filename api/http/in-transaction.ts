/** For what is no record's: one transaction, as the API between requests. */
import { PgClient } from "@effect/sql-pg/PgClient"
import * as Effect from "effect/Effect"
import { transaction } from "../store/database.ts"

export const inTransaction = <A, E, R>(work: Effect.Effect<A, E, R>) =>
  Effect.flatMap(PgClient, (sql) => transaction(sql)(work))
