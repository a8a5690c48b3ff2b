import { readdirSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import * as fc from "fast-check"
import { textOf } from "./fixture/note.ts"
import { until } from "./fixture/until.ts"
import { inWorld } from "./fixture/world.ts"
import { PruneGuard } from "./guards.ts"

const files = (name: string, count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`${name}-${i}`, "x"]))

describe("guards", () => {
  it.live("a record that suddenly wants nothing loses nothing", () =>
    inWorld(({ root, store, start }) =>
      Effect.gen(function* () {
        const agent = yield* start()
        yield* store.put("a", { files: { one: "1" } })
        yield* agent.settled
        yield* store.put("a", { files: {} })
        yield* agent.settled
        assert.strictEqual(textOf(root, "/notes/one"), "1\n")
        assert.strictEqual(store.condition("a", "Stalled")?.reason, "PruneGuard")
      }),
    ),
  )

  it.live("many deletions at once are all held back until a person agrees", () =>
    inWorld(({ root, store, start }) =>
      Effect.gen(function* () {
        const agent = yield* start()
        const names = Array.from({ length: 10 }, (_, i) => `n${i}`)
        yield* store.all(names.map((name) => store.put(name, { files: files(name, 4) })))
        yield* agent.settled
        yield* store.all(names.slice(0, 5).map((name) => store.delete(name)))
        yield* agent.settled
        assert.strictEqual(readdirSync(`${root}/notes`).length, 40, "nothing is removed")
        for (const name of names.slice(0, 5)) {
          assert.strictEqual(store.condition(name, "Stalled")?.reason, "PruneGuard")
        }
        assert.include(store.condition("n0")?.message ?? "", "20 of 40")

        yield* store.delete("n0", true)
        yield* agent.settled
        assert.strictEqual(readdirSync(`${root}/notes`).length, 36)
        assert.isFalse(store.records.has("Note/n0"))

        // The others are taken back, but for one: a deletion on its own is what its writer asked for.
        for (const name of names.slice(1, 4)) yield* store.put(name, { files: files(name, 4) })
        yield* agent.settled
        assert.deepStrictEqual(
          names.slice(1, 5).map((name) => store.records.has(`Note/${name}`)),
          [true, true, true, false],
        )
        assert.strictEqual(readdirSync(`${root}/notes`).length, 32)
      }),
    ),
  )

  it.live("one deletion on its own goes through, however small the host", () =>
    inWorld(({ root, store, start }) =>
      Effect.gen(function* () {
        const agent = yield* start()
        yield* store.put("a", { files: files("a", 30) })
        yield* agent.settled
        yield* store.delete("a")
        yield* agent.settled
        assert.deepStrictEqual(readdirSync(`${root}/notes`), [])
        assert.deepStrictEqual([store.records.size, store.inventory.length, store.statuses.size], [0, 0, 0])
      }),
    ),
  )

  // A site, and then its account: the second was held back, since the two together are much of a small host.
  it.live("deletions one after the other, each seen through, are as many single ones", () =>
    inWorld(({ root, store, start }) =>
      Effect.gen(function* () {
        const agent = yield* start()
        for (const name of ["a", "b", "c"]) yield* store.put(name, { files: files(name, 15) })
        yield* agent.settled
        for (const name of ["a", "b", "c"]) {
          yield* store.delete(name)
          yield* agent.settled
        }
        assert.deepStrictEqual(readdirSync(`${root}/notes`), [])
      }),
    ),
  )

  it.live("what asks to be confirmed stays until somebody does", () =>
    inWorld(({ root, store, start }) =>
      Effect.gen(function* () {
        const agent = yield* start()
        yield* store.put("a", { files: { one: "1" }, onDelete: "confirm" })
        yield* store.put("b", { files: { two: "2" }, onDelete: "retain" })
        yield* agent.settled
        yield* store.delete("a")
        yield* store.delete("b")
        yield* agent.settled
        assert.strictEqual(store.condition("a", "Stalled")?.reason, "ConfirmDeletion")
        assert.strictEqual(textOf(root, "/notes/two"), "2\n", "retained, and nobody's any more")
        assert.deepStrictEqual(
          store.inventory.map((one) => one.key),
          ["path:/notes/one"],
        )
        yield* store.delete("a", true)
        yield* agent.settled
        assert.deepStrictEqual(readdirSync(`${root}/notes`), ["two"])
      }),
    ),
  )

  it.live("what others still need waits for them", () =>
    inWorld(({ root, store, start }) =>
      Effect.gen(function* () {
        const agent = yield* start()
        yield* store.put("account", { files: { user: "u" } })
        yield* store.put("site", { files: { site: "s" }, needs: "account" })
        yield* agent.settled
        yield* store.delete("account", true)
        yield* agent.settled
        assert.strictEqual(store.condition("account", "Reconciling")?.reason, "StillReferred")
        assert.strictEqual(textOf(root, "/notes/user"), "u\n")
        yield* store.delete("site", true)
        yield* agent.settled
        assert.deepStrictEqual(readdirSync(`${root}/notes`), [])
        assert.strictEqual(store.records.size, 0)
      }),
    ),
  )

  // An account that was deleted together with its site stood there until the next relist.
  it.live("what waits for the last that needs it goes as soon as that is gone", () =>
    inWorld(({ store, activator, start }) =>
      Effect.gen(function* () {
        const agent = yield* start()
        yield* store.put("account", { files: { user: "u" } })
        yield* store.put("site", { files: { "site.reload": "s" }, needs: "account" })
        yield* agent.settled
        const gate = yield* Latch.make()
        activator.gate = gate.await
        yield* store.all([store.delete("site", true), store.delete("account", true)])
        yield* until(() => store.condition("account", "Reconciling")?.reason === "StillReferred")
        yield* gate.open
        yield* agent.settled
        assert.strictEqual(store.records.size, 0)
      }),
    ),
  )

  it.live("a record that is gone without having been deleted leaves everything as it is", () =>
    inWorld(({ root, store, start }) =>
      Effect.gen(function* () {
        const agent = yield* start()
        yield* store.put("web1", {}, { kind: "Node" })
        yield* store.put("a", { files: { one: "1" } })
        yield* agent.settled
        store.records.delete("Note/a")
        yield* agent.desire.relist("edit")
        yield* agent.sweep
        yield* agent.settled
        assert.strictEqual(textOf(root, "/notes/one"), "1\n")
        assert.strictEqual(store.inventory.length, 1)
        assert.deepStrictEqual(store.statuses.get("Node/web1")?.details.orphans, ["Note/a"])
      }),
    ),
  )

  it("a plan within its share is never stopped half-way, and one beyond it never begins", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 2, maxLength: 12 }),
        fc.integer({ min: 0, max: 300 }),
        (asks, others) => {
          const guard = new PruneGuard()
          const asked = asks.reduce((sum, one) => sum + one, 0)
          let owned = asked + others
          guard.begin(owned)
          asks.forEach((count, i) => {
            guard.ask(`Note/${i}`, count, true)
          })
          const allowed = asked <= 10 || asked * 100 <= owned * 25
          asks.forEach((count, i) => {
            const held = guard.judge(`Note/${i}`, owned, { maxShare: 25, minimum: 10 })
            assert.strictEqual(held === undefined, allowed)
            if (held === undefined) owned -= count
          })
        },
      ),
    )
  })
})
