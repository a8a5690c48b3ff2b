/**
 * Tokens for programs: made by a user who gives the password once more, shown once, and good for what and from where they say.
 *
 * The one thing to know before changing it: a token can do what its user can, and never more. Where the user is suspended it is
 * good for nothing.
 */
import { PgClient } from "@effect/sql-pg/PgClient"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import { canonicalNetwork, networkFlaw } from "../../spec/network.ts"
import { trusting } from "../gateway/proxies.ts"
import { Invalid, type Mistake, NotFound } from "../problems.ts"
import type { ApiToken } from "../shapes.ts"
import { transaction } from "../store/database.ts"
import { Actor } from "./actor.ts"
import * as Audit from "./audit.ts"
import { nameFlaw } from "./names.ts"
import { provenUser } from "./own-password.ts"
import { type Holds, may, type Role, type Verb } from "./role.ts"
import { type Scope, wantsLogin } from "./scopes.ts"
import { makeApiToken, shownOf } from "./token-format.ts"
import { hashOf } from "./tokens.ts"

interface Row {
  readonly id: string
  readonly name: string
  readonly prefix: string
  readonly scopes: ReadonlyArray<Scope>
  readonly networks: ReadonlyArray<string>
  readonly created_at: Date
  readonly expires_at: Date
  readonly used_at: Date | null
  readonly used_from: string | null
}

const toToken = (row: Row): ApiToken => ({
  id: row.id,
  name: row.name,
  prefix: row.prefix,
  scopes: row.scopes,
  networks: row.networks,
  createdAt: row.created_at.toISOString(),
  expiresAt: row.expires_at.toISOString(),
  usedAt: row.used_at?.toISOString() ?? null,
  usedFrom: row.used_from,
})

const columns = (sql: PgClient) =>
  sql.literal("id::text as id, name, prefix, scopes, networks, created_at, expires_at, used_at, used_from")

const own = Effect.map(Actor, ({ user }) => user)

/** The newest first. */
export const list = Effect.gen(function* () {
  const sql = yield* PgClient
  const rows = yield* sql<Row>`
    select ${columns(sql)} from api_tokens where user_id = ${yield* own} order by created_at desc, id`
  return rows.map(toToken)
})

export interface Wish {
  readonly password: Redacted.Redacted
  readonly name: string
  readonly scopes: ReadonlyArray<Scope>
  readonly networks?: ReadonlyArray<string>
  /** In days. */
  readonly validFor: number
}

const mistakesOf = ({ name, networks = [], scopes }: Wish, holder: Holds): ReadonlyArray<Mistake> => {
  const named = nameFlaw(name)
  return [
    ...(named === undefined ? [] : [{ field: "name", ...named }]),
    ...(scopes.length > 0
      ? []
      : [{ field: "scopes", message: "The token would be good for nothing.", mend: "Name at least one scope." }]),
    ...scopes.flatMap((scope, index) =>
      wantsLogin(scope)
        ? [{ field: `scopes[${index}]`, message: `${scope} wants a log-in, which no token is.`, mend: "Leave it out." }]
        : may(holder, scope)
          ? []
          : [{ field: `scopes[${index}]`, message: `You may not ${scope} yourself.`, mend: "Leave it out." }],
    ),
    ...networks.flatMap((network, index) => {
      const flaw = networkFlaw(network)
      return flaw === undefined ? [] : [{ field: `networks[${index}]`, ...flaw }]
    }),
  ]
}

export const make = Effect.fn("apiTokens.make")(function* (wish: Wish) {
  const sql = yield* PgClient
  const user = yield* provenUser(wish.password, "password")
  const problems = mistakesOf(wish, user)
  if (problems.length > 0) return yield* new Invalid({ detail: "No token was made.", problems })
  const now = yield* DateTime.now
  const token = makeApiToken()
  const networks = [...new Set((wish.networks ?? []).map(canonicalNetwork))]
  return yield* transaction(sql)(
    Effect.gen(function* () {
      const [row] = yield* sql<Row>`
        insert into api_tokens (user_id, name, hash, prefix, scopes, networks, created_at, expires_at)
        values (${user.id}, ${wish.name.trim()}, ${hashOf(token)}, ${shownOf(token)}, ${[...new Set(wish.scopes)]},
          ${networks}, ${DateTime.toDateUtc(now)}, ${DateTime.toDateUtc(DateTime.add(now, { days: wish.validFor }))})
        on conflict (user_id, name) do nothing returning ${columns(sql)}`
      if (row === undefined)
        return yield* new Invalid({
          detail: "No token was made.",
          problems: [
            { field: "name", message: "You have a token of this name.", mend: "Choose another, or remove that one." },
          ],
        })
      yield* Audit.noteDone({
        action: "token.made",
        target: `Token/${row.id}`,
        after: { name: row.name, prefix: row.prefix, scopes: row.scopes, networks: row.networks },
      })
      return { ...toToken(row), token }
    }),
  )
})

export const remove = Effect.fn("apiTokens.remove")(function* (id: string) {
  const sql = yield* PgClient
  const user = yield* own
  return yield* transaction(sql)(
    Effect.gen(function* () {
      const [row] = yield* sql<{ readonly name: string }>`
        delete from api_tokens where id::text = ${id} and user_id = ${user} returning name`
      if (row === undefined) return yield* new NotFound({ detail: `You have no token ${id}.` })
      yield* Audit.noteDone({ action: "token.removed", target: `Token/${id}`, before: { name: row.name } })
    }),
  )
})

/** Whose a token is, and what it is good for. */
export interface Bearer {
  readonly token: string
  readonly token_name: string
  readonly scopes: ReadonlyArray<Scope>
  readonly networks: ReadonlyArray<string>
  readonly user: string
  readonly email: string
  readonly role: Role
  readonly tenant: string | null
  readonly records: ReadonlyArray<string>
  readonly verbs: ReadonlyArray<Verb>
}

/** Whose a token is that was good when it came. */
export const holderOf = Effect.fn("apiTokens.holderOf")(function* (id: string) {
  const sql = yield* PgClient
  const now = yield* DateTime.nowAsDate
  const [row] = yield* sql<Pick<Bearer, "role" | "tenant" | "records">>`
    select u.role, u.tenant_id::text as tenant, u.records from api_tokens t join users u on u.id = t.user_id
    where t.id = ${id} and t.expires_at > ${now} and u.suspended_at is null
      and (u.expires_at is null or u.expires_at > ${now})`
  return row
})

/** Undefined where there is none, or none any more, or not from this address: nobody is told which. */
export const find = Effect.fn("apiTokens.find")(function* (token: string, address: string) {
  const sql = yield* PgClient
  const now = yield* DateTime.now
  const at = DateTime.toDateUtc(now)
  const [row] = yield* sql<Bearer>`
    select t.id::text as token, t.name as token_name, t.scopes, t.networks, u.id::text as user, u.email, u.role,
      u.tenant_id::text as tenant, u.records, u.verbs
    from api_tokens t join users u on u.id = t.user_id
    where t.hash = ${hashOf(token)} and t.expires_at > ${at} and u.suspended_at is null
      and (u.expires_at is null or u.expires_at > ${at})`
  if (row === undefined) return undefined
  const from = address.replace(/^::ffff:/i, "")
  if (row.networks.length > 0 && !trusting(row.networks)(from)) return undefined
  yield* sql`
    update api_tokens set used_at = ${at}, used_from = ${from}
    where id = ${row.token}
      and (used_at is null or used_at < ${DateTime.toDateUtc(DateTime.subtract(now, { minutes: 1 }))})`
  return row
})
