/** A group of settings in the table: all of it is written at once, and what a later version adds is as if nobody had set it. */
import { PgClient } from "@effect/sql-pg/PgClient"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

export interface Group<A> {
  readonly name: string
  readonly schema: Schema.Codec<A, unknown>
  readonly unset: A
}

/** Of the whole installation: any transaction reads it. */
export const readStored = <A extends object>({ name, schema, unset }: Group<A>) =>
  Effect.gen(function* () {
    const sql = yield* PgClient
    const [row] = yield* sql<{ readonly value: object }>`select value from settings where name = ${name}`
    return yield* Effect.orDie(Schema.decodeUnknownEffect(schema)({ ...unset, ...row?.value }))
  })

export const writeStored = <A extends object>({ name }: Group<A>, value: A) =>
  Effect.gen(function* () {
    const sql = yield* PgClient
    yield* sql`
      insert into settings (name, value, updated_at) values (${name}, ${JSON.stringify(value)}::jsonb, ${yield* DateTime.nowAsDate})
      on conflict (name) do update
        set value = excluded.value, updated_at = excluded.updated_at, version = settings.version + 1`
  })
