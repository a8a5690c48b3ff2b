/**
 * Asking a node for all secrets, sealed for the recovery key of its host. The answer comes from its agent.
 *
 * The one thing to know before changing it: for whom the agent seals is decided by root on the host and by nothing that is
 * said here. So whoever may ask gets a file that only the recovery key opens.
 */
import { PgClient } from "@effect/sql-pg/PgClient"
import * as Effect from "effect/Effect"
import { NotFound } from "../problems.ts"
import type { SecretExport } from "../shapes.ts"

interface ExportRow {
  readonly id: string
  readonly node: string
  readonly requested_at: Date
  readonly answered_at: Date | null
  readonly file: string | null
  readonly secrets: number
  readonly closed: ReadonlyArray<string>
  readonly failure: string | null
  readonly mend: string | null
}

const columns = "id::text as id, node, requested_at, answered_at, file, secrets, closed, failure, mend"

const show = (row: ExportRow): SecretExport => ({
  id: row.id,
  node: row.node,
  requestedAt: row.requested_at.toISOString(),
  state: row.answered_at === null ? "waiting" : row.failure === null ? "done" : "failed",
  file: row.file,
  secrets: row.secrets,
  closed: row.closed,
  failure: row.failure,
  mend: row.mend,
})

/** Of the node that is named, or else of the one that was heard of last: every one can open everything. */
export const ask = Effect.fn("secretExports.ask")(function* (actor: string, node: string | undefined) {
  const sql = yield* PgClient
  const [row] = yield* sql<ExportRow>`
    insert into secret_exports (node, actor)
    select name, ${actor} from nodes
    where ${node === undefined ? sql`true` : sql`name = ${node}`} order by last_seen_at desc limit 1
    returning ${sql.literal(columns)}`
  if (row !== undefined) return show(row)
  return yield* new NotFound({ detail: node === undefined ? "There is no node yet." : `There is no node ${node}.` })
})

const absent = (id: string) => new NotFound({ detail: `There is no export of secrets ${id} any more.` })

export const read = Effect.fn("secretExports.read")(function* (id: string) {
  const sql = yield* PgClient
  const [row] = yield* sql<ExportRow>`
    select ${sql.literal(columns)} from secret_exports where id::text = ${id}`
  return row === undefined ? yield* absent(id) : show(row)
})

export const remove = Effect.fn("secretExports.remove")(function* (id: string) {
  const sql = yield* PgClient
  const [row] = yield* sql<ExportRow>`
    delete from secret_exports where id::text = ${id} returning ${sql.literal(columns)}`
  return row === undefined ? yield* absent(id) : show(row)
})
