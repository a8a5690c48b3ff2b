// Laws that records of every kind keep, with every field that they can have: what is exported is what was written, writes
// nothing when it is applied again, makes the same of an empty database, and holds no secret.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { authority } from "../fixtures/acme/authority.ts"
import { aNode, everyTable } from "../fixtures/api/a-node.ts"
import { serve, type TestApi } from "../fixtures/api/api-under-test.ts"
import { testDatabase } from "../fixtures/postgres/test-database.ts"
import { certified, fullest } from "../spec/fullest.ts"
import { kindNames } from "../spec/kinds.ts"

const records = await authority().then(async (issuer) =>
  fullest({ root: issuer.root, ...(await issuer.pair(certified)) }),
)

const secrets = (text: unknown): ReadonlyArray<string> =>
  JSON.stringify(text).match(/correct-horse-battery|secret\/Key|0123456789abcdef|BEGIN (?:OPENSSH )?PRIVATE KEY/g) ?? []

const emptyDatabase = Effect.gen(function* () {
  const url = yield* Effect.promise(testDatabase)
  return { ...(yield* serve(url)), url }
})

/** A database with a node and those records. */
const written = Effect.gen(function* () {
  const api = yield* emptyDatabase
  yield* aNode(api.url, "web1")
  assert.strictEqual((yield* applied(api, records)).created, records.length)
  return api
})

const exported = ({ ask }: TestApi) => Effect.map(ask("GET", "/v1/export?format=json"), ({ body }) => body)

const applied = ({ ask }: TestApi, some: unknown) =>
  Effect.map(ask("POST", "/v1/apply", { records: some }), ({ body, status }) => {
    assert.strictEqual(status, 200, JSON.stringify(body))
    return body.summary
  })

const otherwise = (record: (typeof records)[number]) => ({
  ...record,
  metadata: { ...record.metadata, labels: { "example.org/team": "other" }, annotations: {} },
})

describe("records of every kind", () => {
  it("are all there", () => {
    assert.deepStrictEqual(new Set(records.map(({ kind }): string => kind)), new Set<string>(kindNames))
    assert.strictEqual(new Set(secrets(records)).size, 5)
  })

  it.live("are exported as they were written, write nothing when they are applied again, and tell no secret", () =>
    Effect.gen(function* () {
      const api = yield* written
      const first = yield* exported(api)
      assert.strictEqual(first.length, records.length)
      assert.strictEqual((yield* applied(api, first)).unchanged, records.length)
      assert.deepStrictEqual(yield* exported(api), first)
      assert.deepStrictEqual(secrets(first), [])
      assert.deepStrictEqual(secrets(yield* everyTable(api.url)), [])
    }).pipe(Effect.scoped),
  )

  it.live("make the same of an empty database, in whatever order they come", () =>
    Effect.gen(function* () {
      const first = yield* exported(yield* written)
      const fresh = yield* emptyDatabase
      assert.strictEqual((yield* applied(fresh, first.toReversed())).created, first.length)
      assert.deepStrictEqual(yield* exported(fresh), first)
    }).pipe(Effect.scoped),
  )

  it.live("are what they were when they are written otherwise and back", () =>
    Effect.gen(function* () {
      const api = yield* written
      const first = yield* exported(api)
      for (const record of first) yield* applied(api, [otherwise(record)])
      const other = yield* exported(api)
      assert.deepStrictEqual(other, first.map(otherwise))
      assert.strictEqual((yield* applied(api, first)).updated, first.length)
      assert.deepStrictEqual(yield* exported(api), first)
    }).pipe(Effect.scoped),
  )
})
