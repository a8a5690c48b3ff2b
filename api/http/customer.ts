/** /v1/customer/…: records from their owner's side. */
import * as Effect from "effect/Effect"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import type { Json } from "effect/Schema"
import { apiVersion } from "../../spec/envelope.ts"
import { Api } from "../contract.ts"
import { accountOf, freeName } from "../customer/accounts.ts"
import { kept, policies } from "../customer/backups.ts"
import { overview } from "../customer/overview.ts"
import * as Php from "../customer/php.ts"
import * as Things from "../customer/things.ts"
import { Actor } from "../identity/actor.ts"
import { Invalid, NotFound } from "../problems.ts"
import { mergePatch } from "../store/merge-patch.ts"
import { documentOf } from "../store/plan.ts"
import * as Records from "../store/records.ts"
import type { RecordRow } from "../store/rows.ts"
import { answerGlance } from "./answer.ts"
import { answerActor } from "./answer-actor.ts"
import { idempotent } from "./idempotent.ts"
import { asTheOnlyWriter, one, patchOne, versionOf, writeOne } from "./one-record.ts"
import { swiftly } from "./swiftly.ts"

type Fields = { readonly [field: string]: Json }
type Headers = { readonly "if-match"?: string; readonly "idempotency-key"?: string }

const record = (kind: string, name: Json, spec: Fields) => ({ apiVersion, kind, metadata: { name }, spec })

const make = (kind: string, payload: Fields, headers: Headers) =>
  Effect.gen(function* () {
    const { account: asked, id, ...fields } = payload
    yield* asTheOnlyWriter
    const account = yield* accountOf(asked)
    const name = id ?? (yield* freeName(kind, `${account} ${Things.wordsFor(kind, fields)}`))
    const wish = record(kind, name, { ...fields, account: account as Json })
    const expectVersions = typeof name === "string" ? { [`${kind}/${name}`]: 0 } : {}
    yield* one({ records: [wish], expectVersions })
    return yield* Things.read(kind, String(name))
  }).pipe(Things.inTheirWords, idempotent(headers["idempotency-key"], { make: [kind, payload] }))

/** Whose a thing is changes where its record is written. */
const stays = (fields: Fields) =>
  fields["account"] === undefined
    ? Effect.void
    : Effect.fail(
        new Invalid({
          detail: "Nothing was changed.",
          problems: [{ field: "account", message: "The account of a thing stays.", mend: "Leave it out." }],
        }),
      )

const change = (kind: string, id: string, payload: Fields, headers: Headers) =>
  Effect.gen(function* () {
    yield* stays(payload)
    const make = (before: RecordRow) => mergePatch(documentOf(before), { spec: payload })
    if ((yield* swiftly({ kind, name: id, headers }, () => make)) === undefined)
      return yield* answerActor(changeAlone(kind, id, payload, headers))
    const { sight } = yield* Actor
    return yield* answerGlance(Effect.map(Records.readAs(sight, kind, id), Things.toThing))
  })

/** As the one writer. */
const changeAlone = (kind: string, id: string, payload: Fields, headers: Headers) =>
  Effect.gen(function* () {
    const version = yield* versionOf(undefined, headers["if-match"])
    yield* patchOne(kind, id, { spec: payload }, version)
    return yield* Things.read(kind, id)
  }).pipe(
    Things.inTheirWords,
    idempotent(headers["idempotency-key"], { change: [kind, id, payload, headers["if-match"]] }),
  )

const remove = (kind: string, id: string, headers: Headers) =>
  Effect.gen(function* () {
    const version = yield* versionOf(undefined, headers["if-match"])
    yield* asTheOnlyWriter
    const stored = yield* Records.read(kind, id)
    const key = `${kind}/${id}`
    yield* one({
      records: [],
      unwanted: [{ key, confirmed: false }],
      expectVersions: { [key]: version ?? stored.version },
    })
    return yield* Things.read(kind, id)
  }).pipe(idempotent(headers["idempotency-key"], { remove: [kind, id, headers["if-match"]] }))

export const websitesLayer = HttpApiBuilder.group(Api, "websites", (handlers) =>
  handlers
    .handle("list", ({ query }) => answerActor(Things.list("Site", query)))
    .handle("make", ({ headers, payload }) => answerActor(make("Site", payload, headers)))
    .handle("read", ({ params }) => answerActor(Things.read("Site", params.id)))
    .handle("change", ({ headers, params, payload }) => change("Site", params.id, payload, headers))
    .handle("remove", ({ headers, params }) => answerActor(remove("Site", params.id, headers)))
    .handle("php", ({ params }) => answerActor(Php.ofSite(params.id)))
    .handle("setPhp", ({ headers, params, payload }) => answerActor(setPhp(params.id, payload, headers)))
    .handle("suspend", ({ headers, params }) => change("Site", params.id, { suspended: true }, headers))
    .handle("activate", ({ headers, params }) => change("Site", params.id, { suspended: false }, headers)),
)

