import type { Json } from "effect/Schema"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { mergePatch } from "./merge-patch.ts"

describe("a merge patch", () => {
  // RFC 7396, appendix A.
  it.each<readonly [Json, Json, Json]>([
    [{ a: "b" }, { a: "c" }, { a: "c" }],
    [{ a: "b" }, { b: "c" }, { a: "b", b: "c" }],
    [{ a: "b" }, { a: null }, {}],
    [{ a: "b", b: "c" }, { a: null }, { b: "c" }],
    [{ a: ["b"] }, { a: "c" }, { a: "c" }],
    [{ a: "c" }, { a: ["b"] }, { a: ["b"] }],
    [{ a: { b: "c" } }, { a: { b: "d", c: null } }, { a: { b: "d" } }],
    [{ a: [{ b: "c" }] }, { a: [1] }, { a: [1] }],
    [
      ["a", "b"],
      ["c", "d"],
      ["c", "d"],
    ],
    [{ a: "b" }, ["c"], ["c"]],
    [{ a: "foo" }, null, null],
    [{ a: "foo" }, "bar", "bar"],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [[1, 2], { a: "b", c: null }, { a: "b" }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ])("of %j with %j is %j", (target, patch, result) => {
    expect(mergePatch(target, patch)).toEqual(result)
  })

  const fields = fc.dictionary(fc.string({ maxLength: 8 }), fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<Json>)

  it("leaves what it does not name, takes away what is null, and is done when it is done twice", () => {
    fc.assert(
      fc.property(fields, fields, (target, patch) => {
        const once = mergePatch(target, patch)
        expect(mergePatch(once, patch)).toEqual(once)
        for (const [key, value] of Object.entries(target))
          if (!Object.hasOwn(patch, key)) expect(Object.entries(once as object)).toContainEqual([key, value])
        for (const [key, value] of Object.entries(patch))
          expect(Object.hasOwn(once as object, key)).toBe(value !== null)
      }),
    )
  })

  it("gives nothing another prototype", () => {
    const merged = mergePatch({}, JSON.parse('{"__proto__": {"admin": true}, "constructor": {"prototype": {"x": 1}}}'))
    expect(Object.getPrototypeOf(merged)).toBe(Object.prototype)
    expect(({} as { admin?: boolean }).admin).toBeUndefined()
    expect(Object.keys(merged as object)).toEqual(["__proto__", "constructor"])
  })
})
