/** The backups that there are to restore: what each policy's host has last told of them. */

import { PgClient } from "@effect/sql-pg/PgClient"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { decodeBackupReport } from "../backup-report.ts"
import type { BackupKept } from "../shapes.ts"
import * as Records from "../store/records.ts"

interface Row {
  readonly policy: string
  readonly account: string | null
  readonly node: string
  readonly report: unknown
}

/** Newest first. */
export const kept = Effect.fn("backups.kept")(function* (filter: { readonly account?: string }) {
  const sql = yield* PgClient
  const rows = yield* sql<Row>`
    select r.name as policy, r.spec ->> 'account' as account, t.node, t.report from reports t
    join records r on r.kind = t.kind and r.name = t.name and r.id = t.record_id
    where t.kind = 'BackupPolicy' and ${filter.account === undefined ? sql`true` : sql`r.spec ->> 'account' = ${filter.account}`}`
  return rows
    .flatMap(({ report, ...of }) =>
      Option.match(decodeBackupReport(report), {
        onNone: () => [],
        onSome: ({ snapshots }) => snapshots.map((snapshot): BackupKept => ({ ...of, ...snapshot })),
      }),
    )
    .toSorted((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : 0))
})

/** The policies of an account, or all; who makes a backup names one of them. */
export const policies = Effect.fn("backups.policies")(function* (account: string | undefined) {
  const { items } = yield* Records.list({
    kind: "BackupPolicy",
    deleted: false,
    limit: 1000,
    ...(account === undefined ? {} : { account }),
  })
  return items
})
