// Resellers, customers and their helpers over HTTP: what each sees, writes and is refused.

import { assert, describe, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { aNode } from "../../fixtures/api/a-node.ts"
import { type Answer, ApiUnderTest, account, site } from "../../fixtures/api/api-under-test.ts"
import { belongings, makeHouses, record } from "../../fixtures/api/houses.ts"
import { accept, ada, bearing, logIn, nobody } from "../../fixtures/api/people.ts"
import { onDatabase } from "../../fixtures/postgres/on-database.ts"
import { StoredRecord } from "../shapes.ts"

/** What is sent without the contract's encoder has its form all the same, and nothing besides. */
const asStored = Schema.decodeUnknownResult(StoredRecord, { onExcessProperty: "error" })

const keysOf = (answer: Answer): Array<string> =>
  answer.body.items.map(({ kind, metadata, name }: never) => `${kind}/${name ?? (metadata as { name: string }).name}`)
const fieldsOf = (answer: Answer) => answer.body.problems?.map(({ field }: { field: string }) => field)
const all = (slug: string) => belongings(slug, 1).map(({ kind, metadata }) => `${kind}/${metadata.name}`)

const set = Effect.gen(function* () {
  const api = yield* ApiUnderTest
  yield* aNode(api.url)
  const houses = yield* makeHouses(api)
  const as =
    (who: { readonly headers: Record<string, string> }) =>
    (method: string, path: string, body?: unknown): Effect.Effect<Answer> =>
      api.ask(method, path, body, who.headers)
  const { auditor, customer, foreign, otherReseller, reseller, sibling, technical } = houses.people
  return {
    ...houses,
    api,
    url: api.url,
    operator: as({ headers: {} }),
    auditor: as(auditor),
    customer: as(customer),
    foreign: as(foreign),
    otherReseller: as(otherReseller),
    reseller: as(reseller),
    sibling: as(sibling),
    technical: as(technical),
  }
})

describe("tenants", () => {
  const quick = { heartbeat: "100 millis", settled: "100 millis" } as const
  layer(ApiUnderTest.layer({ events: quick }), { timeout: "120 seconds", excludeTestServices: true })((it) => {
    // One installation for all that follows: each test leaves what the others look at as it was.
    let made: Effect.Success<typeof set> | undefined
    const the = Effect.suspend(() =>
      made === undefined ? Effect.tap(set, (one) => Effect.sync(() => (made = one))) : Effect.succeed(made),
    )

    it.effect("who ask at once over the same few connections see what is theirs alone", () =>
      Effect.gen(function* () {
        const { auditor, customer, foreign, operator, reseller, sibling, technical } = yield* the
        const sites = (slugs: ReadonlyArray<string>) =>
          slugs.flatMap((slug) => [`Site/${slug}-blog`, `Site/${slug}-shop`])
        const sights = [
          [operator, sites(["foreign", "own", "sibling"])],
          [auditor, sites(["foreign", "own", "sibling"])],
          [reseller, sites(["own", "sibling"])],
          [customer, sites(["own"])],
          [sibling, sites(["sibling"])],
          [foreign, sites(["foreign"])],
          [technical, ["Site/own-blog"]],
        ] as const
        const round = sights.flatMap(([ask, theirs]) => [
          Effect.map(ask("GET", "/v1/records?kind=Site"), (page) => {
            const seen = keysOf(page).filter((key) => sites(["foreign", "own", "sibling"]).includes(key))
            assert.deepStrictEqual(seen, [...theirs])
          }),
          ...sites(["foreign", "own"]).map((key) =>
            Effect.map(ask("GET", `/v1/records/${key}`), ({ body, status }) => {
              assert.strictEqual(status, theirs.includes(key as never) ? 200 : 404, key)
              if (status === 200) assert.strictEqual(`Site/${body.metadata.name}`, key)
            }),
          ),
        ])
        const rounds = Array.from({ length: 6 }, () => round).flat()
        yield* Effect.all(rounds, { concurrency: "unbounded", discard: true })
      }),
    )

    it.effect("see in pages what they see in one list, whichever way it is asked for", () =>
      Effect.gen(function* () {
        const { auditor, customer, operator, reseller, technical } = yield* the
        for (const ask of [auditor, customer, operator, reseller, technical])
          for (const kind of ["Site", "SshKey", "Package"]) {
            // With a prefix it is another statement.
            const whole = yield* ask("GET", `/v1/records?kind=${kind}&prefix=&limit=1000`)
            const paged: Array<unknown> = []
            for (let next: string | null = ""; next !== null; ) {
              const after: string = next === "" ? "" : `&after=${encodeURIComponent(next)}`
              const page = yield* ask("GET", `/v1/records?kind=${kind}&limit=1${after}`)
              paged.push(...page.body.items)
              next = page.body.next
            }
            assert.deepStrictEqual(paged, whole.body.items)
            for (const record of paged)
              assert.isTrue(Result.isSuccess(asStored(record)), String(Result.getFailure(asStored(record))))
          }
      }),
    )

    it.effect("see what is theirs, in every list", () =>
      Effect.gen(function* () {
        const { customer, operator, reseller, technical } = yield* the
        const shown = (ask: typeof operator) => Effect.map(ask("GET", "/v1/records?limit=1000"), keysOf)
        assert.sameMembers(yield* shown(customer), [...all("own"), "Package/own-plan", "Package/small"])
        assert.sameMembers(yield* shown(reseller), [
          ...all("own"),
          ...all("sibling"),
          "Package/own-plan",
          "Package/sibling-plan",
          "Package/small",
        ])
        assert.sameMembers(yield* shown(technical), [
          "Site/own-blog",
          "Database/own-blog",
          "CronJob/own-job",
          "SshKey/own-key",
          "Backup/own-before",
          "Package/own-plan",
          "Package/small",
        ])
        assert.strictEqual((yield* shown(operator)).length, 4 * (all("own").length + 1) + 1)

        const status = (yield* customer("GET", "/v1/status")).body
        assert.sameMembers(
          status.records.map(({ kind, name }: never) => `${kind}/${name}`),
          [...all("own"), "Package/own-plan", "Package/small"],
        )
        assert.deepStrictEqual([status.nodes, status.summary.total], [[], all("own").length + 2])
        const exported = (yield* customer("GET", "/v1/export?format=json")).body
        assert.sameMembers(
          exported.map(({ kind, metadata }: never) => `${kind}/${(metadata as { name: string }).name}`),
          [...all("own"), "Package/own-plan", "Package/small"],
        )
        const usage = (yield* customer("GET", "/v1/usage")).body.items
        assert.deepStrictEqual(
          usage.map(({ name }: { name: string }) => name),
          ["own"],
        )
        // What they have exported they can apply again: what is not theirs to write is unchanged.
        const again = yield* customer("POST", "/v1/apply", { records: exported })
        assert.deepStrictEqual([again.status, again.body.summary?.unchanged], [200, exported.length])
      }),
    )

    it.effect("write what is theirs, and nothing that reaches beyond it", () =>
      Effect.gen(function* () {
        const { customer, operator, reseller } = yield* the
        const put = (ask: typeof operator, it: ReturnType<typeof record>, version?: number) =>
          ask(
            "PUT",
            `/v1/records/${it.kind}/${it.metadata.name}${version === undefined ? "" : `?version=${version}`}`,
            it,
          )
        const news = site("own-news", "own", "news.example.org")
        assert.strictEqual((yield* put(customer, news)).status, 200)
        assert.strictEqual((yield* put(customer, site("own-news", "own", "daily.example.org"), 1)).status, 200)
        assert.strictEqual((yield* customer("DELETE", "/v1/records/Site/own-news?version=2")).status, 200)

        const refused = Effect.fnUntraced(function* (
          ask: typeof operator,
          wish: ReturnType<typeof record>,
          fields: ReadonlyArray<string>,
          version?: number,
        ) {
          const answer = yield* put(ask, wish, version)
          const name = `${wish.kind}/${wish.metadata.name} ${JSON.stringify(answer.body)}`
          assert.deepStrictEqual([answer.status, fieldsOf(answer)], [422, fields], name)
        })
        yield* refused(customer, record("Node", "web9", {}), ["kind"])
        yield* refused(customer, record("Package", "small", { limits: {} }), ["kind"], 1)
        yield* refused(customer, account("own-two", { customer: "own", package: "small" }), ["kind"])
        yield* refused(customer, account("own", { customer: "own" }), ["kind"], 1)
        yield* refused(reseller, account("fresh"), ["spec.customer", "spec.package"])
        yield* refused(reseller, account("fresh", { customer: "own", package: "small", uid: 10_001 }), ["spec.uid"])
        yield* refused(reseller, account("fresh", { customer: "own", package: "small", limits: { sites: 900 } }), [
          "spec.limits",
        ])
        yield* refused(reseller, account("fresh", { customer: "foreign", package: "small" }), ["spec.customer"])
        yield* refused(reseller, account("fresh", { customer: "own", package: "foreign-plan" }), ["spec.package"])
        yield* refused(reseller, account("fresh", { customer: "nobody", package: "small" }), ["spec.customer"])
        const elsewhere = { local: { path: "/var/backups/foreign" } }
        yield* refused(
          customer,
          record("BackupPolicy", "own", { account: "own", repository: elsewhere }),
          ["spec.repository"],
          1,
        )
        // What stands there may stay.
        const policy = (yield* customer("GET", "/v1/records/BackupPolicy/own")).body
        const later = { apiVersion: policy.apiVersion, kind: policy.kind, metadata: policy.metadata }
        const changed = yield* customer("PUT", "/v1/records/BackupPolicy/own?version=1", {
          ...later,
          spec: { ...policy.spec, schedule: "0 3 * * *" },
        })
        assert.strictEqual(changed.status, 200, JSON.stringify(changed.body))

        // A reseller opens accounts for its customers.
        const fresh = account("fresh", { customer: "sibling", package: "small" })
        assert.strictEqual((yield* put(reseller, fresh)).status, 200)
        const uid = (yield* operator("GET", "/v1/records/Account/fresh")).body.spec.uid
        assert.isNumber(uid)
        assert.strictEqual((yield* reseller("DELETE", "/v1/records/Account/fresh?version=1")).status, 200)
      }),
    )

    it.effect("are told of nothing that is others', also where it is in their way", () =>
      Effect.gen(function* () {
        const { customer } = yield* the
        const made = (wish: ReturnType<typeof record>) =>
          customer("PUT", `/v1/records/${wish.kind}/${wish.metadata.name}`, wish)
        const bare = (answer: Answer, name: string) =>
          `${answer.status} ${JSON.stringify(answer.body)}`.replaceAll(name, "X")

        // On an account that is another's, or that there is not.
        for (const kind of ["Site", "Php", "CronJob"] as const) {
          const spec = (owner: string) =>
            kind === "Site"
              ? { account: owner, domains: ["mine.example.org"] }
              : kind === "Php"
                ? { account: owner, version: "8.2" }
                : { account: owner, schedule: "0 4 * * *", command: "true" }
          const [foreign, missing] = [
            yield* made(record(kind, "own-x", spec("foreign"))),
            yield* made(record(kind, "own-x", spec("nowhere"))),
          ]
          assert.strictEqual(bare(foreign, "foreign"), bare(missing, "nowhere"), kind)
          assert.deepStrictEqual(fieldsOf(foreign), ["spec.account"], kind)
        }
        // By a policy or a site that is.
        for (const [kind, spec] of [
          ["Backup", (name: string) => ({ policy: name })],
          ["Certificate", (name: string) => ({ site: name })],
        ] as const) {
          const name = kind === "Backup" ? "foreign" : "foreign-blog"
          const foreign = yield* made(record(kind, "own-x", spec(name)))
          assert.strictEqual(bare(foreign, name), bare(yield* made(record(kind, "own-x", spec("nowhere"))), "nowhere"))
        }
        // A domain, and a name, that somebody has.
        const domain = yield* made(site("own-x", "own", "foreign.example.org"))
        assert.deepStrictEqual(domain.body.problems, [
          {
            index: 0,
            kind: "Site",
            name: "own-x",
            field: "spec.domains[0]",
            message: "Somebody else has this, or needs it.",
            mend: "Choose another, or ask whoever runs the installation.",
          },
        ])
        const name = yield* made(site("foreign-blog", "own", "mine.example.org"))
        assert.deepStrictEqual([name.status, fieldsOf(name)], [422, ["metadata.name"]])
        assert.match(name.body.problems[0].message, /^This name is taken\.$/)
        // One's own is named.
        const own = yield* made(site("own-x", "own", "own.example.org"))
        assert.include(own.body.problems[0].message, "Site/own-blog")
        for (const answer of [domain, name])
          assert.notMatch(JSON.stringify(answer.body).replace('"foreign-blog"', ""), /foreign(?!\.example)/)
        assert.strictEqual((yield* customer("GET", "/v1/records/Site/own-x")).status, 404)
      }),
    )

    it.effect("have a limit that holds when fifty ask at once", () =>
      Effect.gen(function* () {
        const { customer, operator } = yield* the
        yield* operator(
          "PUT",
          "/v1/records/Package/own-plan?version=1",
          record("Package", "own-plan", { limits: { sites: 12 } }),
        )
        const asked = Array.from({ length: 50 }, (_, index) =>
          customer(
            "PUT",
            `/v1/records/Site/own-many-${index}`,
            site(`own-many-${index}`, "own", `m${index}.example.org`),
          ),
        )
        const answers = yield* Effect.all(asked, { concurrency: "unbounded" })
        // Two are there.
        assert.deepStrictEqual(
          [200, 422].map((status) => answers.filter((answer) => answer.status === status).length),
          [10, 40],
        )
        const pruned = yield* operator("POST", "/v1/apply", {
          records: [record("Package", "own-plan", { limits: { sites: 4 } })],
        })
        assert.strictEqual(pruned.status, 200)
        for (const [index, { status }] of answers.entries())
          if (status === 200) yield* customer("DELETE", `/v1/records/Site/own-many-${index}?version=1`)
        yield* onDatabase(
          yield* Effect.map(the, ({ url }) => url),
          (sql) => sql`delete from records where name like 'own-many-%'`,
        )
      }),
    )

    it.effect("have helpers, who do with some records what they may", () =>
      Effect.gen(function* () {
        const { api, customer, operator, people, technical } = yield* the
        const blog = (yield* customer("GET", "/v1/records/Site/own-blog")).body
        const change = (suspended: boolean, version: number) =>
          technical("PUT", `/v1/records/Site/own-blog?version=${version}`, {
            apiVersion: blog.apiVersion,
            kind: "Site",
            metadata: blog.metadata,
            spec: { ...blog.spec, suspended },
          })
        assert.strictEqual((yield* change(true, 1)).status, 200)
        assert.strictEqual((yield* change(false, 2)).status, 200)
        // The rest of the account is not theirs: neither to see, nor to add to.
        for (const path of ["Site/own-shop", "Account/own", "BackupPolicy/own", "Site/foreign-blog"])
          assert.strictEqual((yield* technical("GET", `/v1/records/${path}`)).status, 404, path)
        const bodies: Array<string> = []
        for (const name of ["own-shop", "own-new", "foreign-blog"]) {
          const answer = yield* technical("PUT", `/v1/records/Site/${name}`, site(name, "own", "x.example.org"))
          assert.deepStrictEqual([answer.status, fieldsOf(answer)], [422, ["metadata.name"]], name)
          bodies.push(JSON.stringify(answer.body).replaceAll(name, "X"))
        }
        assert.strictEqual(new Set(bodies).size, 1)
        assert.strictEqual((yield* technical("POST", "/v1/runs", { kind: "CronJob", name: "own-job" })).status, 200)

        // Without the verb, they look.
        const less = yield* customer("PATCH", `/v1/users/${people.technical.id}`, { verbs: [] })
        assert.deepStrictEqual([less.status, less.body.verbs], [200, []])
        assert.strictEqual((yield* technical("GET", "/v1/records/Site/own-blog")).status, 200)
        assert.strictEqual((yield* change(true, 3)).status, 403)
        assert.strictEqual((yield* technical("POST", "/v1/runs", { kind: "CronJob", name: "own-job" })).status, 403)
        // A token of theirs can do no more.
        const wish = { password: ada.password, name: "t", validFor: 30 }
        const tooMuch = yield* technical("POST", "/v1/tokens", { ...wish, scopes: ["records:read", "records:write"] })
        assert.deepStrictEqual(fieldsOf(tooMuch), ["scopes[1]"])
        const { token } = (yield* technical("POST", "/v1/tokens", { ...wish, scopes: ["records:read"] })).body
        const seen = yield* api.ask("GET", "/v1/records", undefined, { authorization: `Bearer ${token}` })
        assert.notInclude(keysOf(seen), "Site/own-shop")
        assert.include(keysOf(seen), "Site/own-blog")
        // For others from the next request on.
        yield* customer("PATCH", `/v1/users/${people.technical.id}`, { records: ["Site/own-shop"], verbs: ["write"] })
        assert.strictEqual((yield* technical("GET", "/v1/records/Site/own-blog")).status, 404)
        assert.strictEqual((yield* technical("GET", "/v1/records/Site/own-shop")).status, 200)
        // One that is somebody else's stays so.
        yield* operator("PATCH", `/v1/users/${people.technical.id}`, { records: ["Site/foreign-blog"] })
        assert.strictEqual((yield* technical("GET", "/v1/records/Site/foreign-blog")).status, 404)
        yield* operator("PATCH", `/v1/users/${people.technical.id}`, {
          records: ["Site/own-blog", "Database/own-blog", "CronJob/own-job", "SshKey/own-key", "Backup/own-before"],
        })
      }),
    )

    it.effect("make users of their own, and nobody who could do more than they", () =>
      Effect.gen(function* () {
        const { customer, customers, otherReseller, people, reseller, resellers } = yield* the
        const invite = (ask: typeof customer, role: string, more: object = {}) =>
          ask("POST", "/v1/users", { email: `${role}-${crypto.randomUUID()}@example.org`, name: "N", role, ...more })
        const helper = { records: ["Site/own-blog"], verbs: ["write"] }
        const done = yield* invite(customer, "technical", helper)
        assert.deepStrictEqual([done.status, done.body.user?.tenant], [201, customers.own])
        assert.strictEqual((yield* invite(customer, "customer")).status, 201)
        assert.strictEqual((yield* invite(reseller, "reseller")).status, 201)
        assert.strictEqual((yield* invite(reseller, "customer", { tenant: customers.sibling })).status, 201)

        const refusals: ReadonlyArray<readonly [typeof customer, string, object, string]> = [
          [customer, "super-admin", {}, "role"],
          [customer, "auditor", { expiresAt: "2099-01-01T00:00:00Z" }, "role"],
          [customer, "reseller", {}, "tenant"],
          [customer, "reseller", { tenant: resellers.ours }, "tenant"],
          [customer, "customer", { tenant: customers.sibling }, "tenant"],
          [customer, "technical", { verbs: ["write"] }, "records"],
          [customer, "customer", { records: ["Site/own-blog"] }, "records"],
          [customer, "customer", { verbs: ["write"] }, "verbs"],
          [reseller, "super-admin", {}, "role"],
          [reseller, "customer", {}, "tenant"],
          [reseller, "customer", { tenant: customers.foreign }, "tenant"],
          [reseller, "customer", { tenant: "nothing" }, "tenant"],
          [reseller, "reseller", { tenant: resellers.theirs }, "tenant"],
          [reseller, "reseller", { tenant: customers.own }, "tenant"],
        ]
        for (const [ask, role, more, field] of refusals) {
          const answer = yield* invite(ask, role, more)
          assert.deepStrictEqual([answer.status, fieldsOf(answer)], [422, [field]], `${role} ${JSON.stringify(more)}`)
        }
        for (const records of [
          ['Site/a"b'],
          ["Site/../x"],
          ["Nothing/x"],
          ["Site/a,Site/b"],
          ["*"],
          ["Site/\u0430cme"],
        ])
          assert.deepStrictEqual(fieldsOf(yield* invite(customer, "technical", { records })), ["records"], records[0])

        // Nobody becomes what they are not the house of.
        for (const role of ["super-admin", "reseller", "auditor"]) {
          const answer = yield* customer("PATCH", `/v1/users/${done.body.user.id}`, { role })
          assert.strictEqual(answer.status, 422, role)
          assert.include(fieldsOf(answer), "role")
        }
        // The users of others are not there.
        const shown = (ask: typeof customer) =>
          Effect.map(ask("GET", "/v1/users?limit=1000"), ({ body }) => body.items.map(({ id }: { id: string }) => id))
        assert.notInclude(yield* shown(customer), people.sibling.id)
        assert.notInclude(yield* shown(customer), people.reseller.id)
        assert.includeMembers(yield* shown(reseller), [people.sibling.id, people.customer.id, people.reseller.id])
        assert.notInclude(yield* shown(reseller), people.foreign.id)
        assert.notInclude(yield* shown(otherReseller), people.customer.id)
        assert.strictEqual((yield* customer("POST", `/v1/users/${people.sibling.id}/suspend`, {})).status, 404)
        // All or none, over the border too.
        const bulk = yield* customer("POST", "/v1/users/bulk", {
          action: "suspend",
          ids: [done.body.user.id, people.foreign.id],
        })
        assert.strictEqual(bulk.status, 404)
        assert.isNull((yield* customer("GET", `/v1/users/${done.body.user.id}`)).body.suspendedAt)
      }),
    )

    it.effect("are made, renamed, and removed when they have nothing any more", () =>
      Effect.gen(function* () {
        const { customer, customers, operator, otherReseller, reseller, resellers } = yield* the
        const fresh = yield* reseller("POST", "/v1/customers", { slug: "fresh-one", name: "Fresh One" })
        assert.deepStrictEqual([fresh.status, fresh.body.reseller, fresh.body.accounts], [201, resellers.ours, 0])
        const { id } = fresh.body
        assert.strictEqual((yield* otherReseller("GET", `/v1/customers/${id}`)).status, 404)
        assert.strictEqual((yield* reseller("PATCH", `/v1/customers/${id}`, { name: "Fresher" })).body.name, "Fresher")
        // A reseller neither gives its customers away nor takes others'.
        for (const wish of [null, resellers.theirs, "nothing"])
          assert.deepStrictEqual(
            fieldsOf(yield* reseller("PATCH", `/v1/customers/${id}`, { reseller: wish })),
            ["reseller"],
            String(wish),
          )
        assert.deepStrictEqual(
          fieldsOf(yield* reseller("POST", "/v1/customers", { slug: "x", name: "X", reseller: resellers.theirs })),
          ["reseller"],
        )
        assert.strictEqual((yield* customer("POST", "/v1/customers", { slug: "x", name: "X" })).status, 403)
        assert.strictEqual((yield* reseller("POST", "/v1/resellers", { slug: "x", name: "X" })).status, 403)

        for (const [wish, fields] of [
          [{ slug: "foreign", name: "Mine" }, ["slug"]],
          [{ slug: "own", name: "Mine" }, ["slug"]],
          [{ slug: "Upper", name: "Mine" }, ["slug"]],
          [{ slug: "../x", name: "Mine" }, ["slug"]],
          [{ slug: "x\n", name: "Mine" }, ["slug"]],
          [{ slug: "fine", name: "" }, ["name"]],
          [{ slug: "fine", name: "two\nlines" }, ["name"]],
          [{ slug: "", name: "" }, ["slug", "name"]],
        ] as const) {
          const answer = yield* reseller("POST", "/v1/customers", wish)
          assert.deepStrictEqual([answer.status, fieldsOf(answer)], [422, fields], JSON.stringify(wish))
        }
        // An account that waits for its customer goes to whom the operator makes.
        yield* operator("PUT", "/v1/records/Account/waits", account("waits", { customer: "to-come" }))
        const squatted = yield* reseller("POST", "/v1/customers", { slug: "to-come", name: "Mine" })
        assert.deepStrictEqual(fieldsOf(squatted), ["slug"])
        const came = yield* operator("POST", "/v1/customers", { slug: "to-come", name: "To Come" })
        assert.strictEqual((yield* operator("GET", `/v1/customers/${came.body.id}`)).body.accounts, 1)

        const busy = yield* reseller("DELETE", `/v1/customers/${customers.own}`)
        assert.deepStrictEqual([busy.status, fieldsOf(busy)], [422, ["id"]])
        assert.match(busy.body.problems[0].message, /still has 1 accounts and \d users/)
        assert.strictEqual((yield* reseller("DELETE", `/v1/customers/${id}`)).status, 204)
        assert.strictEqual((yield* reseller("DELETE", `/v1/customers/${id}`)).status, 404)

        const slugs = (ask: typeof operator, query = "") =>
          Effect.map(ask("GET", `/v1/customers${query}`), ({ body }) =>
            body.items.map((one: { slug: string }) => one.slug),
          )
        assert.deepStrictEqual(yield* slugs(reseller), ["own", "sibling"])
        assert.deepStrictEqual(yield* slugs(customer), ["own"])
        assert.includeMembers(yield* slugs(operator, "?reseller=none"), ["direct", "to-come"])
        assert.deepStrictEqual(yield* slugs(operator, `?reseller=${resellers.theirs}`), ["foreign"])
        assert.deepStrictEqual(yield* slugs(operator, "?search=sib"), ["sibling"])
        assert.deepStrictEqual(yield* slugs(operator, "?search=%25"), [])
        const first = (yield* operator("GET", "/v1/customers?sort=-name&limit=2")).body
        const rest = (yield* operator("GET", `/v1/customers?sort=-name&limit=50&after=${first.next}`)).body
        const names = [...first.items, ...rest.items].map(({ name }: { name: string }) => name.toLowerCase())
        assert.deepStrictEqual(names, names.toSorted().toReversed())
        assert.strictEqual(names.length, 5)
      }),
    )

    it.effect("change hands with all that is theirs, and take along what was told of it", () =>
      Effect.gen(function* () {
        const { customers, operator, otherReseller, reseller, resellers, sibling, foreign, url } = yield* the
        const sees = (ask: typeof operator, path: string) =>
          Effect.map(ask("GET", path), ({ status }) => status === 200)
        const certificate = "/v1/records/Certificate/sibling-blog"
        assert.deepStrictEqual(
          [yield* sees(reseller, certificate), yield* sees(otherReseller, certificate)],
          [true, false],
        )
        yield* operator("PATCH", `/v1/customers/${customers.sibling}`, { reseller: resellers.theirs })
        assert.deepStrictEqual(
          [yield* sees(reseller, certificate), yield* sees(otherReseller, certificate)],
          [false, true],
        )
        assert.isTrue(yield* sees(sibling, certificate))
        yield* operator("PATCH", `/v1/customers/${customers.sibling}`, { reseller: resellers.ours })
        assert.deepStrictEqual(
          [yield* sees(reseller, certificate), yield* sees(otherReseller, certificate)],
          [true, false],
        )

        // What was deleted is still told to whoever had it, and to nobody who has its name after them.
        const page = site("passing", "sibling", "passing.example.org")
        yield* sibling("PUT", "/v1/records/Site/passing", page)
        yield* sibling("DELETE", "/v1/records/Site/passing?version=1")
        yield* onDatabase(
          url,
          (sql) => sql`
            with told as (
              insert into drift_events (node, kind, name, resource_key, drift_kind, stream, outcome, diff, seen_at)
              values ('web1', 'Site', 'passing', 'path:/p', 'changed', 'corrective', 'healed', 'theirs', now())
            ) delete from records where kind = 'Site' and name = 'passing'`,
        )
        const history = (ask: typeof operator) =>
          Effect.map(ask("GET", "/v1/history/Site/passing"), ({ body }) =>
            body.items?.map(({ action }: { action: string }) => action),
          )
        assert.deepStrictEqual(yield* history(sibling), ["delete", "create"])
        assert.isUndefined(yield* history(foreign))
        assert.strictEqual(
          (yield* foreign("PUT", "/v1/records/Site/passing", site("passing", "foreign", "passing.example.org"))).status,
          200,
        )
        assert.deepStrictEqual(yield* history(foreign), ["create"])
        assert.deepStrictEqual(yield* history(sibling), ["delete", "create"])
        for (const ask of [foreign, sibling])
          assert.deepStrictEqual((yield* ask("GET", "/v1/drift?kind=Site&name=passing")).body.items, [])
        // Its former owner does not get it back while somebody has the name.
        const [, gone] = (yield* sibling("GET", "/v1/history/Site/passing")).body.items
        const back = yield* sibling("POST", "/v1/rollback", { kind: "Site", name: "passing", revision: gone.seq })
        assert.deepStrictEqual([back.status, fieldsOf(back)?.[0]], [422, "metadata.name"])
        yield* foreign("DELETE", "/v1/records/Site/passing?version=3")
        yield* onDatabase(url, (sql) => sql`delete from records where kind = 'Site' and name = 'passing'`)
        assert.strictEqual(
          (yield* sibling("POST", "/v1/rollback", { kind: "Site", name: "passing", revision: gone.seq })).status,
          200,
        )
      }),
    )

    it.effect("hear of what is theirs, as it happens", () =>
      Effect.gen(function* () {
        const { api, customer, people, sibling } = yield* the
        const response = yield* api.fetch("/v1/events", { headers: people.customer.headers })
        const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
        yield* sibling("PUT", "/v1/records/Site/heard", site("heard", "sibling", "heard.example.org"))
        yield* sibling("DELETE", "/v1/records/Site/heard?version=1")
        yield* customer("PUT", "/v1/records/Site/own-heard", site("own-heard", "own", "own-heard.example.org"))
        let text = ""
        yield* Effect.promise(async () => {
          while (!text.includes("own-heard")) text += (await reader?.read())?.value ?? ""
          await reader?.cancel()
        })
        assert.notMatch(text, /(?<!own-)heard/)
        yield* customer("DELETE", "/v1/records/Site/own-heard?version=1")
        assert.strictEqual((yield* api.ask("GET", "/v1/events", undefined, nobody)).status, 401)
      }),
    )

    it.effect("hear of what they missed, when they come back, and of nobody else's", () =>
      Effect.gen(function* () {
        const { api, customer, foreign, people, sibling } = yield* the
        const listen = Effect.fnUntraced(function* (id: string, enough: RegExp) {
          const headers = { ...people.customer.headers, ...(id === "" ? {} : { "last-event-id": id }) }
          const response = yield* api.fetch("/v1/events", { headers })
          const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
          let text = ""
          yield* Effect.promise(async () => {
            while (!enough.test(text)) text += (await reader?.read())?.value ?? ""
            await reader?.cancel()
          })
          return text
        })
        const id = /^id: (.*)$/m.exec(yield* listen("", /^id: .*$/m))?.[1] ?? ""
        yield* sibling("PUT", "/v1/records/Site/missed", site("missed", "sibling", "missed.example.org"))
        yield* foreign("PUT", "/v1/records/Site/far-missed", site("far-missed", "foreign", "far.example.org"))
        yield* customer("PUT", "/v1/records/Site/own-missed", site("own-missed", "own", "own-missed.example.org"))
        const told = yield* listen(id, /own-missed/)
        assert.notMatch(told, /(?<!own-)missed|resync/)
        for (const [ask, name] of [
          [sibling, "missed"],
          [foreign, "far-missed"],
          [customer, "own-missed"],
        ] as const)
          assert.strictEqual((yield* ask("DELETE", `/v1/records/Site/${name}?version=1`)).status, 200)
      }),
    )

    it.effect("hear no more once they may not, also where they are listening already", () =>
      Effect.gen(function* () {
        const { api, operator } = yield* the
        const invited = yield* operator("POST", "/v1/users", {
          email: "zoe@example.org",
          name: "Zoe",
          role: "super-admin",
        })
        const zoe = yield* accept(api, invited)
        const as = bearing(zoe)
        const wish = { password: ada.password, name: "t", scopes: ["live:read"], validFor: 5 }
        const program = (yield* api.ask("POST", "/v1/tokens", wish, as)).body
        const listening = Effect.fnUntraced(function* (headers: Record<string, string>) {
          const response = yield* api.fetch("/v1/events", { headers })
          assert.strictEqual(response.status, 200)
          return Effect.promise(() => response.text())
        })
        const ends = [
          [as, "POST", "/auth/logout", { refreshToken: zoe.body.refreshToken }],
          [{ authorization: `Bearer ${program.token}` }, "DELETE", `/v1/tokens/${program.id}`, undefined],
        ] as const
        const again = yield* logIn(api, { email: "zoe@example.org" })
        for (const [headers, method, path, body] of ends) {
          const end = yield* listening(headers)
          assert.isBelow((yield* api.ask(method, path, body, bearing(again))).status, 300)
          assert.match(yield* end, /resync/)
        }
        // Another role sees something else, and a user who is gone nothing.
        const changed = yield* listening(bearing(again))
        const expiresAt = new Date(api.now() + 86_400_000).toISOString()
        yield* operator("PATCH", `/v1/users/${invited.body.user.id}`, { role: "auditor", expiresAt })
        yield* changed
        const suspended = yield* listening(bearing(again))
        yield* operator("POST", `/v1/users/${invited.body.user.id}/suspend`, {})
        yield* suspended
      }),
    )
  })
})
