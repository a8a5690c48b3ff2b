/**
 * Users and what is done with them: invited, changed, suspended, let in again, removed.
 *
 * The one thing to know before changing it: an installation is never left without an administrator who can log in, and nobody
 * shuts themselves out. Whoever changes several does so wholly or not at all.
 */
import { PgClient } from "@effect/sql-pg/PgClient"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import { type Flaw, flaw, show } from "../../spec/grammar.ts"
import { isKindName } from "../../spec/kinds.ts"
import { Outbox } from "../mail/outbox.ts"
import * as MailSettings from "../mail/settings.ts"
import { Invalid, type Mistake, NotFound } from "../problems.ts"
import { oneWriter, transaction } from "../store/database.ts"
import { defaultLimit, keysOf, pageOf, pattern } from "../store/page.ts"
import { Actor } from "./actor.ts"
import * as Audit from "./audit.ts"
import { emailOf } from "./email.ts"
import { provedLately } from "./fresh.ts"
import { nameFlaw } from "./names.ts"
import * as PasswordReset from "./password-reset.ts"
import type { Role, Verb } from "./role.ts"
import * as SecondFactors from "./second-factors.ts"
import * as Sessions from "./sessions.ts"
import * as Users from "./users.ts"

const invitationDays = 7

const mistake = (field: string, found: Flaw | undefined): ReadonlyArray<Mistake> =>
  found === undefined ? [] : [{ field, ...found }]

const reasonFlaw = (reason: string): Flaw | undefined =>
  nameFlaw(reason) === undefined || reason === ""
    ? undefined
    : flaw("The reason cannot be shown on one line.", "Give at most 100 visible characters.")

/** An auditor's access ends some day, and nobody else's does. */
const expiryFlaw = (role: Role, expiresAt: string | null | undefined, now: DateTime.Utc): Flaw | undefined => {
  if (role !== "auditor")
    return expiresAt === undefined || expiresAt === null
      ? undefined
      : flaw("Only an auditor's access ends by itself.", "Leave it out.")
  const at = Option.getOrUndefined(DateTime.make(expiresAt ?? ""))
  if (at === undefined)
    return flaw("An auditor's access ends some day.", "Say when, as ISO 8601: 2030-01-31T12:00:00Z.")
  return DateTime.toEpochMillis(at) > DateTime.toEpochMillis(now)
    ? undefined
    : flaw("This time has passed.", "Give one in the future.")
}

const recordsFlaw = (role: Role, records: ReadonlyArray<string> = []): Flaw | undefined => {
  if (role !== "technical")
    return records.length === 0
      ? undefined
      : flaw("Only a technical user is for certain records.", "Leave it out, or make the user a technical one.")
  if (records.length === 0) return flaw("A technical user without records sees nothing.", "Name some: Site/blog.")
  const strange = records.find((key) => !/^[A-Za-z]+\/[a-z0-9][a-z0-9.-]*$/.test(key) || !isKindName(key.split("/")[0]))
  return strange === undefined
    ? undefined
    : flaw(`${show(strange)} names no record.`, "Write kind and name: Site/blog, Database/shop.")
}

const verbsFlaw = (role: Role, verbs: ReadonlyArray<Verb> = []): Flaw | undefined =>
  role === "technical" || verbs.length === 0
    ? undefined
    : flaw("Only a technical user may do certain things alone.", "Leave it out, or make the user a technical one.")

/** What of a tenant somebody of that role is; none: of whoever runs the installation. */
const tenantKind: { readonly [R in Role]: "reseller" | "customer" | undefined } = {
  "super-admin": undefined,
  auditor: undefined,
  reseller: "reseller",
  customer: "customer",
  technical: "customer",
}