/** The site and its PHP in one write: neither is changed without the other. */
const setPhp = (id: string, payload: Fields, headers: Headers) =>
  Effect.gen(function* () {
    const { version, ...settings } = payload
    yield* stays(settings)
    yield* asTheOnlyWriter
    const site = yield* Records.read("Site", id)
    const account = String(site.spec["account"])
    const wishOf = ({ kind, metadata, spec }: typeof site, more: Fields) => ({
      apiVersion,
      kind,
      metadata,
      spec: { ...spec, ...more },
    })
    if (version === null) {
      const { php: _php, ...spec } = site.spec
      yield* writeOne("Site", id, { ...wishOf(site, {}), spec }, site.version)
      return yield* Php.ofSite(id)
    }
    const wanted = version ?? (yield* Php.ofSite(id)).php?.fields["version"]
    if (wanted === undefined)
      return yield* new Invalid({
        detail: "Nothing was changed.",
        problems: [{ field: "version", message: "The site has no PHP.", mend: 'Say which version: "8.2".' }],
      })
    const there = yield* Php.ofAccount(account, String(wanted))
    const name = there?.metadata.name ?? (yield* freeName("Php", `${account} php ${wanted}`))
    const php =
      there === undefined ? record("Php", name, { account, version: wanted, ...settings }) : wishOf(there, settings)
    yield* one({
      records: [php, wishOf(site, { php: name })],
      expectVersions: { [`Php/${name}`]: there?.version ?? 0, [`Site/${id}`]: site.version },
    })
    return yield* Php.ofSite(id)
  }).pipe(Things.inTheirWords, idempotent(headers["idempotency-key"], { setPhp: [id, payload] }))

export const databasesLayer = HttpApiBuilder.group(Api, "databases", (handlers) =>
  handlers
    .handle("list", ({ query }) => answerActor(Things.list("Database", query)))
    .handle("make", ({ headers, payload }) => answerActor(make("Database", payload, headers)))
    .handle("read", ({ params }) => answerActor(Things.read("Database", params.id)))
    .handle("change", ({ headers, params, payload }) => change("Database", params.id, payload, headers))
    .handle("remove", ({ headers, params }) => answerActor(remove("Database", params.id, headers))),
)

export const cronLayer = HttpApiBuilder.group(Api, "cron", (handlers) =>
  handlers
    .handle("list", ({ query }) => answerActor(Things.list("CronJob", query)))
    .handle("make", ({ headers, payload }) => answerActor(make("CronJob", payload, headers)))
    .handle("read", ({ params }) => answerActor(Things.read("CronJob", params.id)))
    .handle("change", ({ headers, params, payload }) => change("CronJob", params.id, payload, headers))
    .handle("remove", ({ headers, params }) => answerActor(remove("CronJob", params.id, headers))),
)

export const keysLayer = HttpApiBuilder.group(Api, "keys", (handlers) =>
  handlers
    .handle("list", ({ query }) => answerActor(Things.list("SshKey", query)))
    .handle("make", ({ headers, payload }) => answerActor(make("SshKey", payload, headers)))
    .handle("read", ({ params }) => answerActor(Things.read("SshKey", params.id)))
    .handle("change", ({ headers, params, payload }) => change("SshKey", params.id, payload, headers))
    .handle("remove", ({ headers, params }) => answerActor(remove("SshKey", params.id, headers))),
)

const invalid = (field: string, message: string, mend: string) =>
  new Invalid({ detail: "Nothing was done.", problems: [{ field, message, mend }] })

export const backupsLayer = HttpApiBuilder.group(Api, "backups", (handlers) =>
  handlers
    .handle("list", ({ query }) => answerActor(Effect.map(kept(query), (items) => ({ items }))))
    .handle("make", ({ headers, payload }) =>
      answerActor(
        Effect.gen(function* () {
          const found = yield* policies(payload.account)
          const [policy] = found
          if (policy === undefined)
            return yield* invalid("account", "This account has no backup policy.", "Ask for one.")
          if (found.length > 1)
            return yield* invalid("account", "There are several accounts with backups.", "Say which: account.")
          const { name } = policy.metadata
          const id = payload.id ?? (yield* freeName("Backup", `${name} manual`))
          yield* one({ records: [record("Backup", id, { policy: name })], expectVersions: { [`Backup/${id}`]: 0 } })
          return yield* Things.read("Backup", id)
        }).pipe(Things.inTheirWords, idempotent(headers["idempotency-key"], { backup: payload })),
      ),
    )
    .handle("restore", ({ headers, params, payload }) =>
      answerActor(
        Effect.gen(function* () {
          const { account, id, ...fields } = payload
          const backups = yield* kept(typeof account === "string" ? { account } : {})
          const found = backups.find((one) => params.id === "latest" || one.id === params.id)
          if (found === undefined) return yield* new NotFound({ detail: `There is no backup ${params.id}.` })
          if (params.id === "latest" && new Set(backups.map(({ policy }) => policy)).size > 1)
            return yield* invalid("account", "There are backups of several accounts.", "Say of which: account.")
          const name = id ?? (yield* freeName("Restore", `${found.policy} restore`))
          const wish = record("Restore", name, { ...fields, policy: found.policy, snapshot: params.id })
          const expectVersions = typeof name === "string" ? { [`Restore/${name}`]: 0 } : {}
          yield* one({ records: [wish], expectVersions })
          return yield* Things.read("Restore", String(name))
        }).pipe(Things.inTheirWords, idempotent(headers["idempotency-key"], { restore: [params.id, payload] })),
      ),
    ),
)

export const dashboardLayer = HttpApiBuilder.group(Api, "dashboard", (handlers) =>
  handlers.handle("customer", () => answerActor(overview)),
)
