import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { keyOf, mismatches, plan, prune, type Wanted } from "./plan.ts"
import type { JsonObject, RecordRow } from "./rows.ts"

const row = (name: string, over: Partial<RecordRow> = {}): RecordRow => ({
  kind: "Account",
  name,
  id: `id-${name}`,
  version: 3,
  generation: 2,
  metadata: {},
  spec: { a: 1 },
  source: null,
  created_at: new Date(0),
  updated_at: new Date(0),
  deleted_at: null,
  ...over,
})
const wanted = (name: string, spec: JsonObject = { a: 1 }, over: Partial<Wanted> = {}): Wanted => ({
  key: `Account/${name}`,
  kind: "Account",
  name,
  metadata: {},
  spec,
  notes: [],
  secrets: [],
  ...over,
})
const existing = (...rows: ReadonlyArray<RecordRow>) => new Map(rows.map((one) => [keyOf(one), one]))
const step = (want: Wanted, there: ReadonlyArray<RecordRow>, source?: string, last = new Map()) => {
  const [only] = plan({ wanted: [want], unwanted: [], source }, existing(...there), last, () => "new-id")
  assert.isDefined(only)
  return only
}

describe("plan", () => {
  it("the version moves with every write and the generation with the spec alone", () => {
    assert.deepInclude(step(wanted("x"), [row("x")]), { action: "unchanged", version: 3, generation: 2 })
    assert.deepInclude(step(wanted("x", { a: 2 }), [row("x")]), { action: "updated", version: 4, generation: 3 })
    assert.deepInclude(step(wanted("x", { a: 1 }, { metadata: { labels: { b: "c" } } }), [row("x")]), {
      action: "updated",
      version: 4,
      generation: 2,
    })
  })

  it("a record that comes back goes on counting: a status of its first life is never taken for one of now", () => {
    const last = new Map([["Account/x", { version: 7, generation: 5, record_id: "old" }]])
    assert.deepInclude(step(wanted("x"), [], undefined, last), {
      action: "created",
      id: "new-id",
      version: 8,
      generation: 6,
    })
    assert.deepInclude(step(wanted("x", { a: 1 }, { id: "old" }), [], undefined, last), {
      action: "restored",
      id: "old",
    })
    const tombstone = row("x", { deleted_at: new Date(1) })
    assert.deepInclude(step(wanted("x"), [tombstone]), { action: "restored", id: "id-x", version: 4, generation: 2 })
  })

  it("a source keeps its records until another one names them", () => {
    const owned = row("x", { source: "folder:a" })
    assert.deepInclude(step(wanted("x"), [owned]), { action: "unchanged", source: "folder:a" })
    assert.deepInclude(step(wanted("x"), [owned], "folder:b"), {
      action: "updated",
      source: "folder:b",
      takenFrom: "folder:a",
    })
  })

  it("deleting twice is deleting once, unless the second time a person agrees", () => {
    const of = (there: RecordRow, confirmed: boolean) =>
      plan(
        { wanted: [], unwanted: [{ key: "Account/x", confirmed }], source: undefined },
        existing(there),
        new Map(),
        () => "",
      )
    const tombstone = row("x", { deleted_at: new Date(1) })
    assert.strictEqual(of(row("x"), false)[0]?.action, "deleted")
    assert.strictEqual(of(tombstone, false)[0]?.action, "unchanged")
    assert.deepInclude(of(tombstone, true)[0], { action: "deleted", confirmed: true, version: 4 })
  })

  it("expecting version 0 is expecting none, and a tombstone is none", () => {
    const there = existing(row("x"), row("gone", { deleted_at: new Date(1) }))
    assert.deepStrictEqual(mismatches({ "Account/x": 3, "Account/none": 0, "Account/gone": 0 }, there), [])
    assert.deepStrictEqual(mismatches({ "Account/x": 0, "Account/none": 1 }, there), [
      { kind: "Account", name: "x", expected: 0, actual: 3 },
      { kind: "Account", name: "none", expected: 1, actual: 0 },
    ])
  })

  it("a prune never takes more than a quarter or three without asking, and never all for nothing", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 60 }), (count, keep) => {
        const names = Array.from({ length: count }, (_, index) => `r${index}`)
        const owned = names.map((name) => `Account/${name}`)
        const kept = new Set(owned.slice(0, keep))
        const { unwanted, guard } = prune(owned, kept)
        assert.strictEqual(unwanted.length, Math.max(0, count - keep))
        if (kept.size === 0) assert.strictEqual(guard, "empty")
        else assert.strictEqual(guard === "share", unwanted.length > 3 && unwanted.length > count / 4)
      }),
    )
  })
})
