import * as Effect from "effect/Effect"
import * as fc from "fast-check"
import { expect, it } from "vitest"
import { findCulprits } from "./culprits.ts"
import { goLiveOrder, membersOf, mergeUnits } from "./merge.ts"

/** A tool that refuses a set with a bad member in it, and names the first of them or none. */
const tool = (bad: ReadonlySet<string>, names: boolean) => {
  const there = new Set<string>()
  let tests = 0
  const put = ({ member }: { member: string }) => Effect.sync(() => void there.add(member))
  const restore = ({ member }: { member: string }) => Effect.sync(() => void there.delete(member))
  const test = Effect.sync(() => {
    tests++
    const first = [...there].find((member) => bad.has(member))
    return first === undefined
      ? { ok: true as const }
      : { ok: false as const, message: names ? `refused in ${first}:1` : "refused" }
  })
  return { trial: { put, restore, test }, there, tests: () => tests }
}

it.each([true, false])("leaves out exactly the bad ones (the tool names them: %s)", async (names) => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.boolean(), { minLength: 1, maxLength: 30 }), async (badness) => {
      const changes = badness.map((_, index) => ({ member: `sites/${index}.conf` }))
      const bad = new Set(changes.filter((_, index) => badness[index]).map(({ member }) => member))
      fc.pre(bad.size > 0)
      const { trial, there } = tool(bad, names)
      for (const change of changes) Effect.runSync(trial.put(change))
      const found = await Effect.runPromise(findCulprits(changes, "refused", trial))
      expect(new Set([...found.culprits.keys()].map(({ member }) => member))).toEqual(bad)
      expect(there).toEqual(new Set(changes.map(({ member }) => member).filter((member) => !bad.has(member))))
    }),
  )
})

it("finds one that is not named among 1,000 in about twenty tests", async () => {
  const changes = Array.from({ length: 1000 }, (_, index) => ({ member: `sites/${index}.conf` }))
  const { trial, tests } = tool(new Set(["sites/617.conf"]), false)
  for (const change of changes) Effect.runSync(trial.put(change))
  await Effect.runPromise(findCulprits(changes, "refused", trial))
  expect(tests()).toBeLessThan(30)
})

it("one act a unit: a restart is also a reload, and a reload also a start", () => {
  const unit = (name: string, action: "start" | "reload" | "restart") => ({ kind: "unit", name, action }) as const
  const merged = mergeUnits([unit("a", "start"), unit("b", "restart"), unit("a", "reload"), unit("b", "start")])
  expect([...merged]).toEqual([
    ["a", "reload"],
    ["b", "restart"],
  ])
  expect(membersOf([unit("a", "start"), { kind: "nginx", member: "nginx.conf" }])).toEqual(new Set(["nginx.conf"]))
})

it("what others refer to comes first and goes last", () => {
  const change = (member: string, removed: boolean) => ({ member, removed })
  const order = goLiveOrder([
    change("php/old.conf", true),
    change("sites/old.conf", true),
    change("sites/new.conf", false),
    change("php/new.conf", false),
    change("nginx.conf", false),
  ])
  expect(order.map(({ member }) => member)).toEqual([
    "nginx.conf",
    "php/new.conf",
    "sites/new.conf",
    "sites/old.conf",
    "php/old.conf",
  ])
})
