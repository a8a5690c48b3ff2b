import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import type { HostKey, Resource } from "./contract/resource.ts"
import { Mischief, textType } from "./fixture/note.ts"
import { graphOf } from "./graph.ts"

const types = new Map([["text", textType(new Mischief())]])
const key = (name: number | string): HostKey => `path:/notes/${name}`
const resource = (name: number | string, after: ReadonlyArray<number | string> = []): Resource => ({
  kind: "text",
  id: `/notes/${name}`,
  spec: {},
  after: after.map(key),
  onDelete: "remove",
  fields: [],
  activates: [],
})

describe("the graph of a record", () => {
  it("puts every resource after those it names, whatever order they come in, and names keys of others", () => {
    const acyclic = fc
      .array(fc.array(fc.nat(), { maxLength: 4 }), { maxLength: 12 })
      .map((lists) => lists.map((list, at) => resource(at, at === 0 ? [] : list.map((one) => one % at))))
    fc.assert(
      fc.property(
        acyclic.chain((all) => fc.shuffledSubarray(all, { minLength: all.length })),
        (resources) => {
          const graph = graphOf(resources, types)
          assert.strictEqual(graph.outcome, "ordered")
          if (graph.outcome !== "ordered") return
          assert.strictEqual(graph.order.length, resources.length)
          const place = new Map(graph.order.map((one, at) => [one.key, at]))
          for (const one of graph.order) {
            for (const before of one.resource.after) {
              assert.isBelow(place.get(before) ?? Number.NaN, place.get(one.key) ?? Number.NaN)
            }
          }
        },
      ),
    )
    const graph = graphOf([resource("a", ["elsewhere"])], types)
    assert.deepStrictEqual(graph.outcome === "ordered" && graph.outside, [key("elsewhere")])
  })

  it("refuses a circle, a key that is claimed twice, and a type that there is not, by name", () => {
    const said = (resources: ReadonlyArray<Resource>) => {
      const graph = graphOf(resources, types)
      return graph.outcome === "refused" ? graph.message : "ordered"
    }
    const circle = said([resource("a", ["c"]), resource("b", ["a"]), resource("c", ["b"])])
    assert.include(circle, `${key("a")} → ${key("c")} → ${key("b")} → ${key("a")}`)
    assert.include(said([resource("a"), resource("a")]), key("a"))
    assert.include(said([{ ...resource("a"), kind: "robot" }]), '"robot"')
  })
})
