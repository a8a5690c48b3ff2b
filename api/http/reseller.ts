/** /v1/reseller/…: a reseller's customers with their accounts. */
import * as Effect from "effect/Effect"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import { apiVersion } from "../../spec/envelope.ts"
import { Api } from "../contract.ts"
import * as Things from "../customer/things.ts"
import * as People from "../identity/people.ts"
import { Outbox } from "../mail/outbox.ts"
import { Invalid } from "../problems.ts"
import * as Records from "../store/records.ts"
import { overview } from "../tenancy/overview.ts"
import * as Tenants from "../tenancy/tenants.ts"
import { answerActor } from "./answer-actor.ts"
import { asTheOnlyWriter, one, patchOne } from "./one-record.ts"

const accountsOf = (slug: string) => Records.list({ kind: "Account", customer: slug, deleted: false, limit: 1000 })

const detail = Effect.fnUntraced(function* (id: string) {
  const customer = yield* Tenants.read("customer", id)
  const { items } = yield* accountsOf(customer.slug)
  return { ...customer, things: items.map(Things.toThing) }
})

interface Wish {
  readonly slug: string
  readonly name: string
  readonly package?: string
  readonly account?: string
}

const make = Effect.fnUntraced(function* ({ account, package: chosen, ...wish }: Wish) {
  if (account !== undefined && chosen === undefined)
    return yield* new Invalid({
      detail: "Nothing was made.",
      problems: [{ field: "package", message: "An account has a package.", mend: "Name one: GET /v1/packages." }],
    })
  const customer = yield* Tenants.make("customer", wish)
  if (chosen !== undefined) {
    const name = account ?? wish.slug
    const record = {
      apiVersion,
      kind: "Account",
      metadata: { name },
      spec: { customer: wish.slug, package: chosen, comment: wish.name.replaceAll(/[:,="\\]/g, " ").trim() },
    }
    yield* one({ records: [record], expectVersions: { [`Account/${name}`]: 0 } }).pipe(
      Effect.catchTag("Conflict", () =>
        Effect.fail(
          new Invalid({
            detail: "Nothing was made.",
            problems: [{ field: "account", message: "There is an account of this name.", mend: "Choose another." }],
          }),
        ),
      ),
      Effect.mapError((error) => (error instanceof Invalid ? byTheirNames(error) : error)),
    )
  }
  return yield* Effect.catchTag(detail(customer.id), "NotFound", Effect.die)
})

/** A mistake of the account, by what was sent of it. */
const byTheirNames = ({ detail: said = "Nothing was made.", problems }: Invalid) =>
  new Invalid({
    detail: said,
    problems: problems.map((problem) => ({
      ...problem,
      field:
        problem.field === "metadata.name"
          ? "account"
          : problem.field === "spec.comment"
            ? "name"
            : problem.field.replace(/^spec\./, ""),
    })),
  })

/** Those who run it, not their helpers. */
const tellCustomer = Effect.fnUntraced(function* (id: string, accounts: ReadonlyArray<string>, reason: string) {
  const outbox = yield* Outbox
  const letter = { template: "accounts-suspended", accounts: accounts.join(", "), reason } as const
  const { items } = yield* People.list({ tenant: id, role: "customer", state: "active", limit: 1000 })
  for (const { email, locale } of items) yield* outbox.send(email, locale, letter)
})

const rest = (id: string, suspended: boolean, reason: string | undefined) =>
  Effect.gen(function* () {
    yield* asTheOnlyWriter
    const { slug } = yield* Tenants.read("customer", id)
    const suspension = suspended && reason !== undefined ? { reason } : null
    const { items } = yield* accountsOf(slug)
    for (const { metadata } of items)
      yield* patchOne("Account", metadata.name, { spec: { suspended, suspension } }, undefined)
    const shut = items.filter(({ spec }) => spec["suspended"] !== true).map(({ metadata }) => metadata.name)
    if (suspended && shut.length > 0) yield* tellCustomer(id, shut, reason ?? "")
    return yield* detail(id)
  }).pipe(Things.inTheirWords)

export const layer = HttpApiBuilder.group(Api, "reseller", (handlers) =>
  handlers
    .handle("customers", ({ query }) => answerActor(Tenants.list("customer", query)))
    .handle("makeCustomer", ({ payload }) => answerActor(make(payload)))
    .handle("customer", ({ params }) => answerActor(detail(params.id)))
    .handle("suspend", ({ params, payload }) => answerActor(rest(params.id, true, payload.reason)))
    .handle("activate", ({ params }) => answerActor(rest(params.id, false, undefined)))
    .handle("dashboard", () => answerActor(overview)),
)