/** Of whom somebody is to be: what is asked for, or else whoever asks. */
const tenantFor = Effect.fnUntraced(function* (role: Role, asked: string | undefined) {
  const sql = yield* PgClient
  const { sight } = yield* Actor
  const kind = tenantKind[role]
  const refused = (field: string, message: string, mend: string) => Result.fail<Mistake>({ field, message, mend })
  if (kind === undefined) {
    if (sight.of === "tenant")
      return refused("role", `You may not make anybody ${role}.`, "Choose customer or technical.")
    return asked === undefined
      ? Result.succeed<string | null>(null)
      : refused("tenant", `Nobody who is ${role} is of a customer or reseller.`, "Leave it out.")
  }
  const wanted = asked ?? (sight.of === "tenant" ? sight.tenant : undefined)
  if (wanted === undefined) return refused("tenant", `Of which ${kind}?`, `Give the id of the ${kind}.`)
  const [found] = yield* sql<{ readonly id: string }>`
    select id::text as id from tenants where id::text = ${wanted} and kind = ${kind}`
  return found === undefined
    ? refused("tenant", `There is no ${kind} ${wanted}.`, `Give the id of a ${kind}.`)
    : Result.succeed<string | null>(found.id)
})

export interface Filter {
  readonly search?: string
  readonly role?: Role
  readonly tenant?: string
  readonly state?: "active" | "suspended" | "expired"
  readonly sort?: "name" | "-name" | "email" | "-email" | "created" | "-created"
  readonly limit?: number
  readonly after?: string
}

export const list = Effect.fn("people.list")(function* (filter: Filter) {
  const sql = yield* PgClient
  const now = yield* DateTime.nowAsDate
  const limit = filter.limit ?? defaultLimit
  const descending = filter.sort?.startsWith("-") === true
  const by = filter.sort?.replace("-", "") ?? "name"
  const key = sql.literal(by === "created" ? "created_at::text" : by === "email" ? "email" : "lower(name)")
  const direction = sql.literal(descending ? "desc" : "asc")
  const behind = sql.literal(descending ? "<" : ">")
  const after = filter.after === undefined ? undefined : yield* Effect.fromResult(keysOf(filter.after, 2))
  const expired = sql`(expires_at is not null and expires_at <= ${now})`
  const rows = yield* sql<Users.UserRow & { readonly sort_key: string }>`
    select ${Users.columns(sql)}, ${key} as sort_key from users
    where ${sql.and([
      filter.search === undefined
        ? sql`true`
        : sql`(email ilike ${pattern(filter.search)} or name ilike ${pattern(filter.search)})`,
      filter.role === undefined ? sql`true` : sql`role = ${filter.role}`,
      filter.tenant === undefined ? sql`true` : sql`tenant_id::text = ${filter.tenant}`,
      filter.state === undefined
        ? sql`true`
        : filter.state === "suspended"
          ? sql`suspended_at is not null`
          : filter.state === "expired"
            ? sql`suspended_at is null and ${expired}`
            : sql`suspended_at is null and not ${expired}`,
      after === undefined ? sql`true` : sql`(${key}, id::text) ${behind} (${after[0]}, ${after[1]})`,
    ])}
    order by ${key} ${direction}, id::text ${direction} limit ${limit + 1}`
  return pageOf(rows, limit, Users.toUser, (row) => [row.sort_key, row.id])
})

const nobody = (id: string) => new NotFound({ detail: `There is no user ${id}.` })

const found = Effect.fnUntraced(function* (id: string) {
  const row = yield* Users.byText(id)
  return row ?? (yield* nobody(id))
})

export const read = (id: string) => Effect.map(found(id), Users.toUser)

export interface Invitation {
  readonly email: string
  readonly name: string
  readonly role: Role
  readonly locale?: "en" | "de"
  readonly expiresAt?: string | null
  readonly tenant?: string
  readonly records?: ReadonlyArray<string>
  readonly verbs?: ReadonlyArray<Verb>
}

/** The mail goes out; where none can, whoever invites hands over the token. */
const sendInvitation = Effect.fnUntraced(function* (user: Users.UserRow) {
  const outbox = yield* Outbox
  const settings = yield* MailSettings.read
  yield* PasswordReset.forgetAll(user.id)
  const token = yield* PasswordReset.issue(user.id, { days: invitationDays })
  if (settings === null) return { invited: false, token }
  const link = `${settings.portal}/welcome#${token}`
  yield* outbox.send(user.email, user.locale, { template: "invitation", link })
  return { invited: true }
})

