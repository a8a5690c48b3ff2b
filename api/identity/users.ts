/** Users as the database has them. */
import { PgClient } from "@effect/sql-pg/PgClient"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import type { OwnTenant, User } from "../shapes.ts"
import type { Role, Verb } from "./role.ts"

export interface UserRow {
  readonly id: string
  readonly email: string
  readonly name: string
  readonly role: Role
  readonly locale: "en" | "de"
  readonly password: string | null
  readonly suspended_at: Date | null
  readonly suspend_reason: string
  readonly expires_at: Date | null
  readonly tenant_id: string | null
  readonly records: ReadonlyArray<string>
  readonly verbs: ReadonlyArray<Verb>
  readonly created_at: Date
}

/** Without what proves that somebody is this user. */
export const toUser = (row: UserRow): User => ({
  id: row.id,
  email: row.email,
  name: row.name,
  role: row.role,
  locale: row.locale,
  hasPassword: row.password !== null,
  suspendedAt: row.suspended_at?.toISOString() ?? null,
  suspendReason: row.suspend_reason,
  expiresAt: row.expires_at?.toISOString() ?? null,
  tenant: row.tenant_id,
  records: row.records,
  verbs: row.verbs,
  createdAt: row.created_at.toISOString(),
})

export const columns = (sql: PgClient) =>
  sql.literal(
    `id::text as id, email, name, role, locale, password, suspended_at, suspend_reason, expires_at, tenant_id::text as tenant_id,
    records, verbs, created_at`,
  )

export const byEmail = Effect.fn("users.byEmail")(function* (email: string) {
  const sql = yield* PgClient
  const [row] = yield* sql<UserRow>`select ${columns(sql)} from users where email = ${email}`
  return row
})

export const byId = Effect.fn("users.byId")(function* (id: string) {
  const sql = yield* PgClient
  const [row] = yield* sql<UserRow>`select ${columns(sql)} from users where id = ${id}`
  return row
})

/** The reseller or customer that a user is of. */
export const tenantOf = Effect.fn("users.tenantOf")(function* ({ tenant_id }: UserRow) {
  const sql = yield* PgClient
  const rows =
    tenant_id === null
      ? []
      : yield* sql<OwnTenant>`select id::text as id, kind, slug, name from tenants where id = ${tenant_id}`
  return rows[0] ?? null
})

/** For an id that somebody typed. */
export const byText = Effect.fn("users.byText")(function* (id: string) {
  const sql = yield* PgClient
  const [row] = yield* sql<UserRow>`select ${columns(sql)} from users where id::text = ${id}`
  return row
})

export interface NewUser {
  readonly email: string
  readonly name: string
  readonly role: Role
  readonly locale: "en" | "de"
  readonly expiresAt: Date | null
  readonly tenant: string | null
  readonly records: ReadonlyArray<string>
  readonly verbs: ReadonlyArray<Verb>
  /** Hashed; null until they choose one. */
  readonly password: string | null
}

/** Undefined where somebody has this address. */
export const create = Effect.fn("users.create")(function* (user: NewUser) {
  const sql = yield* PgClient
  const now = yield* DateTime.nowAsDate
  const [row] = yield* sql<UserRow>`
    insert into users (email, name, role, locale, expires_at, tenant_id, records, verbs, password, password_set_at, created_at,
      updated_at)
    values (${user.email}, ${user.name}, ${user.role}, ${user.locale}, ${user.expiresAt}, ${user.tenant}, ${user.records},
      ${user.verbs}, ${user.password}, ${user.password === null ? null : now}, ${now}, ${now})
    on conflict (email) do nothing returning ${columns(sql)}`
  return row
})

export const setPassword = Effect.fn("users.setPassword")(function* (id: string, hash: string) {
  const sql = yield* PgClient
  const now = yield* DateTime.nowAsDate
  yield* sql`
    update users set password = ${hash}, password_set_at = ${now}, updated_at = ${now}, version = version + 1
    where id = ${id}`
})

export interface UserChange {
  readonly name: string
  readonly locale: "en" | "de"
  readonly role: Role
  readonly expiresAt: Date | null
  readonly records: ReadonlyArray<string>
  readonly verbs: ReadonlyArray<Verb>
}

export const change = Effect.fn("users.change")(function* (id: string, to: UserChange) {
  const sql = yield* PgClient
  const now = yield* DateTime.nowAsDate
  const [row] = yield* sql<UserRow>`
    update users set name = ${to.name}, locale = ${to.locale}, role = ${to.role}, expires_at = ${to.expiresAt},
      records = ${to.records}, verbs = ${to.verbs},
      updated_at = ${now}, version = version + 1
    where id = ${id} returning ${columns(sql)}`
  return row
})

/** Whether nobody else has it. */
export const setEmail = Effect.fn("users.setEmail")(function* (id: string, email: string) {
  const sql = yield* PgClient
  const now = yield* DateTime.nowAsDate
  const rows = yield* sql`
    update users set email = ${email}, updated_at = ${now}, version = version + 1
    where id = ${id} and not exists (select from users where email = ${email}) returning 1`
  return rows.length > 0
})

export const suspend = Effect.fn("users.suspend")(function* (id: string, suspended: boolean, reason: string) {
  const sql = yield* PgClient
  const now = yield* DateTime.nowAsDate
  // Who is suspended again was so from the first time on.
  yield* sql`
    update users set suspended_at = ${suspended ? sql`coalesce(suspended_at, ${now})` : sql`null`},
      suspend_reason = ${suspended ? reason : ""}, updated_at = ${now}, version = version + 1
    where id = ${id}`
})

export const remove = Effect.fn("users.remove")(function* (id: string) {
  const sql = yield* PgClient
  yield* sql`delete from users where id = ${id}`
})

/** One who can log in. */
export const hasAdministrator = Effect.gen(function* () {
  const sql = yield* PgClient
  const [row] = yield* sql<{ readonly found: boolean }>`
    select exists (select from users where role = 'super-admin' and suspended_at is null and password is not null) as found`
  return row?.found === true
})
