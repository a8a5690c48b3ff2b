/**
 * Sessions: what a log-in opens, and what its refresh tokens keep open.
 *
 * A refresh token works once and gives the next. Whoever comes with a used one is somebody else, and the session ends for
 * both; but for ten seconds it may be the same one, whose answer was lost or who asked from two windows, and then it gets a
 * successor too, unless one has been used already (RFC 9700, section 4.14.2).
 *
 * The one thing to know before changing it: a token is spent by one statement that finds it unspent. Of any number of requests
 * that come together one is the first.
 */
import { PgClient } from "@effect/sql-pg/PgClient"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql/SqlError"
import type { Fragment } from "effect/sql/Statement"
import * as Security from "../config/security.ts"
import { type Counted, type Take, takingEach, takingOf } from "../gateway/rate-limit-store.ts"
import type { Session } from "../shapes.ts"
import { worded } from "../store/worded.ts"
import type { Caller } from "./caller.ts"
import type { Role, Verb } from "./role.ts"
import { hashOf, makeToken } from "./tokens.ts"

/** One in which somebody looks at what another user sees. */
const actingLifetime = { hours: 1 }
const grace = { seconds: 10 }

export type EndReason = "logout" | "revoked" | "reuse" | "password" | "suspended"

/** Who has a session that is open. */
export interface Holder {
  readonly session: string
  readonly authenticatedAt: Date
  readonly user: string
  readonly email: string
  readonly role: Role
  readonly tenant: string | null
  readonly records: ReadonlyArray<string>
  readonly verbs: ReadonlyArray<Verb>
  /** Who looks at it as this user; null in one's own session. */
  readonly acting: Acting | null
  /** Whether they may do nothing before they have a second factor, which their role wants. */
  readonly lacksFactor: boolean
}

/** Somebody who sees what another user sees. */
export interface Acting {
  readonly user: string
  readonly email: string
  readonly name: string
  readonly reason: string
  /** ISO 8601. */
  readonly until: string
  /** Whether they may change things too. */
  readonly raised: boolean
}

const holderColumns = (sql: PgClient) =>
  sql.literal(`s.id::text as session, s.authenticated_at as "authenticatedAt", u.id::text as user, u.email, u.role,
    u.tenant_id::text as tenant, u.records, u.verbs,
    case when a.id is not null then jsonb_build_object('user', a.id, 'email', a.email, 'name', a.name, 'reason', s.reason,
      'until', to_char(s.expires_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
      'raised', s.raised_at is not null) end as acting,
    s.acting_user is null
      and coalesce((select value -> 'secondFactorFor' ? u.role from settings where name = 'security'), false)
      and not exists (select from totp_secrets f where f.user_id = u.id)
      and not exists (select from passkeys f where f.user_id = u.id) as "lacksFactor"`)

/** A session with its user and whoever looks at it as that user. */
const withPeople = (sql: PgClient) =>
  sql.literal("sessions s join users u on u.id = s.user_id left join users a on a.id = s.acting_user")

const open = (sql: PgClient, now: Date | Fragment) => sql`s.ended_at is null and s.expires_at > ${now}
  and u.suspended_at is null and (u.expires_at is null or u.expires_at > ${now})
  and (s.acting_user is null or (a.role = s.acting_role and a.suspended_at is null
    and (a.tenant_id is null or exists (
      select from tenants t where t.id = u.tenant_id and a.tenant_id in (t.id, t.reseller_id)))))`

const issue = Effect.fnUntraced(function* (session: string, parent: Buffer | null) {
  const sql = yield* PgClient
  const now = yield* DateTime.now
  const { idleDays } = yield* Security.read
  const token = makeToken()
  yield* sql`
    insert into refresh_tokens (hash, session_id, parent, created_at, expires_at)
    values (${hashOf(token)}, ${session}, ${parent}, ${DateTime.toDateUtc(now)},
      ${DateTime.toDateUtc(DateTime.add(now, { days: idleDays }))})`
  return token
})

/** For a user who has just proved to be the one. */
export const begin = Effect.fn("sessions.begin")(function* (
  user: string,
  { address, agent }: Caller,
  acting?: { readonly user: string; readonly role: Role; readonly reason: string },
) {
  const sql = yield* PgClient
  const now = yield* DateTime.now
  const at = DateTime.toDateUtc(now)
  const { sessionDays } = yield* Security.read
  const [row] = yield* sql<{ readonly id: string }>`
    insert into sessions (user_id, created_at, authenticated_at, seen_at, expires_at, address, agent, acting_user, acting_role,
      reason)
    values (${user}, ${at}, ${at}, ${at},
      ${DateTime.toDateUtc(DateTime.add(now, acting === undefined ? { days: sessionDays } : actingLifetime))}, ${address}, ${agent},
      ${acting?.user ?? null}, ${acting?.role ?? null}, ${acting?.reason ?? ""})
    returning id::text as id`
  const session = row?.id ?? (yield* Effect.die("a session that was inserted is not there"))
  return { session, refreshToken: yield* issue(session, null) }
})