export const invite = Effect.fn("people.invite")(function* (wish: Invitation) {
  const sql = yield* PgClient
  const now = yield* DateTime.now
  const email = emailOf(wish.email)
  const problems = [
    ...mistake("email", Result.isFailure(email) ? email.failure : undefined),
    ...mistake("name", nameFlaw(wish.name)),
    ...mistake("expiresAt", expiryFlaw(wish.role, wish.expiresAt, now)),
    ...mistake("records", recordsFlaw(wish.role, wish.records)),
    ...mistake("verbs", verbsFlaw(wish.role, wish.verbs)),
  ]
  const tenant = yield* tenantFor(wish.role, wish.tenant)
  if (Result.isFailure(email) || Result.isFailure(tenant) || problems.length > 0)
    return yield* new Invalid({
      detail: "Nobody was invited.",
      problems: [...problems, ...(Result.isFailure(tenant) ? [tenant.failure] : [])],
    })
  return yield* transaction(sql)(
    Effect.gen(function* () {
      const row = yield* Users.create({
        email: email.success,
        name: wish.name.trim(),
        role: wish.role,
        locale: wish.locale ?? "en",
        expiresAt: wish.expiresAt === undefined || wish.expiresAt === null ? null : new Date(wish.expiresAt),
        tenant: tenant.success,
        records: [...new Set(wish.records ?? [])],
        verbs: [...new Set(wish.verbs ?? [])],
        password: null,
      })
      if (row === undefined)
        return yield* new Invalid({
          detail: "Nobody was invited.",
          problems: [
            { field: "email", message: "Somebody has this address.", mend: "Look for that user in the list." },
          ],
        })
      const user = Users.toUser(row)
      yield* Audit.noteDone({ action: "user.invited", target: `User/${row.id}`, after: user })
      return { user, ...(yield* sendInvitation(row)) }
    }),
  )
})

/** Once more, for who has lost the first, which is good no more. */
export const inviteAgain = Effect.fn("people.inviteAgain")(function* (id: string) {
  const sql = yield* PgClient
  const row = yield* found(id)
  if (row.password !== null)
    return yield* new Invalid({
      detail: "Nobody was invited.",
      problems: [{ field: "id", message: "This user has a password.", mend: "They can ask for a new one by mail." }],
    })
  return yield* transaction(sql)(
    Effect.gen(function* () {
      yield* Audit.noteDone({ action: "user.invited", target: `User/${id}` })
      return { user: Users.toUser(row), ...(yield* sendInvitation(row)) }
    }),
  )
})

/** One change at a time, which leaves an administrator where there was one. */
const guarded = <A, E, R>(work: Effect.Effect<A, E, R>) =>
  Effect.flatMap(PgClient, (sql) =>
    transaction(sql)(
      Effect.gen(function* () {
        yield* oneWriter(sql)
        const had = yield* Users.hasAdministrator
        const done = yield* work
        if (had && !(yield* Users.hasAdministrator))
          return yield* new Invalid({
            detail: "Nothing was changed.",
            problems: [
              {
                field: "id",
                message: "Nobody would be left who can log in as an administrator.",
                mend: "Make somebody else an administrator first.",
              },
            ],
          })
        return done
      }),
    ),
  )

const notOneself = Effect.fnUntraced(function* (id: string, what: string) {
  const { user } = yield* Actor
  if (user === id)
    return yield* new Invalid({
      detail: "Nothing was changed.",
      problems: [{ field: "id", message: `You cannot ${what} yourself.`, mend: "Ask another administrator." }],
    })
})

const otherHouse = (role: Role) =>
  flaw(`Nobody becomes ${role} who is of somebody else.`, "Remove the user, and invite them anew.")

export interface Change {
  readonly name?: string
  readonly locale?: "en" | "de"
  readonly role?: Role
  readonly expiresAt?: string | null
  readonly records?: ReadonlyArray<string>
  readonly verbs?: ReadonlyArray<Verb>
}

