/**
 * Who asked the agent to keep its hands off what, why, and until when. A pause is no part of any spec: it is not exported,
 * and taking it away brings back what the records say.
 */
import { PgClient } from "@effect/sql-pg/PgClient"
import * as Effect from "effect/Effect"
import { NotFound } from "../problems.ts"
import type { Pause } from "../shapes.ts"

interface PauseRow {
  readonly id: string
  readonly kind: string | null
  readonly name: string | null
  readonly mode: Pause["mode"]
  readonly actor: string
  readonly reason: string
  readonly until: Date | null
  readonly created_at: Date
}

export interface Scope {
  readonly kind?: string
  readonly name?: string
}

const columns = "id::text as id, kind, name, mode, actor, reason, until, created_at"

const show = (row: PauseRow): Pause => ({
  id: row.id,
  kind: row.kind,
  name: row.name,
  mode: row.mode,
  actor: row.actor,
  reason: row.reason,
  until: row.until?.toISOString() ?? null,
  createdAt: row.created_at.toISOString(),
})

/** Those in force; one whose time has passed is none. */
export const list = Effect.gen(function* () {
  const sql = yield* PgClient
  const rows = yield* sql<PauseRow>`
    select ${sql.literal(columns)} from pauses where until is null or until > now() order by created_at, id`
  return rows.map(show)
})

export const add = Effect.fn("pauses.add")(function* (
  scope: Scope,
  pause: { readonly mode: Pause["mode"]; readonly reason: string; readonly until?: string; readonly actor: string },
) {
  const sql = yield* PgClient
  // One pause a scope: pausing again replaces mode, reason and time.
  const [, row] = yield* sql.withTransaction(
    Effect.all([
      sql`delete from pauses where kind is not distinct from ${scope.kind ?? null} and name is not distinct from ${scope.name ?? null}`,
      sql<PauseRow>`
        insert into pauses (kind, name, mode, actor, reason, until)
        values (${scope.kind ?? null}, ${scope.name ?? null}, ${pause.mode}, ${pause.actor}, ${pause.reason},
                ${pause.until ?? null}::timestamptz)
        returning ${sql.literal(columns)}`.pipe(Effect.map((rows) => rows[0])),
    ]),
  )
  return row === undefined ? yield* Effect.die("an insert gave no row") : show(row)
})

export const end = Effect.fn("pauses.end")(function* (scope: Scope) {
  const sql = yield* PgClient
  const rows = yield* sql<PauseRow>`
    delete from pauses
    where kind is not distinct from ${scope.kind ?? null} and name is not distinct from ${scope.name ?? null}
    returning ${sql.literal(columns)}`
  if (rows.length === 0) return yield* new NotFound({ detail: `${shownScope(scope)} is not paused.` })
  return rows.map(show)
})

export const endOne = Effect.fn("pauses.endOne")(function* (id: string) {
  const sql = yield* PgClient
  const [row] = yield* sql<PauseRow>`delete from pauses where id::text = ${id} returning ${sql.literal(columns)}`
  return row === undefined ? yield* new NotFound({ detail: "There is no such pause." }) : show(row)
})

const shownScope = (scope: Scope) =>
  scope.kind === undefined
    ? "Everything"
    : scope.name === undefined
      ? `Every ${scope.kind}`
      : `${scope.kind}/${scope.name}`
