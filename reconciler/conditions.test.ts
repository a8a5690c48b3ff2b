import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { conditionsOf, type Outcome } from "./conditions.ts"

const outcomes: ReadonlyArray<Outcome> = [
  { outcome: "converged", resources: 3 },
  { outcome: "removed" },
  { outcome: "paused", message: "m" },
  { outcome: "drifted", message: "m" },
  { outcome: "waiting", reason: "Waiting", message: "m" },
  { outcome: "retrying", reason: "NoSpace", message: "m" },
  { outcome: "stalled", reason: "Conflict", message: "m" },
]

describe("conditions", () => {
  it("are always all three, never ready and stalled at once, and say why they are not ready", () => {
    for (const outcome of outcomes) {
      const all = conditionsOf(outcome, undefined, "now")
      assert.deepStrictEqual(
        all.map((one) => one.type),
        ["Ready", "Reconciling", "Stalled"],
      )
      const [ready, reconciling, stalled] = all.map((one) => one.status)
      assert.isAtMost([ready, reconciling, stalled].filter((status) => status === "True").length, 1)
      assert.isTrue(all.every((one) => /^[A-Z][A-Za-z]+$/.test(one.reason)))
    }
  })

  it("move their time only when their status moves", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...outcomes), { minLength: 1, maxLength: 20 }), (sequence) => {
        let before = conditionsOf({ outcome: "removed" }, undefined, "0")
        sequence.forEach((outcome, at) => {
          const after = conditionsOf(outcome, before, String(at + 1))
          after.forEach((one, i) => {
            const moved = one.status !== before[i]?.status
            assert.strictEqual(one.lastTransitionTime, moved ? String(at + 1) : before[i]?.lastTransitionTime)
          })
          before = after
        })
      }),
    )
  })
})
