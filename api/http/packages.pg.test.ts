// What is sold, and a reseller's own side: customers with their accounts, and how many there may be.

import { assert, describe, layer, vi } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { aNode } from "../../fixtures/api/a-node.ts"
import { type Answer, ApiUnderTest } from "../../fixtures/api/api-under-test.ts"
import { type Houses, makeHouses, record } from "../../fixtures/api/houses.ts"
import { onDatabase } from "../../fixtures/postgres/on-database.ts"
import { mailServer } from "../../fixtures/smtp/server.ts"

const fieldsOf = (answer: Answer) => answer.body.problems?.map(({ field }: { field: string }) => field)
const idsOf = (answer: Answer): Array<string> => answer.body.items.map(({ id }: { id: string }) => id)

describe("what is sold", () => {
  layer(ApiUnderTest.layer(), { timeout: "60 seconds", excludeTestServices: true })((it) => {
    let houses: Houses | undefined
    const the = Effect.gen(function* () {
      const api = yield* ApiUnderTest
      if (houses === undefined) {
        yield* aNode(api.url)
        houses = yield* makeHouses(api)
      }
      const { customer, otherReseller, reseller } = houses.people
      const as =
        (who: { readonly headers: Record<string, string> }) =>
        (method: string, path: string, body?: unknown): Effect.Effect<Answer> =>
          api.ask(method, path, body, who.headers)
      return {
        ...houses,
        url: api.url,
        customer: as(customer),
        operator: as({ headers: {} }),
        otherReseller: as(otherReseller),
        reseller: as(reseller),
      }
    })

    it.effect("is a package with limits, features and prices in whole cents", () =>
      Effect.gen(function* () {
        const { customer, operator, reseller } = yield* the
        const made = yield* operator("POST", "/v1/packages", {
          id: "shop",
          title: "Shop",
          description: "For those who sell",
          limits: { sites: 10, disk: "20G" },
          features: ["10 sites", "Daily backups"],
          currency: "EUR",
          monthlyPrice: 990,
          yearlyPrice: 9900,
        })
        assert.deepStrictEqual(
          [made.status, made.body.monthlyPrice, made.body.limits, made.body.visible, made.body.accounts],
          [201, 990, { sites: 10, disk: "20G" }, false, 0],
        )
        // The hosts know its limits, as those of any other.
        const record = (yield* operator("GET", "/v1/records/Package/shop")).body
        assert.deepStrictEqual(record.spec, { description: "For those who sell", limits: { sites: 10, disk: "20G" } })

        // Nobody else sees it before it is visible, nor its record.
        for (const ask of [reseller, customer]) {
          assert.notInclude(idsOf(yield* ask("GET", "/v1/packages")), "shop")
          assert.strictEqual((yield* ask("GET", "/v1/packages/shop")).status, 404)
          assert.strictEqual((yield* ask("GET", "/v1/records/Package/shop")).status, 404)
        }
        assert.deepStrictEqual(idsOf(yield* customer("GET", "/v1/packages")).toSorted(), ["own-plan", "small"])
        const shown = yield* operator("PATCH", "/v1/packages/shop", {
          visible: true,
          limits: { sites: 12 },
          yearlyPrice: null,
        })
        assert.deepStrictEqual(
          [shown.body.limits, shown.body.yearlyPrice, shown.body.monthlyPrice, shown.body.features.length],
          [{ sites: 12, disk: "20G" }, null, 990, 2],
        )
        assert.strictEqual((yield* customer("GET", "/v1/packages/shop")).body.monthlyPrice, 990)

        const all = idsOf(yield* operator("GET", "/v1/packages"))
        const turned = yield* operator("PUT", "/v1/packages/order", { ids: ["shop", "small"] })
        assert.deepStrictEqual(idsOf(turned).slice(0, 2), ["shop", "small"])
        assert.sameMembers(idsOf(turned), all)
        assert.deepStrictEqual(fieldsOf(yield* operator("PUT", "/v1/packages/order", { ids: ["none"] })), ["ids[0]"])

        for (const [wish, fields] of [
          [{ monthlyPrice: 9.9 }, ["monthlyPrice"]],
          [{ monthlyPrice: -1, yearlyPrice: 1e12 }, ["monthlyPrice", "yearlyPrice"]],
          [{ currency: "EURO" }, ["currency"]],
          [{ title: "" }, ["title"]],
          [{ title: "two\nlines" }, ["title"]],
          [{ features: ["fine", "a\u0000b"] }, ["features[1]"]],
          [{ limits: { nothing: 1 } }, ["limits.nothing"]],
          [{ limits: { disk: "lots" } }, ["limits.disk"]],
        ] as const) {
          const refused = yield* operator("PATCH", "/v1/packages/shop", wish)
          assert.deepStrictEqual([refused.status, fieldsOf(refused)], [422, fields], JSON.stringify(refused.body))
        }
        assert.deepStrictEqual(fieldsOf(yield* operator("POST", "/v1/packages", { id: "shop" })), ["id"])
        assert.deepStrictEqual(fieldsOf(yield* operator("POST", "/v1/packages", { id: "Not A Name" })), ["id"])
        assert.strictEqual((yield* operator("GET", "/v1/packages/shop")).body.title, "Shop")

        const used = yield* operator("DELETE", "/v1/packages/own-plan")
        assert.strictEqual(used.status, 422)
        assert.include(JSON.stringify(used.body), "Account/own")
        assert.strictEqual((yield* operator("DELETE", "/v1/packages/shop")).status, 204)
        assert.strictEqual((yield* operator("GET", "/v1/packages/shop")).status, 404)
        const [event] = (yield* operator("GET", "/v1/audit?action=package.changed")).body.items
        assert.deepStrictEqual([event.target, event.before.monthlyPrice], ["Package/shop", 990])
      }),
    )

    it.effect("that is suspended is told to the customer, with the reason, and to nobody else", () =>
      Effect.gen(function* () {
        const { customers, operator, reseller } = yield* the
        const server = yield* Effect.acquireRelease(
          Effect.promise(() => mailServer()),
          (one) => Effect.promise(one.close),
        )
        const mail = { host: "127.0.0.1", port: server.port, security: "none", from: "panel@example.org" }
        yield* operator("PUT", "/v1/config/email", {
          ...mail,
          senderName: "Panel",
          portal: "https://panel.example.org",
        })
        const about = () =>
          server.received.filter(({ headers }) => headers.get("subject") === "Your hosting was suspended")
        const path = `/v1/reseller/customers/${customers.own}`
        assert.strictEqual((yield* reseller("POST", `${path}/suspend`, { reason: "unpaid" })).status, 200)
        // Again is no news.
        assert.strictEqual((yield* reseller("POST", `${path}/suspend`, { reason: "unpaid" })).status, 200)
        assert.strictEqual((yield* reseller("POST", `${path}/activate`, {})).status, 200)
        assert.strictEqual((yield* reseller("POST", `${path}/suspend`, {})).status, 200)
        assert.strictEqual((yield* reseller("POST", `${path}/activate`, {})).status, 200)
        yield* Effect.promise(() => vi.waitFor(() => assert.strictEqual(about().length, 2), { timeout: 20_000 }))
        assert.isTrue(about().every(({ body, to }) => to.includes("carl@example.org") && /suspended: own\./.test(body)))
        assert.deepStrictEqual(
          about()
            .map(({ body }) => /Reason: unpaid/.test(body))
            .sort(),
          [false, true],
        )
      }),
    )

    it.effect("is opened for customers by their reseller, in one go, as far as there is room", () =>
      Effect.gen(function* () {
        const { customer, customers, operator, otherReseller, reseller, resellers, url } = yield* the
        const made = yield* reseller("POST", "/v1/reseller/customers", {
          slug: "bakery",
          name: "Bakery: Söhne",
          package: "small",
        })
        assert.deepStrictEqual(
          [made.status, made.body.slug, made.body.reseller, made.body.things.map(({ id }: { id: string }) => id)],
          [201, "bakery", resellers.ours, ["bakery"]],
        )
        assert.strictEqual(made.body.things[0].fields.package, "small")
        // All or nothing: a customer whose account cannot be is not made either.
        for (const [wish, fields] of [
          [{ slug: "fresh", name: "Fresh", package: "none" }, ["package"]],
          [{ slug: "fresh", name: "Fresh", package: "foreign-plan" }, ["package"]],
          [{ slug: "fresh", name: "Fresh", package: "small", account: "root" }, ["account"]],
          [{ slug: "fresh", name: "Fresh", package: "small", account: "own" }, ["account"]],
          [{ slug: "fresh", name: "Fresh", package: "small", account: "foreign" }, ["account"]],
          [{ slug: "fresh", name: "Fresh", account: "fresh" }, ["package"]],
          [{ slug: "bakery", name: "Again", package: "small" }, ["slug"]],
        ] as const) {
          const refused = yield* reseller("POST", "/v1/reseller/customers", wish)
          assert.deepStrictEqual([refused.status, fieldsOf(refused)], [422, fields], JSON.stringify(refused.body))
        }
        assert.deepStrictEqual(idsOf(yield* reseller("GET", "/v1/reseller/customers?search=fresh")), [])

        const path = `/v1/reseller/customers/${made.body.id}`
        const resting = yield* reseller("POST", `${path}/suspend`, { reason: "unpaid" })
        assert.deepStrictEqual(
          [resting.status, resting.body.things[0].fields.suspended, resting.body.things[0].fields.suspension],
          [200, true, { reason: "unpaid" }],
        )
        assert.strictEqual((yield* reseller("GET", "/v1/reseller/dashboard")).body.suspended, 1)
        const back = yield* reseller("POST", `${path}/activate`, {})
        assert.deepStrictEqual(
          [back.body.things[0].fields.suspended, back.body.things[0].fields.suspension],
          [false, undefined],
        )
        assert.deepStrictEqual(fieldsOf(yield* reseller("POST", `${path}/suspend`, { reason: "two\nlines" })), [
          "suspension.reason",
        ])
        assert.strictEqual((yield* otherReseller("POST", `${path}/suspend`, {})).status, 404)
        assert.strictEqual((yield* otherReseller("GET", path)).status, 404)

        // Limits, however many come at once.
        const terms = yield* operator("PATCH", `/v1/resellers/${resellers.ours}`, {
          limits: { customers: 8, accounts: 5 },
          commissionBasisPoints: 1250,
        })
        assert.deepStrictEqual(
          [terms.body.limits, terms.body.commissionBasisPoints],
          [{ customers: 8, accounts: 5 }, 1250],
        )
        const dashboard = (yield* reseller("GET", "/v1/reseller/dashboard")).body
        assert.deepStrictEqual(
          [dashboard.customers, dashboard.accounts],
          [
            { used: 3, limit: 8 },
            { used: 3, limit: 5 },
          ],
        )
        const many = yield* Effect.forEach(
          Array.from({ length: 20 }, (_, index) => index),
          (index) =>
            reseller("POST", "/v1/reseller/customers", {
              slug: `many-${index}`,
              name: "Many",
              ...(index % 2 === 0 ? { package: "small" } : {}),
            }),
          { concurrency: "unbounded" },
        )
        const count = yield* onDatabase<{ customers: number; accounts: number }>(
          url,
          (sql) => sql`
            select (select count(*)::int from tenants where reseller_id = ${resellers.ours}) as customers,
              (select count(*)::int from records where kind = 'Account' and reseller_id = ${resellers.ours}) as accounts`,
        )
        assert.isTrue(many.every(({ status }) => status === 201 || status === 422))
        assert.deepStrictEqual(count[0]?.customers, 8)
        assert.isAtMost(count[0]?.accounts ?? 99, 5)
        for (const { body, status } of many)
          if (status === 422) assert.include(["reseller", "customer"], body.problems[0].field)
        // A reseller does not set its own terms.
        assert.strictEqual((yield* reseller("PATCH", `/v1/resellers/${resellers.ours}`, { limits: {} })).status, 403)
        // What its customers have counts too, whoever makes it; they are not told how much the reseller has.
        const site = (name: string) => ({ id: name, account: "own", domains: [`${name}.example.org`] })
        yield* operator("PATCH", `/v1/resellers/${resellers.ours}`, { limits: { sites: 5, databases: 2, cronJobs: 2 } })
        const sites = yield* Effect.forEach(
          Array.from({ length: 10 }, (_, index) => site(`more-${index}`)),
          (wish) => customer("POST", "/v1/customer/websites", wish),
          { concurrency: "unbounded" },
        )
        assert.strictEqual(sites.filter(({ status }) => status === 201).length, 1, JSON.stringify(sites[0]?.body))
        const full = sites.find(({ status }) => status === 422)
        assert.deepStrictEqual(full?.body.problems[0].message, "There is no room for one more site.")
        const database = record("Database", "one-more", { account: "own", users: [] })
        const refused = yield* reseller("POST", "/v1/apply", { records: [database] })
        assert.strictEqual(refused.body.problems[0].message, "There are 2 databases, and there may be 2.")
        // Disk is what accounts are given, by their packages.
        const room = yield* operator("PATCH", `/v1/resellers/${resellers.ours}`, { limits: { disk: 30 * 1024 ** 3 } })
        assert.strictEqual(room.status, 200)
        for (const [id, limits] of [
          ["ten", { disk: "10G", sites: 9 }],
          ["twenty", { disk: "20G", sites: 9 }],
        ] as const)
          assert.strictEqual((yield* operator("POST", "/v1/packages", { id, limits, visible: true })).status, 201)
        const pack = (name: string, id: string) =>
          reseller("PATCH", `/v1/records/Account/${name}`, { spec: { package: id } })
        const [a, b, c] = [
          yield* pack("own", "twenty"),
          yield* pack("sibling", "twenty"),
          yield* pack("sibling", "ten"),
        ] as const
        assert.deepStrictEqual([a.status, b.status, c.status], [200, 422, 200], JSON.stringify(b.body))
        assert.deepInclude(b.body.problems[0], {
          field: "spec.package",
          message: "All accounts together would be given 40 GiB of disk, and there are 30 GiB.",
        })
        const endless = yield* pack("sibling", "small")
        assert.include(endless.body.problems[0].message, "no limit of disk")
        // Less is always possible.
        yield* operator("PATCH", `/v1/resellers/${resellers.ours}`, { limits: { disk: 1024 ** 3 } })
        assert.strictEqual((yield* pack("own", "ten")).status, 200)
        assert.strictEqual((yield* pack("own", "twenty")).status, 422)

        // Nor is one given more customers than it may have.
        yield* operator("PATCH", `/v1/resellers/${resellers.ours}`, { limits: { customers: 2 } })
        const given = yield* operator("PATCH", `/v1/customers/${customers.direct}`, { reseller: resellers.ours })
        assert.deepStrictEqual([given.status, fieldsOf(given)], [422, ["reseller"]])
        for (const bad of [{ limits: { customers: -1 } }, { limits: { cars: 1 } }, { commissionBasisPoints: 10_001 }])
          assert.strictEqual(
            (yield* operator("PATCH", `/v1/resellers/${resellers.ours}`, bad)).status,
            400,
            JSON.stringify(bad),
          )
      }),
    )
  })
})
