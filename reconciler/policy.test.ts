import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { describe, expect, it } from "vitest"
import { NodeSpec } from "../spec/node.ts"
import { policyOf } from "./policy.ts"

const decode = Schema.decodeUnknownResult(NodeSpec)

/** Whether drift of a Site of this name is healed. */
const heals = (node: object, annotations: Readonly<Record<string, string>> = {}, kind = "Site") =>
  policyOf("web1", Result.getOrThrow(decode(node)), [], { kind, name: "shop", annotations }, 0).selfHeal

describe("drift", () => {
  it("is healed unless the node, the node for this kind, or the record says otherwise", () => {
    expect(heals({})).toBe(true)
    expect(heals({ selfHeal: false })).toBe(false)
    expect(heals({ selfHealExcept: ["Php", "Site"] })).toBe(false)
    expect(heals({ selfHealExcept: ["Php", "Site"] }, {}, "Account")).toBe(true)
    expect(heals({}, { "plumbline.dev/self-heal": "false" })).toBe(false)
  })

  it("cannot be excepted for a kind that there is not", () => {
    expect(Result.isFailure(decode({ selfHealExcept: ["Sites"] }))).toBe(true)
  })
})
