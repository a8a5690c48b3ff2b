/** How mail leaves: which server, as whom, and where links in it lead. The password is sealed, and no answer has it. */
import { PgClient } from "@effect/sql-pg/PgClient"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { type Flaw, flaw, hiddenFlaw, show } from "../../spec/grammar.ts"
import { emailOf } from "../identity/email.ts"
import { OwnKey } from "../identity/own-key.ts"
import { Invalid, type Mistake } from "../problems.ts"
import type { EmailSettings } from "../shapes.ts"
import { EmailSettingsStored } from "../shapes.ts"

const purpose = "password of the mail server"

export interface Account extends EmailSettingsStored {
  readonly password: Redacted.Redacted | undefined
}

const decode = Schema.decodeUnknownEffect(EmailSettingsStored)

interface Row {
  readonly value: unknown
  readonly sealed: string | null
}

const row = Effect.gen(function* () {
  const sql = yield* PgClient
  const [found] = yield* sql<Row>`select value, sealed from settings where name = 'email'`
  return found
})

/** Undefined while nobody has said how mail leaves. */
export const account = Effect.gen(function* () {
  const key = yield* OwnKey
  const found = yield* row
  if (found === undefined) return undefined
  const password = found.sealed === null ? undefined : yield* key.open(purpose, found.sealed)
  const settings = yield* Effect.orDie(decode(found.value))
  return { ...settings, password: password === undefined ? undefined : Redacted.make(password) } satisfies Account
})

export const read = Effect.gen(function* () {
  const found = yield* row
  if (found === undefined) return null
  const settings: EmailSettings = { ...(yield* Effect.orDie(decode(found.value))), hasPassword: found.sealed !== null }
  return settings
})

export interface Wish extends EmailSettingsStored {
  /** Left out or empty: as it was. Null: none any more. */
  readonly password?: Redacted.Redacted | null | undefined
}

const hostFlaw = (host: string): Flaw | undefined =>
  hiddenFlaw(host) ??
  (/^(?:[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?|[0-9a-f:]{2,39})$/i.test(host)
    ? undefined
    : flaw(`${show(host)} is no host name.`, "Write it as mail.example.org."))

const portalFlaw = (url: string): Flaw | undefined =>
  URL.canParse(url) && /^https?:$/.test(new URL(url).protocol) && new URL(url).origin === url
    ? undefined
    : flaw(`${show(url)} is no address of a portal.`, "Write it as https://panel.example.org, with no path.")

const mistakesOf = ({ from, host, portal, senderName, user }: Wish): ReadonlyArray<Mistake> => {
  const sender = emailOf(from)
  const found: ReadonlyArray<readonly [string, Flaw | undefined]> = [
    ["host", hostFlaw(host)],
    ["user", user === undefined ? undefined : hiddenFlaw(user)],
    ["from", Result.isFailure(sender) ? sender.failure : undefined],
    ["senderName", hiddenFlaw(senderName)],
    ["portal", portalFlaw(portal)],
  ]
  return found.flatMap(([field, one]) => (one === undefined ? [] : [{ field, ...one }]))
}

export const write = Effect.fn("mail.settings.write")(function* ({ password, ...value }: Wish) {
  const sql = yield* PgClient
  const key = yield* OwnKey
  const problems = mistakesOf({ ...value, password })
  if (problems.length > 0) return yield* new Invalid({ detail: "The settings were not changed.", problems })
  const now = yield* DateTime.nowAsDate
  const before = yield* row
  const given = password === undefined || password === null ? "" : Redacted.value(password)
  const sealed = password === null ? null : given === "" ? (before?.sealed ?? null) : yield* key.seal(purpose, given)
  yield* sql`
    insert into settings (name, value, sealed, updated_at) values ('email', ${JSON.stringify(value)}::jsonb, ${sealed}, ${now})
    on conflict (name) do update
      set value = excluded.value, sealed = excluded.sealed, updated_at = excluded.updated_at, version = settings.version + 1`
  return { ...value, hasPassword: sealed !== null } satisfies EmailSettings
})
