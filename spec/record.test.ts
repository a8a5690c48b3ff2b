import { describe, expect, it } from "vitest"
import { canonicalJson, sameSpec } from "./canonical.ts"
import { stateOf } from "./record.ts"

const node = (observedVersion: number, ...conditions: ReadonlyArray<readonly [string, string]>) => ({
  observedVersion,
  conditions: conditions.map(([type, status]) => ({ type, status })),
})
const at = (version: number) => ({ version, deleted: false })

describe("the state of a record", () => {
  it("is waiting until every node has looked at this version, whatever was said of older ones", () => {
    expect(stateOf(at(1), [])).toBe("waiting")
    expect(stateOf(at(2), [node(1, ["Ready", "True"])])).toBe("waiting")
    expect(stateOf(at(2), [node(2, ["Ready", "True"]), node(1, ["Stalled", "True"])])).toBe("waiting")
  })

  it("is ready only when all nodes are", () => {
    expect(stateOf(at(2), [node(2, ["Ready", "True"]), node(2, ["Ready", "True"])])).toBe("ready")
    expect(stateOf(at(2), [node(2, ["Ready", "True"]), node(2, ["Ready", "False"])])).toBe("reconciling")
    expect(stateOf(at(2), [node(2, ["Ready", "True"]), node(2, ["Ready", "False"], ["Stalled", "True"])])).toBe(
      "stalled",
    )
    expect(stateOf({ version: 2, deleted: true }, [node(2, ["Ready", "True"])])).toBe("deleting")
  })
})

describe("canonical JSON", () => {
  it("does not depend on the order of keys, but on that of lists", () => {
    expect(canonicalJson({ b: [1, { y: 1, x: undefined }], a: "ü\n" })).toBe('{"a":"ü\\n","b":[1,{"y":1}]}')
    expect(sameSpec({ a: 1, b: -0 }, { b: 0, a: 1 })).toBe(true)
    expect(sameSpec({ a: [1, 2] }, { a: [2, 1] })).toBe(false)
  })
})