/** Whose each is, or undefined where it is not open. */
export const findEach = Effect.fn("sessions.findEach")(function* (sql: PgClient, sessions: ReadonlyArray<string>) {
  const now = yield* DateTime.nowAsDate
  const rows = yield* sql<Holder>`
    select ${holderColumns(sql)} from ${withPeople(sql)} where s.id = any(${sessions}::uuid[]) and ${open(sql, now)}`
  const found = new Map(rows.map((row) => [row.session, row]))
  return sessions.map((session) => found.get(session))
})

export const find = Effect.fn("sessions.find")(function* (session: string) {
  return (yield* findEach(yield* PgClient, [session]))[0]
})

export interface SessionAsked {
  readonly session: string
  /** Whose it must be. */
  readonly user: string
  readonly take: Take
}

export interface Found<Row> {
  /** Whose session it is, and how the request was counted. */
  readonly holder: Holder & Counted
  /** What they looked at. */
  readonly rows: ReadonlyArray<Row>
}

const ofSession = ["sessions", "users", "keys", "at", "limit", "now", "rate"] as const

/** What a request looks at in the statement that asks who it is. */
export interface Looking<Asked, Name extends string> {
  /** Its values. */
  readonly names: ReadonlyArray<Name>
  readonly of: (asked: ReadonlyArray<Asked>) => { readonly [N in Name]: unknown }
  /** Joins rows with an `id`, by `place`, to who was `found`. */
  readonly words: (of: { readonly [N in Name]: Fragment }) => Fragment
}

/**
 * The same, asked for every request: what ended it counts from the next one on. Each is counted in the same statement, and may
 * look at something there.
 */
export const findCounting = <Asked extends SessionAsked, Row extends { readonly id: string }, Name extends string>(
  sql: PgClient,
  looking: Looking<Asked, Name>,
): ((
  asked: readonly [Asked, ...ReadonlyArray<Asked>],
) => Effect.Effect<ReadonlyArray<Found<Row> | undefined>, SqlError>) => {
  const statement = worded<(typeof ofSession)[number] | Name>(
    sql,
    [...ofSession, ...looking.names],
    (of) => sql`
      with asked as (
        select * from unnest(${of.sessions}::uuid[], ${of.users}::uuid[], ${of.keys}::text[])
        with ordinality as asked (session, of, key, place)
      ), holder as (
        select asked.place::int as place, asked.key, ${holderColumns(sql)}
        from asked join (${withPeople(sql)}) on s.id = asked.session and s.user_id = asked.of where ${open(sql, of.at)}
      ), counted as (
        ${takingEach(sql, of, sql`select key, count(*)::float8 as tokens from holder group by key`)}
      ), found as materialized (
        select holder.*, counted.at,
          -- Those of one user were taken for at once: the first of them left more than the last.
          greatest(-1, counted.remaining + row_number() over (partition by key order by place desc) - 1) as remaining
        from holder join counted using (key)
      )
      select * from found ${looking.words(of)}`,
  )
  return Effect.fnUntraced(function* (asked) {
    const rows = yield* statement<Holder & Counted & Row & { readonly place: number }>({
      sessions: asked.map(({ session }) => session),
      users: asked.map(({ user }) => user),
      keys: asked.map(({ take }) => take.key),
      at: yield* DateTime.nowAsDate,
      ...takingOf(asked[0].take),
      ...looking.of(asked),
    })
    const found = Map.groupBy(rows, ({ place }) => place)
    return asked.map((_, index): Found<Row> | undefined => {
      const own = found.get(index + 1)
      const holder = own?.[0]
      // A look that found nothing leaves its columns empty.
      return holder === undefined ? undefined : { holder, rows: own?.filter(({ id }) => (id ?? null) !== null) ?? [] }
    })
  })
}

/** From now on whoever looks may change things too. */
export const raise = Effect.fn("sessions.raise")(function* (session: string) {
  const sql = yield* PgClient
  const now = yield* DateTime.nowAsDate
  yield* sql`update sessions set raised_at = coalesce(raised_at, ${now}) where id = ${session}`
})

