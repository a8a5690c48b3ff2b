import { assert, describe, it } from "@effect/vitest"
import type { StatusEntry } from "../shapes.ts"
import { Waiting } from "./wait.ts"

const change = (name: string, version = 2, action: "updated" | "deleted" = "updated") => ({
  kind: "Site",
  name,
  version,
  action,
})
const entry = (name: string, state: StatusEntry["state"], version = 2): StatusEntry => ({
  kind: "Site",
  name,
  version,
  generation: 1,
  state,
  status: [],
})

describe("waiting for the host", () => {
  it("is over when every record is ready at the version that was written", () => {
    const waiting = new Waiting([change("one"), change("two")])
    waiting.seeAll([entry("one", "ready"), entry("two", "reconciling")])
    assert.deepStrictEqual([waiting.done, waiting.open], [false, ["Site/two"]])
    waiting.see("Site/two", entry("two", "ready"))
    assert.isTrue(waiting.done)
  })

  it("does not take the state of an older version for the new one's", () => {
    const waiting = new Waiting([change("one", 3)])
    waiting.see("Site/one", entry("one", "ready", 2))
    waiting.see("Site/one", entry("one", "stalled", 2))
    assert.deepStrictEqual([waiting.done, waiting.stuck], [false, []])
  })

  it("rests when all that is left is stalled, and goes on when that one recovers", () => {
    const waiting = new Waiting([change("one")])
    waiting.see("Site/one", entry("one", "stalled"))
    assert.deepStrictEqual([waiting.done, waiting.stuck.length], [true, 1])
    waiting.see("Site/one", entry("one", "reconciling"))
    assert.deepStrictEqual([waiting.done, waiting.stuck.length], [false, 0])
  })

  it("rests when the rest waits for what is stalled, but not when what it waits for still moves", () => {
    const blocked = (name: string): StatusEntry => ({
      ...entry(name, "reconciling"),
      status: [
        {
          node: "web1",
          observedGeneration: 1,
          observedVersion: 2,
          conditions: [
            {
              type: "Reconciling",
              status: "True",
              reason: "WaitingForResource",
              message: "",
              lastTransitionTime: "2031-04-05T12:00:00Z",
            },
          ],
          details: {},
          updatedAt: "2031-04-05T12:00:00Z",
        },
      ],
    })
    const waiting = new Waiting([change("php"), change("site"), change("other")])
    waiting.seeAll([entry("php", "reconciling"), blocked("site"), entry("other", "ready")])
    assert.isFalse(waiting.done)
    waiting.see("Site/php", entry("php", "stalled"))
    assert.isTrue(waiting.done)
    assert.deepStrictEqual(
      waiting.stuck.map(({ name }) => name),
      ["php", "site"],
    )
  })

  it("a deleted record is waited for until it is gone, not until it is ready", () => {
    const waiting = new Waiting([change("one", 2, "deleted")])
    waiting.see("Site/one", entry("one", "ready"))
    waiting.see("Site/one", entry("one", "deleting"))
    assert.isFalse(waiting.done)
    waiting.seeAll([])
    assert.isTrue(waiting.done)
  })

  it("a deletion that the agent's guard holds back is stuck, and not waited for until the time is over", () => {
    const waiting = new Waiting([change("one", 2, "deleted")])
    const condition = {
      type: "Stalled",
      status: "True",
      reason: "PruneGuard",
      message: "",
      lastTransitionTime: "",
    } as const
    const status = [
      { node: "web1", observedGeneration: 1, observedVersion: 2, conditions: [condition], details: {}, updatedAt: "" },
    ]
    waiting.see("Site/one", { ...entry("one", "deleting"), status })
    assert.deepStrictEqual([waiting.done, waiting.stuck.length], [true, 1])

    const confirmed = new Waiting([change("one", 3, "deleted")])
    confirmed.see("Site/one", { ...entry("one", "deleting", 3), status })
    assert.isFalse(confirmed.done, "what the guard said before somebody agreed")
    confirmed.see("Site/one", null)
    assert.isTrue(confirmed.done)
  })

  it("of nothing is over at once", () => {
    assert.isTrue(new Waiting([]).done)
  })
})
