import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { servedNames } from "../../spec/site.ts"
import { aSite } from "../samples/records.ts"
import { siteNames } from "./names.ts"

const long = `${"abcdefg.".repeat(31)}de`
const names = fc.constantFrom(
  "a.org",
  "www.a.org",
  "b.example.org",
  "www.b.example.org",
  "www.org",
  "www.www.org",
  "*.a.org",
  long,
)
const lists = fc
  .uniqueArray(names, { minLength: 1, maxLength: 8 })
  .map((list) => list.toSorted((a, b) => Number(a.startsWith("*")) - Number(b.startsWith("*"))))
  .filter(([first = "*"]) => !first.startsWith("*"))
  .chain((list) => fc.record({ list: fc.constant(list), cut: fc.integer({ min: 1, max: list.length }) }))

describe("the names of a site", () => {
  it("are those that the record claims, each once, whatever is added, removed and redirected", () => {
    fc.assert(
      fc.property(lists, fc.constantFrom("add", "remove", "keep"), ({ cut, list }, www) => {
        const { spec } = aSite("x", { domains: list.slice(0, cut), aliases: list.slice(cut), redirects: { www } })
        const { moved, served } = siteNames(spec)
        const all = [...served, ...moved.flatMap((each) => each.names)]
        expect(all.toSorted()).toEqual([...new Set(servedNames(spec).map(({ name }) => name))].toSorted())
        for (const { to } of moved) expect(served).toContain(to)
      }),
    )
  })

  it("lead aliases to the primary domain, and each domain's other spelling to that domain", () => {
    const { spec } = aSite("x", {
      domains: ["a.org", "www.b.example.org"],
      aliases: ["c.example.org"],
      redirects: { www: "add" },
    })
    expect(siteNames(spec)).toEqual({
      served: ["www.a.org", "www.b.example.org"],
      moved: [
        { to: "www.a.org", names: ["a.org", "c.example.org"] },
        { to: "www.b.example.org", names: ["b.example.org"] },
      ],
    })
  })
})