interface Spent {
  readonly session_id: string
}

export type Rotation =
  | { readonly state: "rotated"; readonly holder: Holder; readonly refreshToken: string }
  | { readonly state: "reused"; readonly session: string; readonly user: string; readonly email: string }
  | { readonly state: "unknown" }

/** Spends a refresh token. */
export const rotate = Effect.fn("sessions.rotate")(function* (token: string, { address, agent }: Caller) {
  const sql = yield* PgClient
  const now = yield* DateTime.now
  const at = DateTime.toDateUtc(now)
  const hash = hashOf(token)
  const [first] = yield* sql<Spent>`
    update refresh_tokens set used_at = ${at} where hash = ${hash} and used_at is null and expires_at > ${at}
    returning session_id::text as session_id`
  // A statement of its own: it sees what the first of those that came together has written meanwhile.
  const [again] = yield* first === undefined
    ? sql<Spent>`
        select session_id::text as session_id from refresh_tokens t
        where hash = ${hash} and used_at > ${DateTime.toDateUtc(DateTime.subtract(now, grace))}
          and not exists (select from refresh_tokens s where s.parent = t.hash and s.used_at is not null)`
    : Effect.succeed([])
  const spent = first ?? again
  if (spent === undefined) {
    const [owner] = yield* sql<{ readonly session: string; readonly user: string; readonly email: string }>`
      select s.id::text as session, u.id::text as user, u.email from refresh_tokens t
      join (${withPeople(sql)}) on s.id = t.session_id
      where t.hash = ${hash} and t.used_at is not null and ${open(sql, at)}`
    if (owner === undefined) return { state: "unknown" } satisfies Rotation
    yield* end(owner.session, "reuse")
    return { state: "reused", ...owner } satisfies Rotation
  }
  const holder = yield* find(spent.session_id)
  if (holder === undefined) return { state: "unknown" } satisfies Rotation
  yield* sql`update sessions set seen_at = ${at}, address = ${address}, agent = ${agent} where id = ${holder.session}`
  return { state: "rotated", holder, refreshToken: yield* issue(holder.session, hash) } satisfies Rotation
})

/** Whose a refresh token is, spent or not. */
export const ofRefreshToken = Effect.fn("sessions.ofRefreshToken")(function* (token: string) {
  const sql = yield* PgClient
  const [row] = yield* sql<{ readonly session_id: string }>`
    select session_id::text as session_id from refresh_tokens where hash = ${hashOf(token)}`
  return row === undefined ? undefined : yield* find(row.session_id)
})

/** Whether there was one to end. */
export const end = Effect.fn("sessions.end")(function* (session: string, reason: EndReason) {
  const sql = yield* PgClient
  const now = yield* DateTime.nowAsDate
  const rows = yield* sql`
    update sessions set ended_at = ${now}, end_reason = ${reason} where id = ${session} and ended_at is null returning 1`
  return rows.length > 0
})

/** All of a user's but one. Gives how many. */
export const endOthers = Effect.fn("sessions.endOthers")(function* (
  user: string,
  except: string | null,
  reason: EndReason,
) {
  const sql = yield* PgClient
  const now = yield* DateTime.nowAsDate
  const rows = yield* sql`
    update sessions set ended_at = ${now}, end_reason = ${reason}
    where user_id = ${user} and ended_at is null and expires_at > ${now} and id is distinct from ${except}::uuid returning 1`
  return rows.length
})

interface SessionRow {
  readonly id: string
  readonly created_at: Date
  readonly seen_at: Date
  readonly expires_at: Date
  readonly address: string
  readonly agent: string
  readonly acting: string | null
}

/** Those that are open, the one that was used last first. */
export const list = Effect.fn("sessions.list")(function* (user: string, current: string | null) {
  const sql = yield* PgClient
  const now = yield* DateTime.nowAsDate
  const rows = yield* sql<SessionRow>`
    select s.id::text as id, s.created_at, s.seen_at, s.expires_at, s.address, s.agent, a.email as acting
    from ${withPeople(sql)}
    where s.user_id = ${user} and ${open(sql, now)} order by s.seen_at desc, s.id`
  return rows.map(
    (row): Session => ({
      id: row.id,
      current: row.id === current,
      createdAt: row.created_at.toISOString(),
      seenAt: row.seen_at.toISOString(),
      expiresAt: row.expires_at.toISOString(),
      address: row.address,
      agent: row.agent,
      actedInBy: row.acting,
    }),
  )
})
