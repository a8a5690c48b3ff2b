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
  it("is written down with the suspension, and goes with it", () => {
    assert.deepStrictEqual(marked(operator, wanted(true)), { annotations: { [annotation]: "operator" } })
    assert.deepStrictEqual(marked(as("reseller"), wanted(true)), { annotations: { [annotation]: "reseller" } })
    assert.deepStrictEqual(marked(as("customer"), wanted(true), row(false)), {
      annotations: { [annotation]: "customer" },
    })
    assert.deepStrictEqual(
      marked(operator, wanted(false, { [annotation]: "operator", other: "x" }), row(true, "operator")),
      {
        annotations: { other: "x" },
      },
    )
    assert.deepStrictEqual(marked(operator, wanted(false, { [annotation]: "operator" }), row(true, "operator")), {
      annotations: {},
    })
  })

  it("stays who it was while it stands, whatever a tenant says, and an operator may bring it back from an export", () => {
    assert.deepStrictEqual(marked(as("reseller"), wanted(true), row(true, "customer")), {
      annotations: { [annotation]: "customer" },
    })
    assert.deepStrictEqual(marked(as("customer"), wanted(true, { [annotation]: "operator" })), {
      annotations: { [annotation]: "customer" },
    })
    assert.deepStrictEqual(marked(as("customer"), wanted(false, { [annotation]: "operator" })), { annotations: {} })
    assert.deepStrictEqual(marked(operator, wanted(true, { [annotation]: "customer" })), {
      annotations: { [annotation]: "customer" },
    })
  })

  it("leaves alone what has nothing to do with it", () => {
    const one = wanted(false, { other: "x" })
    assert.strictEqual(markSuspended(operator, [one], new Map())[0], one)
  })

  it.each([
    ["customer", "customer", true],
    ["customer", "reseller", false],
    ["customer", "operator", false],
    ["reseller", "customer", true],
    ["reseller", "reseller", true],
    ["reseller", "operator", false],
  ] as const)("a %s may write what a %s suspended: %s", (who, by, may) => {
    assert.strictEqual(suspendedAbove(as(who), step(row(true, by))).length === 0, may)
    assert.deepStrictEqual(suspendedAbove(as(who), step(row(false, by))), [])
    assert.deepStrictEqual(suspendedAbove(as(who), step(row(true, by, true))), [])
    assert.deepStrictEqual(suspendedAbove(as(who), step(undefined)), [])
  })
})
