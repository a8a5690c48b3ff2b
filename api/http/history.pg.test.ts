import * as PgClient from "@effect/sql-pg/PgClient"
import { assert, describe, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { ApiUnderTest, account, site } from "../../fixtures/api/api-under-test.ts"
import { verify } from "../store/chain.ts"

/** Straight to the tables, as the agent or somebody with the database's password would. */
const onDatabase = <A, E>(work: (sql: PgClient.PgClient) => Effect.Effect<A, E>) =>
  Effect.gen(function* () {
    const { url } = yield* ApiUnderTest
    return yield* Effect.flatMap(PgClient.PgClient, work).pipe(
      Effect.provide(PgClient.layer({ url: Redacted.make(url) })),
    )
  })

describe("history", () => {
  layer(ApiUnderTest.layer(), { timeout: "60 seconds", excludeTestServices: true })((it) => {
    it.effect("every write is a revision with its actor, source and fields; unchanged ones are none", () =>
      Effect.gen(function* () {
        const { ask } = yield* ApiUnderTest
        yield* ask("POST", "/v1/apply", { records: [account("told")], source: "folder:a" })
        yield* ask("POST", "/v1/apply", { records: [account("told")], source: "folder:a" })
        yield* ask("PUT", "/v1/records/Account/told?version=1", account("told", { comment: "b" }))
        const { body } = yield* ask("GET", "/v1/history/Account/told")
        assert.deepStrictEqual(
          body.items.map((each: Record<string, unknown>) => [each["action"], each["actor"], each["source"]]),
          [
            ["update", "admin", "api"],
            ["create", "admin", "folder:a"],
          ],
        )
        assert.deepStrictEqual(body.items[0].fields, [{ field: "spec.comment", after: "b" }])
        const first = yield* ask("GET", "/v1/history/Account/told?limit=1")
        assert.deepStrictEqual(first.body.items[0].fields, [{ field: "spec.comment", after: "b" }])
        const second = yield* ask("GET", `/v1/history/Account/told?limit=1&after=${first.body.next}`)
        assert.deepInclude(second.body, { next: null })
        assert.strictEqual(second.body.items[0].action, "create")
        assert.strictEqual((yield* ask("GET", "/v1/history/Account/unheard")).status, 404)
      }),
    )

    it.effect("a rollback writes an old state again, as a new version", () =>
      Effect.gen(function* () {
        const { ask } = yield* ApiUnderTest
        yield* ask("PUT", "/v1/records/Account/back", account("back", { comment: "old" }))
        yield* ask("PUT", "/v1/records/Account/back?version=1", account("back", { comment: "new" }))
        const [, old] = (yield* ask("GET", "/v1/history/Account/back")).body.items
        const rolled = yield* ask("POST", "/v1/rollback", { kind: "Account", name: "back", revision: old.seq })
        assert.deepInclude(rolled.body, { action: "updated", version: 3, generation: 3 })
        assert.strictEqual((yield* ask("GET", "/v1/records/Account/back")).body.spec.comment, "old")
        const stale = { kind: "Account", name: "back", revision: old.seq, version: 1 }
        assert.strictEqual((yield* ask("POST", "/v1/rollback", stale)).status, 409)
        const foreign = { kind: "Account", name: "back", revision: old.seq + 1000 }
        assert.strictEqual((yield* ask("POST", "/v1/rollback", foreign)).status, 404)
      }),
    )

    it.effect("a delete is taken back with the identity and the user id, before the agent is done and after", () =>
      Effect.gen(function* () {
        const { ask } = yield* ApiUnderTest
        yield* ask("PUT", "/v1/records/Account/lost", account("lost"))
        const before = (yield* ask("GET", "/v1/records/Account/lost")).body
        for (const agentIsDone of [false, true]) {
          const { version } = (yield* ask("GET", "/v1/records/Account/lost")).body
          yield* ask("DELETE", `/v1/records/Account/lost?version=${version}`)
          if (agentIsDone) yield* onDatabase((sql) => sql`delete from records where name = 'lost'`)
          const { items } = (yield* ask("GET", "/v1/history/Account/lost")).body
          const revision = items.find((each: { action: string }) => each.action === "create").seq
          const back = yield* ask("POST", "/v1/rollback", { kind: "Account", name: "lost", revision })
          assert.deepInclude(back.body, { action: "restored", version: version + 2 })
          const after = (yield* ask("GET", "/v1/records/Account/lost")).body
          assert.deepInclude(after, { id: before.id, deletedAt: null })
          assert.strictEqual(after.spec.uid, before.spec.uid)
        }
      }),
    )

    it.effect("a user id is never given twice, but comes back with the account that had it", () =>
      Effect.gen(function* () {
        const { ask } = yield* ApiUnderTest
        yield* ask("POST", "/v1/apply", { records: [account("uid-a"), account("uid-b", { uid: 20000 })] })
        const [a, b] = [
          (yield* ask("GET", "/v1/records/Account/uid-a")).body,
          (yield* ask("GET", "/v1/records/Account/uid-b")).body,
        ]
        assert.strictEqual(b.spec.uid, 20000)
        yield* onDatabase((sql) => sql`delete from records where name = 'uid-a'`)
        const heir = yield* ask("PUT", "/v1/records/Account/uid-heir", account("uid-heir", { uid: a.spec.uid }))
        assert.strictEqual(heir.status, 422)
        assert.match(heir.body.problems[0].message, /was given to the account uid-a/)
        const moved = yield* ask("PUT", "/v1/records/Account/uid-b?version=1", account("uid-b", { uid: 20001 }))
        assert.strictEqual(moved.body.problems[0].field, "spec.uid")

        // A new account of the same name is another one; the exported one is the old one.
        const fresh = yield* ask("PUT", "/v1/records/Account/uid-a?version=0", account("uid-a"))
        assert.strictEqual(fresh.body.version, 2)
        const { body } = yield* ask("GET", "/v1/records/Account/uid-a")
        assert.notStrictEqual(body.id, a.id)
        assert.notStrictEqual(body.spec.uid, a.spec.uid)
        yield* onDatabase((sql) => sql`delete from records where name = 'uid-a'`)
        yield* ask("PUT", "/v1/records/Account/uid-a", account("uid-a", { uid: a.spec.uid }))
        assert.strictEqual((yield* ask("GET", "/v1/records/Account/uid-a")).body.id, a.id)
      }),
    )

    it.effect("accounts that come at the same time get different user ids", () =>
      Effect.gen(function* () {
        const { ask } = yield* ApiUnderTest
        const names = Array.from({ length: 12 }, (_, index) => `many${index}`)
        yield* Effect.forEach(names, (name) => ask("PUT", `/v1/records/Account/${name}`, account(name)), {
          concurrency: "unbounded",
        })
        const { items } = (yield* ask("GET", "/v1/records?prefix=many")).body
        const uids = new Set(items.map((each: { spec: { uid: number } }) => each.spec.uid))
        assert.strictEqual(uids.size, 12)
      }),
    )

    it.effect("an untouched chain verifies, and whatever is edited, dropped or slipped in is found", () =>
      Effect.gen(function* () {
        const { ask } = yield* ApiUnderTest
        yield* ask("POST", "/v1/apply", { records: [account("chain"), site("chain", "chain", "chain.example.org")] })
        yield* onDatabase(
          (sql) => sql`
            insert into drift_events (node, resource_key, drift_kind, stream, outcome, diff)
            values ('web1', 'path:/etc/motd', 'changed', 'corrective', 'healed', '-a')`,
        )
        const whole = (yield* ask("GET", "/v1/verify")).body
        assert.deepInclude(whole, { ok: true, broken: null })
        assert.match(whole.head, /^[0-9a-f]{64}$/)
        const { items } = (yield* ask("GET", "/v1/history/Site/chain")).body

        // Only the owner of the tables can do this, and only by turning the triggers off.
        const tamper = (statement: (sql: PgClient.PgClient) => Effect.Effect<unknown, unknown>) =>
          Effect.gen(function* () {
            const { url } = yield* ApiUnderTest
            return yield* Effect.gen(function* () {
              const sql = yield* PgClient.PgClient
              // The test's own undoing: what is looked at inside the transaction is rolled back after.
              return yield* Effect.flip(
                sql.withTransaction(
                  Effect.gen(function* () {
                    yield* sql`set local session_replication_role = replica`
                    yield* statement(sql)
                    return yield* Effect.fail(yield* verify)
                  }),
                ),
              )
            }).pipe(Effect.provide(PgClient.layer({ url: Redacted.make(url) })))
          })
        const seq = items[0].seq
        const expectations = [
          ["row-changed", (sql) => sql`update revisions set actor = 'mallory' where seq = ${seq}`],
          ["row-missing", (sql) => sql`delete from revisions where seq = ${seq}`],
          ["link-missing", (sql) => sql`delete from chain where table_name = 'revisions' and row_seq = ${seq}`],
          [
            "link-changed",
            (sql) => sql`update chain set payload_hash = '\\x00' where table_name = 'revisions' and row_seq = ${seq}`,
          ],
          [
            "row-unchained",
            (sql) =>
              sql`insert into drift_events (node, resource_key, drift_kind, stream, outcome, diff) values ('w', 'k', 'changed', 'corrective', 'healed', '')`,
          ],
        ] satisfies ReadonlyArray<[string, (sql: PgClient.PgClient) => Effect.Effect<unknown, unknown>]>
        for (const [what, statement] of expectations) {
          const found = yield* tamper(statement)
          assert.propertyVal(found, "ok", false, what)
          assert.strictEqual((found as { broken: { what: string } }).broken.what, what)
        }
        assert.strictEqual((yield* ask("GET", "/v1/verify")).body.ok, true)

        yield* onDatabase((sql) =>
          Effect.gen(function* () {
            yield* sql`alter table revisions disable trigger user`
            yield* sql`update revisions set spec = spec || '{"suspended": true}' where seq = ${seq}`
            yield* sql`alter table revisions enable trigger user`
          }),
        )
        const broken = (yield* ask("GET", "/v1/verify")).body
        assert.deepInclude(broken.broken, { table: "revisions", rowSeq: seq, what: "row-changed" })
      }),
    )
  })
})
