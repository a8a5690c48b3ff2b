import { existsSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import type { HostKey } from "./contract/resource.ts"
import { failure, reload, textOf } from "./fixture/note.ts"
import { until } from "./fixture/until.ts"
import { inWorld } from "./fixture/world.ts"
import { sideEffectCount } from "./host/side-effect.ts"

describe("a pass", () => {
  it.live("makes what a record wants, and says so", () =>
    inWorld(({ root, store, start }) =>
      Effect.gen(function* () {
        const agent = yield* start()
        yield* store.put("a", { files: { one: "1", two: "2" } })
        yield* agent.settled
        assert.strictEqual(textOf(root, "/notes/one"), "1\n")
        assert.strictEqual(textOf(root, "/notes/two"), "2\n")
        assert.strictEqual(store.condition("a")?.status, "True")
        assert.deepStrictEqual(
          store.inventory.map((one) => [one.key, one.record, one.generation]),
          [
            ["path:/notes/one", "Note/a", 1],
            ["path:/notes/two", "Note/a", 1],
          ],
        )
        assert.deepStrictEqual(store.drift, [], "what a record wants is no drift")
      }),
    ),
  )

  it.live("over a converged host writes nothing and adds no row but the heartbeat", () =>
    inWorld(({ root, store, mischief, start }) =>
      Effect.gen(function* () {
        const agent = yield* start()
        yield* store.all([store.put("a", { files: { one: "1" } }), store.put("b", { files: { two: "2" } })])
        yield* agent.settled
        const before = [readdirSync(`${root}/notes`), statSync(`${root}/notes/one`).ctimeMs]
        const [writes, beats, effects, looks] = [store.writes, store.beats.length, sideEffectCount(), mischief.observed]
        yield* agent.sweep
        yield* agent.desire.relist("edit")
        yield* agent.settled
        assert.deepStrictEqual([readdirSync(`${root}/notes`), statSync(`${root}/notes/one`).ctimeMs], before)
        assert.strictEqual(store.writes, writes)
        assert.strictEqual(sideEffectCount(), effects)
        assert.strictEqual(mischief.observed, looks, "a sweep over a converged host observes nothing")
        assert.strictEqual(store.beats.length, beats + 1)
      }),
    ),
  )

  it.live("of a new agent over a converged host observes everything and writes nothing either", () =>
    inWorld(({ store, mischief, start, boot }) =>
      Effect.gen(function* () {
        yield* Effect.scoped(
          Effect.tap(start(), (agent) => Effect.andThen(store.put("a", { files: { one: "1" } }), agent.settled)),
        )
        const [writes, effects, looks] = [store.writes, sideEffectCount(), mischief.observed]
        const agent = yield* boot()
        yield* agent.desire.relist("resync")
        yield* agent.settled
        assert.strictEqual(mischief.observed, looks + 1)
        assert.strictEqual(store.writes, writes)
        assert.strictEqual(sideEffectCount(), effects)
      }),
    ),
  )

  it.live("prunes what an older generation claimed, and only that", () =>
    inWorld(({ root, store, start }) =>
      Effect.gen(function* () {
        const agent = yield* start()
        yield* store.put("a", { files: { one: "1", two: "2" } })
        yield* agent.settled
        writeFileSync(`${root}/notes/foreign`, "not ours")
        yield* store.put("a", { files: { two: "2" } })
        yield* agent.settled
        assert.deepStrictEqual(readdirSync(`${root}/notes`).sort(), ["foreign", "two"])
        assert.deepStrictEqual(
          store.inventory.map((one) => [one.key, one.generation]),
          [["path:/notes/two", 2]],
        )
      }),
    ),
  )

  it.live("leaves alone what was there before and differs, and says what to do", () =>
    inWorld(({ root, store, start }) =>
      Effect.gen(function* () {
        const agent = yield* start()
        yield* store.put("first", { files: { mine: "x" } })
        yield* agent.settled
        writeFileSync(`${root}/notes/one`, "a person's")
        writeFileSync(`${root}/notes/same`, "1\n")
        yield* store.put("a", { files: { one: "1", other: "2" } })
        yield* store.put("b", { files: { same: "1" } })
        yield* agent.settled
        assert.strictEqual(textOf(root, "/notes/one"), "a person's")
        assert.isFalse(existsSync(`${root}/notes/other`))
        assert.strictEqual(store.condition("a", "Stalled")?.reason, "Conflict")
        assert.include(store.condition("a", "Stalled")?.message ?? "", "plumbline.dev/adopt")
        assert.strictEqual(store.condition("b")?.status, "True", "what is as wanted is taken over in silence")
        assert.deepStrictEqual(store.drift, [])

        yield* store.put("a", { files: { one: "1", other: "2" } }, { annotations: { "plumbline.dev/adopt": "true" } })
        yield* agent.settled
        assert.strictEqual(textOf(root, "/notes/one"), "1\n")
        assert.deepStrictEqual(
          store.drift.map((row) => [row.resourceKey, row.stream, row.outcome]),
          [["path:/notes/one", "accepted", "adopted"]],
        )
        assert.strictEqual(textOf(root, (store.drift[0]?.keptCopy ?? "/") as "/"), "a person's")
      }),
    ),
  )

  it.live("never takes what another record has", () =>
    inWorld(({ root, store, start }) =>
      Effect.gen(function* () {
        const agent = yield* start()
        yield* store.put("a", { files: { one: "a's" } })
        yield* agent.settled
        yield* store.put("b", { files: { one: "b's" } })
        yield* agent.settled
        assert.strictEqual(textOf(root, "/notes/one"), "a's\n")
        assert.strictEqual(store.condition("b", "Stalled")?.reason, "ClaimedElsewhere")
        assert.include(store.condition("b", "Stalled")?.message ?? "", "Note/a")
        // Nor what one had whose row was lost without a word.
        store.records.delete("Note/a")
        yield* agent.desire.relist("resync")
        yield* store.put("b", { files: { one: "b's", two: "" } })
        yield* agent.settled
        assert.strictEqual(store.condition("b", "Stalled")?.reason, "ClaimedElsewhere")
        assert.strictEqual(textOf(root, "/notes/one"), "a's\n")
      }),
    ),
  )

  it.live.each([
    { taker: "a", giver: "b" },
    { taker: "b", giver: "a" },
  ])("takes over what another record lets go of in the same moment, $taker from $giver", ({ giver, taker }) =>
    inWorld(({ root, store, start }) =>
      Effect.gen(function* () {
        const agent = yield* start()
        yield* store.put(giver, { files: { one: "theirs" } })
        yield* agent.settled
        yield* store.all([store.put(taker, { files: { one: "mine" } }), store.put(giver, { files: { two: "theirs" } })])
        yield* agent.settled
        for (const name of [taker, giver]) assert.deepStrictEqual(store.condition(name)?.status, "True")
        assert.strictEqual(textOf(root, "/notes/one"), "mine\n")
        assert.strictEqual(textOf(root, "/notes/two"), "theirs\n")
        const stalled = store.told.filter(({ conditions }) =>
          conditions.some(({ type, status }) => type === "Stalled" && status === "True"),
        )
        assert.deepStrictEqual(stalled, [])
      }),
    ),
  )

  it.live("lets records change places in a ring", () =>
    inWorld(({ root, store, start }) =>
      Effect.gen(function* () {
        const names = ["a", "b", "c"]
        const put = (turn: number) =>
          store.all(
            names.map((name, index) =>
              store.put(name, { files: { [`of-${name}`]: "", [`${(index + turn) % 3}`]: name } }),
            ),
          )
        const agent = yield* start()
        for (const turn of [0, 1, 0, 2]) {
          yield* put(turn)
          yield* agent.settled
          for (const [index, name] of names.entries()) {
            assert.strictEqual(store.condition(name)?.status, "True", store.condition(name, "Stalled")?.message)
            assert.strictEqual(textOf(root, `/notes/${(index + turn) % 3}`), `${name}\n`)
          }
        }
      }),
    ),
  )

  it.live("that cannot have what another keeps leaves what it had, until somebody asks for that", () =>
    inWorld(({ root, store, start }) =>
      Effect.gen(function* () {
        const agent = yield* start()
        yield* store.all([store.put("a", { files: { one: "a" } }), store.put("b", { files: { two: "b" } })])
        yield* agent.settled
        yield* store.put("b", { files: { one: "b" } })
        yield* agent.settled
        assert.strictEqual(store.condition("b", "Stalled")?.reason, "ClaimedElsewhere")
        assert.strictEqual(textOf(root, "/notes/two"), "b\n")
        yield* store.put("c", { files: { two: "c" } })
        yield* agent.settled
        assert.strictEqual(store.condition("c")?.status, "True")
        assert.strictEqual(textOf(root, "/notes/two"), "c\n")
        assert.strictEqual(store.condition("b", "Stalled")?.reason, "ClaimedElsewhere")
      }),
    ),
  )

  it.live("of a bad record touches no other", () =>
    inWorld(({ root, store, mischief, start }) =>
      Effect.gen(function* () {
        const agent = yield* start()
        mischief.apply.set("/notes/full", failure("NoSpace", "stall"))
        yield* store.all([
          store.put("bug", { files: { throw: "" } }),
          store.put("newer", { files: {}, fromTheFuture: true }),
          store.put("unknown", {}, { kind: "Robot" }),
          store.put("full", { files: { full: "x", after: "y" } }),
          store.put("good", { files: { good: "g" } }),
        ])
        yield* agent.settled
        const reasons = ["bug", "newer", "full"].map((name) => store.condition(name, "Stalled")?.reason)
        assert.deepStrictEqual(reasons, ["RenderFailed", "NewerSpec", "NoSpace"])
        assert.strictEqual(
          store.statuses.get("Robot/unknown")?.conditions.find((one) => one.type === "Stalled")?.reason,
          "NewerSpec",
        )
        assert.include(store.condition("full")?.message ?? "", "Free some space.")
        assert.deepStrictEqual(readdirSync(`${root}/notes`), ["good"], "what waits for the failed one is not applied")
        assert.strictEqual(store.condition("good")?.status, "True")
      }),
    ),
  )

  it.live("backs off from what fails for now, and heals by itself", () =>
    inWorld(({ root, store, mischief, start }) =>
      Effect.gen(function* () {
        const agent = yield* start()
        mischief.apply.set("/notes/one", failure("NoSpace", "retry"))
        yield* store.put("a", { files: { one: "1" } })
        yield* agent.settled
        assert.strictEqual(store.condition("a", "Reconciling")?.reason, "NoSpace")
        mischief.apply.delete("/notes/one")
        yield* until(() => textOf(root, "/notes/one") === "1\n")
        yield* agent.settled
        assert.strictEqual(store.condition("a")?.status, "True")
      }),
    ),
  )

  it.live(
    "for want of what another record brings is tried again at once when that is there, and no sooner for its own",
    () =>
      inWorld(({ root, store, mischief, start }) =>
        Effect.gen(function* () {
          const agent = yield* start()
          const wanting = (sooner: HostKey) => failure("ParentMissing", { kind: "retry", sooner })
          mischief.apply.set("/notes/one", wanting("path:/notes/folder"))
          mischief.apply.set("/notes/three", wanting("path:/notes/two"))
          yield* store.put("a", { files: { one: "1" } })
          yield* store.put("alone", { files: { two: "2", three: "3" } })
          yield* agent.settled
          assert.strictEqual(store.condition("a", "Reconciling")?.reason, "ParentMissing")
          assert.strictEqual(store.condition("alone", "Reconciling")?.reason, "ParentMissing")
          mischief.apply.delete("/notes/one")
          yield* store.put("b", { files: { folder: "f" } })
          yield* agent.settled
          assert.strictEqual(textOf(root, "/notes/one"), "1\n")
        }),
      ),
  )

  it.live("of a slow record blocks no other", () =>
    inWorld(({ root, store, mischief, start }) =>
      Effect.gen(function* () {
        const agent = yield* start({ concurrency: 2 })
        const gate = Latch.makeUnsafe(false)
        mischief.slow.set("/notes/slow", gate.await)
        yield* store.put("slow", { files: { slow: "s" } })
        for (let i = 0; i < 10; i++) yield* store.put(`n${i}`, { files: { [`f${i}`]: "x" } })
        yield* until(() => textOf(root, "/notes/f9") !== undefined)
        assert.isUndefined(textOf(root, "/notes/slow"))
        yield* gate.open
        yield* agent.settled
        assert.strictEqual(textOf(root, "/notes/slow"), "s\n")
      }),
    ),
  )

  it.live("fifty records at once wait for one activation together, with far fewer slots", () =>
    inWorld(({ store, activator, start }) =>
      Effect.gen(function* () {
        const agent = yield* start({ concurrency: 3 })
        const gate = Latch.makeUnsafe(false)
        activator.gate = gate.await
        const names = Array.from({ length: 50 }, (_, i) => `n${i}`)
        yield* store.all(names.map((name) => store.put(name, { files: { [name]: "x" }, activates: true })))
        yield* until(() => activator.submitted.length === 50)
        yield* gate.open
        yield* agent.settled
        assert.isTrue(names.every((name) => store.condition(name)?.status === "True"))
      }),
    ),
  )

  it.live("owes an activation until it has happened, also over a restart", () =>
    inWorld(({ root, store, activator, start }) =>
      Effect.gen(function* () {
        activator.refuse = failure("Refused", "stall")
        yield* Effect.scoped(
          Effect.gen(function* () {
            const agent = yield* start()
            yield* store.put("a", { files: { one: "1" }, activates: true })
            yield* agent.settled
          }),
        )
        assert.strictEqual(store.condition("a", "Stalled")?.reason, "Refused")
        assert.strictEqual(textOf(root, "/notes/one"), "1\n", "the file is there: no difference will say it again")
        activator.refuse = undefined
        activator.submitted.length = 0
        const agent = yield* start()
        yield* agent.settled
        assert.deepStrictEqual(activator.submitted, [["Note/a", [reload]]])
        assert.strictEqual(store.condition("a")?.status, "True")
        assert.deepStrictEqual(agent.engine.journal.of("Note/a"), [])
      }),
    ),
  )

  // A php-fpm was started, again and again, before its configuration was there.
  it.live("does not run what is owed for something that still waits", () =>
    inWorld(({ store, activator, start }) =>
      Effect.gen(function* () {
        const agent = yield* start()
        const waiting = { files: { pool: "p" }, after: "path:/notes/user", activates: true }
        yield* store.put("php", waiting)
        yield* agent.settled
        yield* store.put("php", { ...waiting, files: { pool: "other" } })
        yield* agent.settled
        assert.deepStrictEqual(activator.submitted, [])
        yield* store.put("account", { files: { user: "u" } })
        yield* agent.settled
        assert.deepStrictEqual(activator.submitted, [["Note/php", [reload]]])
        assert.deepStrictEqual(agent.engine.journal.of("Note/php"), [])
      }),
    ),
  )

  it.live("wakes who waits: for a record, and for another's resource", () =>
    inWorld(({ root, store, start }) =>
      Effect.gen(function* () {
        const agent = yield* start()
        yield* store.put("site", { files: { site: "s" }, needs: "account" })
        yield* store.put("late", { files: { late: "l" }, after: "path:/notes/user" })
        yield* agent.settled
        assert.strictEqual(store.condition("site", "Reconciling")?.reason, "WaitingForRecord")
        assert.strictEqual(store.condition("late", "Reconciling")?.reason, "WaitingForResource")
        yield* store.put("account", { files: { user: "u" } })
        yield* agent.settled
        assert.strictEqual(textOf(root, "/notes/site"), "s with user\n")
        assert.strictEqual(textOf(root, "/notes/late"), "l\n")
        yield* store.put("account", { files: { user: "u", home: "h" } })
        yield* agent.settled
        assert.strictEqual(textOf(root, "/notes/site"), "s with user,home\n", "a changed account wakes its sites")
      }),
    ),
  )

  it.live("lets others build on what was in sync before its record was not understood, also after a restart", () =>
    inWorld(({ root, store, start }) =>
      Effect.gen(function* () {
        const site = (text: string) => store.put("site", { files: { site: text }, after: "path:/notes/user" })
        yield* Effect.scoped(
          Effect.gen(function* () {
            const agent = yield* start()
            yield* store.all([store.put("account", { files: { user: "u" } }), site("1")])
            yield* agent.settled
            yield* store.put("account", { files: {}, fromTheFuture: true })
            yield* agent.settled
            assert.strictEqual(store.condition("account", "Stalled")?.reason, "NewerSpec")
            yield* site("2")
            yield* agent.settled
            assert.strictEqual(textOf(root, "/notes/site"), "2\n")
          }),
        )
        const agent = yield* start()
        yield* site("3")
        yield* agent.settled
        assert.strictEqual(textOf(root, "/notes/site"), "3\n")
        assert.strictEqual(textOf(root, "/notes/user"), "u\n")
      }),
    ),
  )

  it.live("that cannot have what another keeps is at rest, also when that one cannot have its own", () =>
    inWorld(({ store, start }) =>
      Effect.gen(function* () {
        const agent = yield* start()
        yield* store.all([store.put("a", { files: { one: "a" } }), store.put("b", { files: { two: "b" } })])
        yield* agent.settled
        yield* store.all([
          store.put("a", { files: { one: "a", two: "a" } }),
          store.put("b", { files: { one: "b", two: "b" } }),
        ])
        yield* agent.settled
        for (const name of ["a", "b"])
          assert.strictEqual(store.condition(name, "Stalled")?.reason, "ClaimedElsewhere", name)
      }),
    ),
  )

  it.live("finds what a lost hint did not say, by the list", () =>
    inWorld(({ root, store, start }) =>
      Effect.gen(function* () {
        const agent = yield* start()
        store.deaf = true
        yield* store.put("a", { files: { one: "1" } })
        yield* agent.settled
        assert.isUndefined(textOf(root, "/notes/one"))
        yield* agent.desire.relist("edit")
        yield* agent.settled
        assert.strictEqual(textOf(root, "/notes/one"), "1\n")
      }),
    ),
  )

  it.live("with the store away heals to the last known spec, removes nothing, and tells it afterwards", () =>
    inWorld(({ root, store, start }) =>
      Effect.gen(function* () {
        const agent = yield* start()
        yield* store.put("a", { files: { one: "1", two: "2" } })
        yield* store.put("b", { files: { three: "3" } })
        yield* agent.settled
        // The deletion is heard of, and then the store is gone before anything was removed.
        store.deaf = true
        yield* store.delete("b", true)
        const stored = store.records.get("Note/b")
        if (stored !== undefined) agent.engine.records.put(stored)
        store.away = true
        agent.engine.wake("Note/b", "edit")
        rmSync(`${root}/notes/one`)
        yield* until(() => textOf(root, "/notes/one") === "1\n")
        yield* agent.settled
        assert.strictEqual(textOf(root, "/notes/three"), "3\n", "nothing is removed while nobody can be asked")
        assert.deepStrictEqual(store.drift, [])
        store.away = false
        yield* agent.desire.relist("edit")
        yield* until(() => !store.records.has("Note/b"))
        yield* agent.settled
        assert.deepStrictEqual(
          store.drift.map((row) => [row.resourceKey, row.outcome]),
          [["path:/notes/one", "healed"]],
        )
        assert.isUndefined(textOf(root, "/notes/three"))
      }),
    ),
  )

  it.live("an unchanged status is not written again", () =>
    inWorld(({ store, start }) =>
      Effect.gen(function* () {
        const agent = yield* start()
        yield* store.put("a", { files: { one: "1" } })
        yield* agent.settled
        const before = store.statuses.get("Note/a")
        const writes = store.writes
        agent.engine.suspects.add("Note/a")
        agent.engine.wake("Note/a", "edit")
        yield* agent.settled
        assert.strictEqual(store.writes, writes)
        assert.strictEqual(store.statuses.get("Note/a"), before)
      }),
    ),
  )
})
