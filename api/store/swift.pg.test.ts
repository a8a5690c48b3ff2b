import { PgClient } from "@effect/sql-pg/PgClient"
import { assert, describe, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type { Json } from "effect/Schema"
import { aNode } from "../../fixtures/api/a-node.ts"
import { ApiUnderTest, account, site } from "../../fixtures/api/api-under-test.ts"
import { makeHouses } from "../../fixtures/api/houses.ts"
import { bearing, logIn } from "../../fixtures/api/people.ts"
import { type Carried, Carrier } from "./carrier.ts"
import * as Database from "./database.ts"
import { mergePatch } from "./merge-patch.ts"
import { documentOf } from "./plan.ts"
import { operator, type Sight, withSight } from "./sight.ts"
import { changeSwiftly } from "./swift.ts"

const entry = {
  ...{ at: new Date(0), action: "records.written", outcome: "succeeded", actor: "somebody", address: "", agent: "" },
  ...{ request_id: "", target: "", details: {} },
}

const patching = (kind: string, name: string, patch: Json, version?: number) => ({
  ...{ kind, name, version, actor: "somebody", via: "api" },
  make: (before: Parameters<typeof documentOf>[0]) => mergePatch(documentOf(before), patch),
  audit: () => Effect.succeed(entry),
})

/** What the history holds, in the order of its chain. */
const chained = (sql: PgClient) =>
  withSight(operator)(
    sql<{ readonly link: string; readonly name: string; readonly version: number | null }>`
      select c.table_name as link, coalesce(r.name, e.target) as name, r.version::float8 as version from chain c
      left join revisions r on c.table_name = 'revisions' and r.seq = c.row_seq
      left join audit_events e on c.table_name = 'audit_events' and e.seq = c.row_seq order by c.seq`,
  )

const pick = <A>(from: ReadonlyArray<A>, n: number): A => from[n % from.length] as A

describe("a change of one record", () => {
  layer(ApiUnderTest.layer(), { timeout: "120 seconds", excludeTestServices: true })((it) => {
    it.effect("goes the short way where there is nothing else to see to, and no further where there is", () =>
      Effect.gen(function* () {
        const api = yield* ApiUnderTest
        yield* aNode(api.url)
        yield* makeHouses(api)
        const tenantOf = (slug: string) =>
          Effect.flatMap(PgClient, (sql) =>
            Effect.map(
              sql<{ id: string }>`select id::text as id from tenants where slug = ${slug}`,
              ([row]) => row?.id ?? "",
            ),
          )
        yield* Effect.gen(function* () {
          const own: Sight = { of: "tenant", as: "customer", tenant: yield* tenantOf("own") }
          const part: Sight = { ...own, records: ["Site/own-blog"] }
          const short = (sight: Sight, ...change: Parameters<typeof patching>) =>
            Effect.map(changeSwiftly(sight, patching(...change)), (done) => done?.action)
          const upload = { spec: { maxUpload: "7M" } }
          const read = (name: string) => Effect.map(api.ask("GET", `/v1/records/Site/${name}`), ({ body }) => body)

          const before = yield* read("own-blog")
          assert.strictEqual(yield* short(own, "Site", "own-blog", upload), "updated")
          assert.strictEqual(yield* short(own, "Site", "own-blog", upload), "unchanged")
          const after = yield* read("own-blog")
          assert.deepStrictEqual(
            [after.version, after.generation, after.spec.maxUpload],
            [before.version + 1, before.generation + 1, "7M"],
          )
          assert.strictEqual(yield* short(operator, "Site", "own-shop", upload, 1), "updated")
          assert.strictEqual(yield* short(part, "Site", "own-blog", { spec: { maxUpload: "8M" } }), "updated")

          const long: ReadonlyArray<readonly [Sight, ...Parameters<typeof patching>]> = [
            [own, "Site", "foreign-blog", upload],
            [own, "Site", "nothing", upload],
            [part, "Site", "own-shop", upload],
            [{ of: "auditor" }, "Site", "own-blog", upload],
            [own, "Site", "own-blog", { spec: { maxUpload: "9M" } }, 1],
            [own, "Site", "own-blog", { spec: { maxUpload: "much" } }],
            [own, "Site", "own-blog", { spec: { domains: ["foreign.example.org"] } }],
            [own, "Site", "own-blog", { spec: { account: "foreign" } }],
            [own, "Site", "own-blog", { metadata: { name: "another" } }],
            [own, "Account", "own", { spec: { suspended: true } }],
            [own, "Database", "own-blog", { spec: { users: [{ name: "u", password: "plinth-orbit" }] } }],
          ]
          for (const change of long) assert.isUndefined(yield* short(...change), JSON.stringify(change.slice(1)))
          assert.strictEqual((yield* read("own-blog")).version, before.version + 2)
          assert.strictEqual((yield* read("foreign-blog")).version, 1)
        }).pipe(Effect.provide(Database.layer(Redacted.make(api.url))))
      }),
    )

    it.effect("is judged beside what is there when it is written, whichever way it goes", () =>
      Effect.gen(function* () {
        const api = yield* ApiUnderTest
        const { ask } = api
        // Half of them in a session, which looks at what it changes while it is let in.
        const session = bearing(yield* logIn(api))
        const as = (n: number) => (n % 2 === 0 ? session : {})
        const names = Array.from({ length: 6 }, (_, index) => `race-${index}`)
        const made = yield* ask("POST", "/v1/apply", {
          records: [
            account("one"),
            account("two"),
            ...names.map((name, index) => site(name, pick(["one", "two"], index), `${name}.example.org`)),
          ],
        })
        assert.strictEqual(made.status, 200)
        const domains = ["a", "b", "c", "d"].map((letter) => `${letter}.race.example.org`)
        const rounds = Array.from({ length: 90 }, (_, n) =>
          Effect.map(
            n % 6 === 0
              ? ask("PATCH", `/v1/records/Site/${pick(names, n)}`, { spec: { maxUpload: `${1 + n}M` } }, as(n / 6))
              : n % 3 === 0
                ? ask("PATCH", `/v1/customer/websites/${pick(names, n)}`, { maxUpload: `${64 + n}M` })
                : ask(
                    "PATCH",
                    `/v1/records/Site/${pick(names, n * 5 + 1)}`,
                    { spec: { domains: [pick(domains, n * 7)] } },
                    as(n),
                  ),
            ({ body, status }) => ({
              name: pick(names, n % 3 === 0 ? n : n * 5 + 1),
              status,
              // Each of the friendly ones says something new: none says the default, 64M.
              action: n % 6 === 3 ? "updated" : body.action,
            }),
          ),
        )
        const answers = yield* Effect.all(rounds, { concurrency: "unbounded" })
        assert.deepStrictEqual([...new Set(answers.map(({ status }) => status))].toSorted(), [200, 422])

        const taken: Array<string> = []
        for (const name of names) {
          const { body } = yield* ask("GET", `/v1/records/Site/${name}`)
          taken.push(...body.spec.domains)
          const written = answers.filter((one) => one.name === name && one.action === "updated").length
          assert.strictEqual(body.version, 1 + written, name)
          const history = (yield* ask("GET", `/v1/history/Site/${name}?limit=100`)).body.items
          assert.deepStrictEqual(
            history.map(({ version }: { version: number }) => version),
            Array.from({ length: written + 1 }, (_, index) => written + 1 - index),
          )
          const told = yield* ask("GET", `/v1/audit?action=records.written&limit=200`)
          assert.strictEqual(
            told.body.items.filter(({ target }: { target: string }) => target === `Site/${name}`).length,
            written,
          )
        }
        assert.strictEqual(new Set(taken).size, taken.length)
        assert.isNull((yield* ask("GET", "/v1/verify")).body.broken)
      }),
    )

    it.effect(
      "is carried out with others in one statement, but beside none of them that it was not judged beside",
      () =>
        Effect.gen(function* () {
          const api = yield* ApiUnderTest
          const names = ["even-a", "even-b", "even-c", "even-d"]
          const records = [account("even"), ...names.map((name) => site(name, "even", `${name}.example.org`))]
          assert.strictEqual((yield* api.ask("POST", "/v1/apply", { records })).status, 200)
          yield* Effect.gen(function* () {
            const sql = yield* PgClient
            const { carryOut } = yield* Carrier
            const rows = yield* withSight(operator)(
              sql<Carried["row"]>`
              select id::text as id, kind, name, version::float8 as version, generation::float8 as generation, metadata, spec, ties
              from records where name = any (${names}::text[])`,
            )
            const now = new Map(rows.map((row) => [row.name, row]))
            const isOf = (name: string) => `is Site/${name}`
            /** Judged beside itself and the others. */
            const change = (
              name: string,
              gains: ReadonlyArray<string> = [],
              { loses, others = [] }: { readonly loses?: string; readonly others?: ReadonlyArray<string> } = {},
            ) =>
              Effect.suspend(() => {
                const row = now.get(name) as Carried["row"]
                assert.include(row.ties, isOf(name))
                const beside = [name, ...others].map((one) => now.get(one) as Carried["row"])
                return carryOut({
                  sight: operator,
                  row: {
                    ...row,
                    version: row.version + 1,
                    ties: [...row.ties.filter((tie) => tie !== loses), ...gains],
                  },
                  wanted: [isOf(name), ...gains, ...others.map(isOf)],
                  beside: beside.map(({ id, version }) => ({ id, version })),
                  actor: "somebody",
                  via: "api",
                  audit: { ...entry, target: `Site/${name}` },
                })
              })
            yield* withSight(operator)(sql`
              insert into webhooks (url, events, secret, enabled, created_at, updated_at)
              values ('http://192.0.2.1/hook', array['record.changed'], 'sealed', true, now(), now())`)
            // The first goes at once and alone, the others together behind it.
            const all = (...changes: ReadonlyArray<ReturnType<typeof change>>) =>
              Effect.all(changes, { concurrency: "unbounded" })
            const before = yield* chained(sql)
            assert.deepStrictEqual(
              yield* all(
                change("even-a"),
                change("even-b", ["domain free.example.org"], { loses: isOf("even-b") }),
                change("even-c", ["domain free.example.org"]),
                change("even-d", [], { others: ["even-b"] }),
              ),
              [true, true, false, false],
            )
            assert.deepStrictEqual(
              (yield* chained(sql)).slice(before.length).map(({ link, version, name }) => [link, name, version]),
              [
                ["revisions", "even-a", 2],
                ["audit_events", "Site/even-a", null],
                ["revisions", "even-b", 2],
                ["audit_events", "Site/even-b", null],
              ],
            )
            now.set("even-a", { ...(now.get("even-a") as Carried["row"]), version: 2 })
            assert.deepStrictEqual(
              yield* all(change("even-a"), change("even-d"), change("even-c", ["domain other.example.org"])),
              [true, true, true],
            )
            assert.deepStrictEqual(
              (yield* chained(sql)).slice(before.length + 4).map(({ link, name }) => `${link} ${name}`),
              [
                "revisions even-a",
                "audit_events Site/even-a",
                "revisions even-d",
                "revisions even-c",
                "audit_events Site/even-d",
                "audit_events Site/even-c",
              ],
            )
            // What is told of them is told of each.
            assert.deepStrictEqual(
              yield* withSight(operator)(
                sql`select type, name, (data -> 'version')::int as version from happenings order by seq`,
              ),
              ["even-a", "even-b", "even-a", "even-d", "even-c"].map((name, index) => ({
                type: "record.changed",
                name,
                version: index === 2 ? 3 : 2,
              })),
            )
            assert.isNull((yield* api.ask("GET", "/v1/verify")).body.broken)
          }).pipe(Effect.provide(Database.layer(Redacted.make(api.url))))
        }),
    )
  })
})
