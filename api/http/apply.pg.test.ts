import * as PgClient from "@effect/sql-pg/PgClient"
import { assert, describe, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { ApiUnderTest, account, site } from "../../fixtures/api/api-under-test.ts"

const names = (prefix: string, count: number) => Array.from({ length: count }, (_, index) => `${prefix}${index}`)

describe("apply", () => {
  layer(ApiUnderTest.layer(), { timeout: "60 seconds", excludeTestServices: true })((it) => {
    it.effect("a set is written in one go, and says what became of each record", () =>
      Effect.gen(function* () {
        const { ask } = yield* ApiUnderTest
        const records = [site("shop", "acme", "shop.example.org"), account("acme")]
        const first = yield* ask("POST", "/v1/apply", { records })
        assert.deepInclude(first.body.summary, { created: 2, updated: 0 })
        const dry = yield* ask("POST", "/v1/diff", {
          records: [site("shop", "acme", "shop.example.org", { suspended: true }), account("acme")],
        })
        assert.strictEqual(dry.body.dryRun, true)
        assert.deepStrictEqual(dry.body.changes[0].fields, [{ field: "spec.suspended", before: false, after: true }])
        assert.match(dry.body.changes[0].diff, /^-.*suspended: false\n\+.*suspended: true$/m)
        assert.strictEqual(dry.body.changes[1].diff, "")
        assert.strictEqual((yield* ask("GET", "/v1/records/Site/shop")).body.spec.suspended, false)
      }),
    )

    it.effect("fifty mistakes are fifty problems, and nothing is written", () =>
      Effect.gen(function* () {
        const { ask } = yield* ApiUnderTest
        const bad = names("bad", 50).map((name) => account(name, { uid: 0 }))
        const answer = yield* ask("POST", "/v1/apply", { records: [account("innocent"), ...bad] })
        assert.strictEqual(answer.status, 422)
        assert.strictEqual(answer.body.problems.length, 50)
        assert.deepInclude(answer.body.problems[49], { index: 50, kind: "Account", name: "bad49", field: "spec.uid" })
        assert.strictEqual((yield* ask("GET", "/v1/records/Account/innocent")).status, 404)
      }),
    )

    it.effect("a mistake in one record is not counted again in those that refer to it", () =>
      Effect.gen(function* () {
        const { ask } = yield* ApiUnderTest
        const records = [account("broken", { uid: 1 }), site("on-broken", "broken", "broken.example.org")]
        const answer = yield* ask("POST", "/v1/apply", { records })
        assert.strictEqual(answer.body.problems.length, 1, JSON.stringify(answer.body.problems))
      }),
    )

    it.effect("a record that many use is not removed, and not every one of them is listed", () =>
      Effect.gen(function* () {
        const { ask } = yield* ApiUnderTest
        const users = names("user", 30).map((name) => site(name, "popular", `${name}.example.org`))
        yield* ask("POST", "/v1/apply", { records: [account("popular"), ...users] })
        const { status, body } = yield* ask("DELETE", "/v1/records/Account/popular?version=1")
        assert.strictEqual(status, 422)
        assert.strictEqual(body.problems.length, 11)
        assert.strictEqual(body.problems[10].message, "Account/popular is still used by 20 more.")
      }),
    )

    it.effect("a row that came another way holds its domain as any other, before and after the next write", () =>
      Effect.gen(function* () {
        const { ask, url } = yield* ApiUnderTest
        yield* ask("POST", "/v1/apply", { records: [account("restored")] })
        const spec = JSON.stringify(site("-", "restored", "restored.example.org").spec)
        yield* Effect.flatMap(
          PgClient.PgClient,
          (sql) => sql`insert into records (kind, name, spec) values ('Site', 'restored', ${spec}::jsonb)`,
        ).pipe(Effect.provide(PgClient.layer({ url: Redacted.make(url) })))
        const thief = { records: [site("thief", "restored", "restored.example.org")] }
        assert.strictEqual((yield* ask("POST", "/v1/diff", thief)).status, 422)
        assert.strictEqual((yield* ask("POST", "/v1/apply", { records: [account("passer-by")] })).status, 200)
        assert.strictEqual((yield* ask("POST", "/v1/diff", thief)).status, 422)
        assert.strictEqual((yield* ask("DELETE", "/v1/records/Account/restored?version=1")).status, 422)
        assert.strictEqual((yield* ask("DELETE", "/v1/records/Site/restored?version=1")).status, 200)
        assert.strictEqual((yield* ask("POST", "/v1/diff", thief)).status, 200)
      }),
    )

    it.effect(
      "rules across records hold: no site without its account, no domain twice, no account that is still used",
      () =>
        Effect.gen(function* () {
          const { ask } = yield* ApiUnderTest
          yield* ask("POST", "/v1/apply", { records: [account("rules"), site("rules", "rules", "rules.example.org")] })
          const orphan = yield* ask("POST", "/v1/apply", { records: [site("orphan", "nobody", "o.example.org")] })
          assert.strictEqual(orphan.body.problems[0].field, "spec.account")
          const thief = yield* ask("POST", "/v1/apply", { records: [site("thief", "rules", "RULES.example.org")] })
          assert.strictEqual(thief.body.problems[0].field, "spec.domains[0]")
          const used = yield* ask("DELETE", "/v1/records/Account/rules?version=1")
          assert.strictEqual(used.status, 422)
          const twice = yield* ask("POST", "/v1/apply", {
            records: [account("twice"), account("twice", { comment: "b" })],
          })
          assert.strictEqual(twice.status, 422)
          const nested = [
            [account("twice")],
            null,
            7,
            "text",
            { kind: "Account" },
            { kind: "Unheard", metadata: { name: "x" } },
          ]
          for (const record of nested)
            assert.strictEqual(
              (yield* ask("POST", "/v1/apply", { records: [record] })).status,
              422,
              JSON.stringify(record),
            )
        }),
    )

    it.effect("a prune deletes what its source had, and nothing of anybody else", () =>
      Effect.gen(function* () {
        const { ask } = yield* ApiUnderTest
        const mine = names("mine", 4).map((name) => account(name))
        yield* ask("POST", "/v1/apply", { records: mine, source: "folder:mine" })
        yield* ask("POST", "/v1/apply", { records: [account("theirs")], source: "folder:theirs" })
        yield* ask("POST", "/v1/apply", { records: [account("loose")] })
        const pruned = yield* ask("POST", "/v1/apply", { records: mine.slice(1), source: "folder:mine", prune: true })
        assert.deepInclude(pruned.body.summary, { deleted: 1, unchanged: 3 })
        assert.strictEqual((yield* ask("GET", "/v1/records/Account/mine0")).body.state, "deleting")
        for (const name of ["theirs", "loose"])
          assert.strictEqual((yield* ask("GET", `/v1/records/Account/${name}`)).body.state, "waiting", name)

        const taken = yield* ask("POST", "/v1/apply", { records: [account("theirs")], source: "folder:mine" })
        assert.deepInclude(taken.body.changes[0], { action: "updated", takenFrom: "folder:theirs", generation: 1 })
        const unnamed = yield* ask("POST", "/v1/apply", { records: mine, prune: true })
        assert.strictEqual(unnamed.body.problems[0].field, "source")
      }),
    )

    it.effect("a prune to nothing is refused, and one of more than a quarter asks first", () =>
      Effect.gen(function* () {
        const { ask } = yield* ApiUnderTest
        const all = names("guard", 10).map((name) => account(name))
        const prune = { source: "folder:guard", prune: true }
        yield* ask("POST", "/v1/apply", { records: all, source: "folder:guard" })
        const empty = yield* ask("POST", "/v1/apply", { ...prune, records: [], confirmPrune: true })
        assert.deepInclude(empty.body, { status: 409, confirmable: false, owned: 10 })
        const half = yield* ask("POST", "/v1/apply", { ...prune, records: all.slice(5) })
        assert.deepInclude(half.body, { status: 409, confirmable: true, owned: 10 })
        assert.strictEqual(half.body.wouldDelete.length, 5)
        const agreed = yield* ask("POST", "/v1/apply", { ...prune, records: all.slice(5), confirmPrune: true })
        assert.strictEqual(agreed.body.summary.deleted, 5)
      }),
    )

    it.effect("a set may name the versions that were seen; one that is wrong stops all", () =>
      Effect.gen(function* () {
        const { ask } = yield* ApiUnderTest
        yield* ask("POST", "/v1/apply", { records: [account("seen"), account("seen-too")] })
        const answer = yield* ask("POST", "/v1/apply", {
          records: [account("seen", { comment: "a" }), account("seen-too", { comment: "b" })],
          expectVersions: { "Account/seen": 1, "Account/seen-too": 9, "Account/new": 0 },
        })
        assert.deepStrictEqual(answer.body.versions, [{ kind: "Account", name: "seen-too", expected: 9, actual: 1 }])
        assert.strictEqual((yield* ask("GET", "/v1/records/Account/seen")).body.version, 1)
      }),
    )

    it.effect("a given status is dropped with a note", () =>
      Effect.gen(function* () {
        const { ask } = yield* ApiUnderTest
        const answer = yield* ask("POST", "/v1/apply", { records: [{ ...account("noted"), status: { ready: true } }] })
        assert.match(answer.body.changes[0].notes[0], /status/)
      }),
    )
  })
})
