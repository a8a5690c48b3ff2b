/**
 * What people hear of by mail, of what has happened: backups that failed, certificates that are failing, limits that are near.
 *
 * The one thing to know before changing it: the same thing of the same record is told once a day at most, whatever happens in
 * between. It goes to those who run what it is about: the customer, else the reseller, else whoever runs the installation.
 */
import { PgClient } from "@effect/sql-pg/PgClient"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import { Outbox } from "../mail/outbox.ts"
import type { Letter, Locale } from "../mail/templates.ts"

export type Needs = PgClient | Outbox

export interface Happening {
  readonly seq: string
  readonly type: string
  readonly kind: string | null
  readonly name: string | null
  readonly record: string | null
  readonly tenant: string | null
  readonly reseller: string | null
  readonly data: { readonly [key: string]: unknown }
}

const textOf = (value: unknown): string => (typeof value === "string" ? value : "")

const letterOf = ({ data, name, type }: Happening): Letter | undefined => {
  const of = name ?? ""
  switch (type) {
    case "backup.failed":
      return { template: "backup-failed", policy: of, node: textOf(data["node"]), outcome: textOf(data["outcome"]) }
    case "certificate.failing":
      return { template: "certificate-failing", site: of, why: textOf(data["message"]) }
    case "limit.near":
      return { template: "limit-near", account: of, notice: textOf(data["notice"]) }
    default:
      return undefined
  }
}

/** Of one limit, and not of all that the record has. */
const whatOf = ({ data, type }: Happening): string => (type === "limit.near" ? `${type} ${textOf(data["what"])}` : type)

const readers = Effect.fnUntraced(function* (happening: Happening) {
  const sql = yield* PgClient
  const now = yield* DateTime.nowAsDate
  const of = (role: "customer" | "reseller" | "super-admin", tenant: string | null) => sql<{
    readonly email: string
    readonly locale: Locale
  }>`
    select email, locale from users
    where suspended_at is null and (expires_at is null or expires_at > ${now})
      and role = ${role} and tenant_id is not distinct from ${tenant}::uuid
    order by email`
  for (const [role, tenant] of [
    ["customer", happening.tenant],
    ["reseller", happening.reseller],
  ] as const) {
    const found = tenant === null ? [] : yield* of(role, tenant)
    if (found.length > 0) return found
  }
  return yield* of("super-admin", null)
})

export const tell = Effect.fn("letters.tell")(function* (happening: Happening) {
  const letter = letterOf(happening)
  if (letter === undefined || happening.record === null) return
  const sql = yield* PgClient
  const outbox = yield* Outbox
  const now = yield* DateTime.now
  const first = yield* sql`
    insert into letters_told as t (record_id, what, at) values (${happening.record}, ${whatOf(happening)}, ${DateTime.toDateUtc(now)})
    on conflict (record_id, what) do update set at = excluded.at
      where t.at <= ${DateTime.toDateUtc(DateTime.subtract(now, { days: 1 }))}
    returning 1`
  if (first.length === 0) return
  for (const { email, locale } of yield* readers(happening)) yield* outbox.send(email, locale, letter)
})
