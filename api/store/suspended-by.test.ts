import { assert, describe, it } from "@effect/vitest"
import type { Step, Wanted } from "./plan.ts"
import type { RecordRow } from "./rows.ts"
import type { Sight, TenantSight } from "./sight.ts"
import { markSuspended, suspendedAbove } from "./suspended-by.ts"

const annotation = "plumbline.dev/suspended-by"
const operator: Sight = { of: "operator" }
const as = (who: "reseller" | "customer"): TenantSight => ({ of: "tenant", as: who, tenant: "t" })

const row = (suspended: boolean, by?: string, deleted = false): RecordRow => ({
  ...{ kind: "Site", name: "shop", id: "1", version: 1, generation: 1, source: null },
  metadata: by === undefined ? {} : { annotations: { [annotation]: by } },
  spec: { suspended },
  created_at: new Date(0),
  updated_at: new Date(0),
  deleted_at: deleted ? new Date(0) : null,
})

const wanted = (suspended: boolean, annotations?: Record<string, string>): Wanted => ({
  ...{ key: "Site/shop", kind: "Site", name: "shop", secrets: [], notes: [] },
  metadata: annotations === undefined ? {} : { annotations },
  spec: { suspended },
})

const marked = (sight: Sight, one: Wanted, before?: RecordRow) =>
  markSuspended(sight, [one], new Map(before === undefined ? [] : [["Site/shop", before]]))[0]?.metadata

const step = (before: RecordRow | undefined): Step => {
  const { created_at: _, updated_at: __, deleted_at: ___, ...rest } = before ?? row(false)
  return { ...rest, action: "updated", deleted: false, confirmed: false, fields: [], notes: [], before }
}

describe("who suspended a record", () => {
  it("is written down with the suspension where it is a tenant, and goes with it", () => {
    assert.deepStrictEqual(marked(operator, wanted(true)), {})
    assert.deepStrictEqual(marked(as("reseller"), wanted(true)), { annotations: { [annotation]: "reseller" } })
    assert.deepStrictEqual(marked(as("customer"), wanted(true), row(false)), {
      annotations: { [annotation]: "customer" },
    })
    for (const sight of [operator, as("customer")])
      assert.deepStrictEqual(
        marked(sight, wanted(false, { [annotation]: "customer", other: "x" }), row(true, "customer")),
        { annotations: { other: "x" } },
      )
  })

  it("stays who it was while it stands, whatever a tenant says, and is who an operator says", () => {
    assert.deepStrictEqual(marked(as("reseller"), wanted(true), row(true, "customer")), {
      annotations: { [annotation]: "customer" },
    })
    assert.deepStrictEqual(marked(as("customer"), wanted(true, { [annotation]: "customer" }), row(true)), {
      annotations: {},
    })
    assert.deepStrictEqual(marked(as("customer"), wanted(true, { [annotation]: "reseller" })), {
      annotations: { [annotation]: "customer" },
    })
    assert.deepStrictEqual(marked(operator, wanted(true, { [annotation]: "customer" })), {
      annotations: { [annotation]: "customer" },
    })
    assert.deepStrictEqual(marked(operator, wanted(true), row(true, "customer")), {})
  })

  it("leaves alone what has nothing to do with it", () => {
    const one = wanted(false, { other: "x" })
    assert.strictEqual(markSuspended(operator, [one], new Map())[0], one)
  })

  it.each([
    ["customer", "customer", true],
    ["customer", "reseller", false],
    ["customer", undefined, false],
    ["reseller", "customer", true],
    ["reseller", "reseller", true],
    ["reseller", undefined, false],
  ] as const)("a %s may write what a %s suspended (undefined: the operator): %s", (who, by, may) => {
    assert.strictEqual(suspendedAbove(as(who), step(row(true, by))).length === 0, may)
    assert.deepStrictEqual(suspendedAbove(as(who), step(row(false, by))), [])
    assert.deepStrictEqual(suspendedAbove(as(who), step(row(true, by, true))), [])
    assert.deepStrictEqual(suspendedAbove(as(who), step(undefined)), [])
  })
})
