import * as PgClient from "@effect/sql-pg/PgClient"
import { assert, describe, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { ApiUnderTest, account } from "../../fixtures/api/api-under-test.ts"

/** What the agent would write. */
const asAgent = <A, E>(work: (sql: PgClient.PgClient) => Effect.Effect<A, E>) =>
  Effect.gen(function* () {
    const { url } = yield* ApiUnderTest
    return yield* Effect.flatMap(PgClient.PgClient, work).pipe(
      Effect.provide(PgClient.layer({ url: Redacted.make(url) })),
    )
  })

const job = (name: string, spec: Readonly<Record<string, unknown>> = {}) => ({
  apiVersion: "plumbline.dev/v1",
  kind: "CronJob",
  metadata: { name },
  spec: { account: "acme", schedule: "30 4 * * *", command: "true", ...spec },
})

const ran = (name: string, minute: number, output: string) =>
  asAgent(
    (sql) => sql`
      insert into runs (node, kind, name, run_id, record_id, started_at, ended_at, outcome, exit_status, output)
      select 'web1', kind, name, gen_random_uuid(), id, ${`2031-01-01T00:0${minute}:00Z`}::timestamptz,
             ${`2031-01-01T00:0${minute}:01.5Z`}::timestamptz, 'failed', 3, ${output}
      from records where kind = 'CronJob' and name = ${name}`,
  )

layer(ApiUnderTest.layer())("runs over the API", (it) => {
  describe("of a record", () => {
    it.effect("are listed newest first, page by page, and one is read with its output", () =>
      Effect.gen(function* () {
        const { ask } = yield* ApiUnderTest
        const applied = yield* ask("POST", "/v1/apply", { records: [account("acme"), job("feed"), job("other")] })
        assert.strictEqual(applied.status, 200, JSON.stringify(applied.body))
        for (const minute of [1, 3, 2]) yield* ran("feed", minute, `öutput ${minute}`)
        yield* ran("other", 5, "")
        const first = yield* ask("GET", "/v1/runs?kind=CronJob&name=feed&limit=2")
        assert.deepStrictEqual(
          first.body.items.map((run: { startedAt: string }) => run.startedAt),
          ["2031-01-01T00:03:00.000Z", "2031-01-01T00:02:00.000Z"],
        )
        const { id, ...newest } = first.body.items[0]
        assert.deepStrictEqual(newest, {
          node: "web1",
          kind: "CronJob",
          name: "feed",
          requestedAt: null,
          startedAt: "2031-01-01T00:03:00.000Z",
          endedAt: "2031-01-01T00:03:01.500Z",
          durationMs: 1500,
          outcome: "failed",
          exitStatus: 3,
          outputBytes: 9,
          told: [],
        })
        const second = yield* ask("GET", `/v1/runs?kind=CronJob&name=feed&limit=2&after=${first.body.next}`)
        assert.strictEqual(second.body.items.length, 1)
        assert.strictEqual(second.body.next, null)
        assert.strictEqual((yield* ask("GET", `/v1/runs/${id}`)).body.output, "öutput 3")
        assert.strictEqual((yield* ask("GET", "/v1/runs/nothing")).status, 404)
      }),
    )

    it.effect("come with the next five, as long as it is not paused", () =>
      Effect.gen(function* () {
        const { ask } = yield* ApiUnderTest
        const { body } = yield* ask("GET", "/v1/runs?kind=CronJob&name=feed")
        assert.strictEqual(body.upcoming.length, 5)
        for (const moment of body.upcoming) assert.match(moment, /^\d{4}-\d\d-\d\dT04:30:00\.000Z$/)
        yield* ask("POST", "/v1/apply", { records: [job("other", { paused: true })] })
        assert.deepStrictEqual((yield* ask("GET", "/v1/runs?kind=CronJob&name=other")).body.upcoming, [])
        assert.strictEqual((yield* ask("GET", "/v1/runs?kind=CronJob&name=nobody")).status, 404)
      }),
    )

    it.effect("are none while its account is suspended: none is told, and none can be asked for", () =>
      Effect.gen(function* () {
        const { ask } = yield* ApiUnderTest
        const suspended = (suspended: boolean) => ({ ...account("acme"), spec: { suspended } })
        yield* ask("POST", "/v1/apply", { records: [suspended(true)] })
        const seen = yield* ask("GET", "/v1/runs?kind=CronJob&name=feed")
        assert.deepStrictEqual([seen.body.upcoming, seen.body.items.length], [[], 3])
        const refused = yield* ask("POST", "/v1/runs", { kind: "CronJob", name: "feed" })
        assert.strictEqual(refused.status, 400)
        assert.match(refused.body.problems[0].message, /^Account acme is suspended/)
        yield* ask("POST", "/v1/apply", { records: [suspended(false)] })
        assert.strictEqual((yield* ask("GET", "/v1/runs?kind=CronJob&name=feed")).body.upcoming.length, 5)
      }),
    )

    it.effect("are asked for by a write of the record, each time for a later moment", () =>
      Effect.gen(function* () {
        const { ask } = yield* ApiUnderTest
        const before = (yield* ask("GET", "/v1/records/CronJob/feed")).body
        const moments: Array<string> = []
        for (let times = 0; times < 3; times++) {
          const { body, status } = yield* ask("POST", "/v1/runs", { kind: "CronJob", name: "feed" })
          assert.strictEqual(status, 200, JSON.stringify(body))
          assert.strictEqual(body.generation, before.generation + times + 1)
          moments.push((yield* ask("GET", "/v1/records/CronJob/feed")).body.spec.runNow)
        }
        assert.deepStrictEqual([...new Set(moments)].sort(), moments)
      }),
    )

    it.effect("are not asked for of a record that does not run, or is not there", () =>
      Effect.gen(function* () {
        const { ask } = yield* ApiUnderTest
        assert.strictEqual((yield* ask("POST", "/v1/runs", { kind: "Account", name: "acme" })).status, 400)
        assert.strictEqual((yield* ask("POST", "/v1/runs", { kind: "CronJob", name: "nobody" })).status, 404)
      }),
    )
  })
})