export const change = Effect.fn("people.change")(function* (id: string, wish: Change) {
  const now = yield* DateTime.now
  return yield* guarded(
    Effect.gen(function* () {
      const before = yield* found(id)
      const role = wish.role ?? before.role
      const expiresAt = wish.expiresAt === undefined ? (before.expires_at?.toISOString() ?? null) : wish.expiresAt
      const isChanged = wish.role !== undefined || wish.expiresAt !== undefined
      const isTechnical = role === "technical"
      const records = wish.records ?? (isTechnical ? before.records : [])
      const verbs = wish.verbs ?? (isTechnical ? before.verbs : [])
      const problems = [
        ...mistake("name", wish.name === undefined ? undefined : nameFlaw(wish.name)),
        ...mistake("expiresAt", isChanged ? expiryFlaw(role, expiresAt, now) : undefined),
        ...mistake("records", recordsFlaw(role, records)),
        ...mistake("verbs", verbsFlaw(role, verbs)),
        ...mistake("role", tenantKind[role] === tenantKind[before.role] ? undefined : otherHouse(role)),
      ]
      if (problems.length > 0) return yield* new Invalid({ detail: "Nothing was changed.", problems })
      if (role !== before.role) yield* notOneself(id, "change the role of")
      const after = yield* Users.change(id, {
        name: wish.name?.trim() ?? before.name,
        locale: wish.locale ?? before.locale,
        role,
        expiresAt: role === "auditor" && expiresAt !== null ? new Date(expiresAt) : null,
        records: [...new Set(records)],
        verbs: [...new Set(verbs)],
      })
      if (after === undefined) return yield* nobody(id)
      const [was, is] = [Users.toUser(before), Users.toUser(after)]
      yield* Audit.noteDone({ action: "user.changed", target: `User/${id}`, before: was, after: is })
      return is
    }),
  )
})

export type Deed = "suspend" | "activate" | "remove"

const doOne = Effect.fnUntraced(function* (id: string, deed: Deed, reason: string) {
  const before = yield* found(id)
  if (deed !== "activate") yield* notOneself(id, deed)
  if (deed === "remove") yield* Users.remove(id)
  else yield* Users.suspend(id, deed === "suspend", reason)
  if (deed === "suspend") yield* Sessions.endOthers(id, null, "suspended")
  if (deed === "suspend" && before.suspended_at === null)
    yield* (yield* Outbox).send(before.email, before.locale, { template: "log-in-suspended", reason })
  const after = deed === "remove" ? undefined : yield* Users.byId(id)
  yield* Audit.noteDone({
    action: deed === "suspend" ? "user.suspended" : deed === "activate" ? "user.activated" : "user.removed",
    target: `User/${id}`,
    before: Users.toUser(before),
    ...(after === undefined ? {} : { after: Users.toUser(after) }),
  })
  return after === undefined ? [] : [Users.toUser(after)]
})

/** All or none. */
export const doAll = Effect.fn("people.doAll")(function* (ids: ReadonlyArray<string>, deed: Deed, reason = "") {
  const problems = mistake("reason", reasonFlaw(reason))
  if (problems.length > 0) return yield* new Invalid({ detail: "Nothing was changed.", problems })
  const each = Effect.forEach([...new Set(ids)], (id) => doOne(id, deed, reason))
  return yield* guarded(Effect.map(each, (users) => users.flat()))
})

/** For who has lost app and codes. */
export const removeFactors = Effect.fn("people.removeFactors")(function* (id: string) {
  const sql = yield* PgClient
  const outbox = yield* Outbox
  yield* provedLately
  const row = yield* found(id)
  yield* notOneself(id, "take the factors from")
  yield* transaction(sql)(
    Effect.gen(function* () {
      yield* SecondFactors.removeAll(id)
      yield* Sessions.endOthers(id, null, "revoked")
      yield* outbox.send(row.email, row.locale, { template: "second-factor-removed", address: "an administrator" })
      yield* Audit.noteDone({ action: "second-factor.removed", target: `User/${id}` })
    }),
  )
})
