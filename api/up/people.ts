// Somebody of every role for the demo, with passwords of their own: made at the first start, where there is no administrator
// yet, and said at every start, for as long as the file with them is there.

import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { ask } from "../cli/client.ts"
import { CommandFailure, wordsOf } from "../cli/failure.ts"
import { Role } from "../identity/role.ts"
import { makePassword } from "../passwords.ts"

const Person = Schema.Struct({ role: Role, email: Schema.String, password: Schema.String })
export type Person = typeof Person.Type

const File = Schema.fromJsonString(Schema.Array(Person))
const parse = Schema.decodeUnknownOption(File)

const names: { readonly [R in Role]: string } = {
  "super-admin": "Ada Admin",
  auditor: "Audrey Auditor",
  reseller: "Rita Reseller",
  customer: "Carl Customer",
  technical: "Tess Technical",
}

/** Whose the demo's accounts are: `customer` of fixtures/demo. */
const reseller = { slug: "hedgerow-hosting", name: "Hedgerow Hosting" }
const itsCustomer = { slug: "meadow-bakery", name: "Meadow Bakery" }
const customers = [
  { slug: "northlight-studio", name: "Northlight Studio" },
  { slug: "tidewater-tours", name: "Tidewater Tours" },
]

/** What the technical user looks after. */
const lookedAfter = { records: ["Site/meadow-shop"], verbs: ["write"] } as const

const made = (role: Role): Person => ({ role, email: `${role}@example.org`, password: makePassword() })

/** Written before anybody is made: a start that is cut off leaves nobody whose password is lost. */
const kept = (home: string): Effect.Effect<ReadonlyArray<Person>, CommandFailure> =>
  Effect.try({
    try: () => {
      const path = join(home, "demo-users.json")
      const before = existsSync(path) ? Option.getOrElse(parse(readFileSync(path, "utf8")), () => []) : []
      const all = Role.literals.map((role) => before.find((person) => person.role === role) ?? made(role))
      if (all.some((person) => !before.includes(person)))
        writeFileSync(path, `${JSON.stringify(all, null, 2)}\n`, { mode: 0o600 })
      return all
    },
    catch: (cause) => new CommandFailure({ message: `the demo's users cannot be kept: ${wordsOf(cause)}` }),
  })

const isThere = (email: string) =>
  Effect.map(
    ask((api) => api.users.list({ query: { search: email, limit: 1 } })),
    ({ items }) => items.length > 0,
  )

const makeAdministrator = Effect.fnUntraced(function* ({ email, password, role }: Person) {
  const right = yield* Effect.option(ask((api) => api.sessions.offerFirstRun()))
  // Somebody has made an administrator of their own: the demo needs none.
  if (Option.isNone(right)) return
  yield* ask((api) =>
    api.login.firstRun({
      payload: {
        token: Redacted.make(right.value.token),
        email,
        name: names[role],
        password: Redacted.make(password),
      },
    }),
  )
})

/** The one of that slug, made where there is none. */
const resellerId = Effect.gen(function* () {
  const { items } = yield* ask((api) => api.resellers.list({ query: { search: reseller.slug } }))
  const found = items.find(({ slug }) => slug === reseller.slug)
  return (found ?? (yield* ask((api) => api.resellers.make({ payload: reseller })))).id
})

const customerId = Effect.fnUntraced(function* (wish: typeof itsCustomer, of: string | undefined) {
  const { items } = yield* ask((api) => api.customers.list({ query: { search: wish.slug } }))
  const found = items.find(({ slug }) => slug === wish.slug)
  const payload = { ...wish, ...(of === undefined ? {} : { reseller: of }) }
  return (found ?? (yield* ask((api) => api.customers.make({ payload })))).id
})

const houses = Effect.gen(function* () {
  const seller = yield* resellerId
  const customer = yield* customerId(itsCustomer, seller)
  for (const other of customers) yield* customerId(other, undefined)
  return { reseller: seller, customer }
})

const makeOther = Effect.fnUntraced(function* (
  { email, password, role }: Person,
  ids: { readonly reseller: string; readonly customer: string },
) {
  const expiresAt = DateTime.formatIso(DateTime.add(yield* DateTime.now, { days: 365 }))
  const invited = yield* ask((api) =>
    api.users.invite({
      payload: {
        email,
        name: names[role],
        role,
        ...(role === "auditor" ? { expiresAt } : {}),
        ...(role === "reseller" ? { tenant: ids.reseller } : {}),
        ...(role === "customer" || role === "technical" ? { tenant: ids.customer } : {}),
        ...(role === "technical" ? lookedAfter : {}),
      },
    }),
  )
  const { token } = invited
  // Mail leaves already: this is no demo any more, and the invitation is on its way.
  if (token === undefined) return
  yield* ask((api) => api.login.reset({ payload: { token: Redacted.make(token), password: Redacted.make(password) } }))
})

/** Those who are there. */
export const demoPeople = Effect.fn("demoPeople")(function* (home: string) {
  const people = yield* kept(home)
  const ids = yield* houses
  for (const person of people) {
    if (yield* isThere(person.email)) continue
    yield* person.role === "super-admin" ? makeAdministrator(person) : makeOther(person, ids)
  }
  const there = yield* Effect.forEach(people, (person) =>
    Effect.map(isThere(person.email), (is) => (is ? [person] : [])),
  )
  return there.flat()
})
