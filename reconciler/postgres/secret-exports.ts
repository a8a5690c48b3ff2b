// Requests for the secrets of this node, and what it answers.

import type * as PgClient from "@effect/sql-pg/PgClient"
import * as Effect from "effect/Effect"
import type { DesiredStateShape } from "../store.ts"
import type { Asking } from "./asking.ts"

export const secretExports = (
  node: string,
  sql: PgClient.PgClient,
  { ask }: Asking,
): Pick<DesiredStateShape, "secretExports" | "answerSecretExport"> => ({
  secretExports: ask(sql<{ id: string }>`
    with expired as (delete from secret_exports where requested_at < now() - interval '15 minutes')
    select id::text as id from secret_exports
    where node = ${node} and answered_at is null and requested_at >= now() - interval '15 minutes'`).pipe(
    Effect.map((rows) => rows.map(({ id }) => id)),
  ),
  answerSecretExport: (id, answer) =>
    Effect.asVoid(
      ask(
        "file" in answer
          ? sql`
              update secret_exports set answered_at = now(), file = ${answer.file}, secrets = ${answer.secrets},
                closed = ${sql.json(answer.closed)}
              where id = ${id}::uuid and answered_at is null`
          : sql`
              update secret_exports set answered_at = now(), failure = ${answer.failure}, mend = ${answer.mend}
              where id = ${id}::uuid and answered_at is null`,
      ),
    ),
})
