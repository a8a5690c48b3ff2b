import { assert, describe, it } from "@effect/vitest"
import type { StatusEntry } from "../shapes.ts"
import { Waiting } from "./wait.ts"

const change = (name: string, generation = 2, action: "updated" | "deleted" = "updated") => ({
  kind: "Site",
  name,
  generation,
  action,
})
const entry = (name: string, state: StatusEntry["state"], generation = 2): StatusEntry => ({
  kind: "Site",
  name,
  version: generation,
  generation,
  state,
  status: [],
})

describe("waiting for the host", () => {
  it("is over when every record is ready at the generation that was written", () => {
    const waiting = new Waiting([change("one"), change("two")])
    waiting.seeAll([entry("one", "ready"), entry("two", "reconciling")])
    assert.deepStrictEqual([waiting.done, waiting.open], [false, ["Site/two"]])
    waiting.see("Site/two", entry("two", "ready"))
    assert.isTrue(waiting.done)
  })

  it("does not take the state of an older generation for the new one's", () => {
    const waiting = new Waiting([change("one", 3)])
    waiting.see("Site/one", entry("one", "ready", 2))
    waiting.see("Site/one", entry("one", "stalled", 2))
    assert.deepStrictEqual([waiting.done, waiting.stalled], [false, []])
  })

  it("rests when all that is left is stalled, and goes on when that one recovers", () => {
    const waiting = new Waiting([change("one")])
    waiting.see("Site/one", entry("one", "stalled"))
    assert.deepStrictEqual([waiting.done, waiting.stalled.length], [true, 1])
    waiting.see("Site/one", entry("one", "reconciling"))
    assert.deepStrictEqual([waiting.done, waiting.stalled.length], [false, 0])
  })

  it("a deleted record is waited for until it is gone, not until it is ready", () => {
    const waiting = new Waiting([change("one", 2, "deleted")])
    waiting.see("Site/one", entry("one", "ready"))
    waiting.see("Site/one", entry("one", "deleting"))
    assert.isFalse(waiting.done)
    waiting.seeAll([])
    assert.isTrue(waiting.done)
  })

  it("of nothing is over at once", () => {
    assert.isTrue(new Waiting([]).done)
  })
})
