import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import * as TestClock from "effect/testing/TestClock"
import * as fc from "fast-check"
import { backoffMillis, make, type Priority, type Verdict } from "./queue.ts"

/** A queue whose passes write their key down and then wait for a latch of their own where one was set up. */
const recording = Effect.fnUntraced(function* (options: {
  readonly concurrency: number
  readonly outcome?: (key: string) => Verdict
}) {
  const passes: Array<string> = []
  const latches = new Map<string, Latch.Latch>()
  const together = { now: 0, most: 0, twice: false }
  const active = new Set<string>()
  const queue = yield* make<string, never>({
    concurrency: options.concurrency,
    spareForEdits: 0,
    work: (key) =>
      Effect.gen(function* () {
        passes.push(key)
        if (active.has(key)) together.twice = true
        active.add(key)
        together.most = Math.max(together.most, ++together.now)
        yield* Effect.yieldNow
        const latch = latches.get(key)
        if (latch !== undefined) yield* latch.await
        together.now--
        active.delete(key)
        return options.outcome?.(key) ?? "done"
      }),
  })
  const hold = (key: string) => {
    const latch = Latch.makeUnsafe(false)
    latches.set(key, latch)
    return latch
  }
  return { queue, passes, hold, together }
})

describe("queue", () => {
  it.effect("takes edits before drift and drift before resync", () =>
    Effect.gen(function* () {
      const { queue, passes, hold } = yield* recording({ concurrency: 1 })
      const first = hold("first")
      queue.add("first", "resync")
      queue.add("resync", "resync")
      queue.add("drift", "drift")
      queue.add("edit", "edit")
      yield* first.open
      yield* queue.settled()
      assert.deepStrictEqual(passes, ["first", "edit", "drift", "resync"])
    }),
  )

  it.effect("coalesces duplicates at the most urgent priority", () =>
    Effect.gen(function* () {
      const { queue, passes, hold } = yield* recording({ concurrency: 1 })
      const first = hold("first")
      for (const key of ["first", "a", "b", "a"]) queue.add(key, "resync")
      queue.add("b", "edit")
      yield* first.open
      yield* queue.settled()
      assert.deepStrictEqual(passes, ["first", "b", "a"])
    }),
  )

  it.effect("runs a key once more when it was added during its pass", () =>
    Effect.gen(function* () {
      const { queue, passes, hold } = yield* recording({ concurrency: 4 })
      const latch = hold("a")
      queue.add("a", "drift")
      yield* Effect.yieldNow
      for (let i = 0; i < 3; i++) queue.add("a", "drift")
      yield* latch.open
      yield* queue.settled()
      assert.deepStrictEqual(passes, ["a", "a"])
    }),
  )

  it.effect("a slow key blocks no other", () =>
    Effect.gen(function* () {
      const { queue, passes, hold } = yield* recording({ concurrency: 2 })
      hold("slow")
      queue.add("slow", "edit")
      for (let i = 0; i < 5; i++) queue.add(`k${i}`, "resync")
      yield* queue.settled(["k0", "k1", "k2", "k3", "k4"])
      assert.strictEqual(passes.length, 6)
    }),
  )

  it.effect("a pass that waits at the activation barrier holds no slot", () =>
    Effect.gen(function* () {
      const barrier = Latch.makeUnsafe(false)
      let waiting = 0
      const queue = yield* make<number, never>({
        concurrency: 1,
        work: (_, slot) =>
          Effect.gen(function* () {
            waiting++
            yield* slot.release
            yield* barrier.await
            return "done" as const
          }),
      })
      for (let key = 0; key < 50; key++) queue.add(key, "resync")
      while (waiting < 50) yield* Effect.yieldNow
      yield* barrier.open
      yield* queue.settled()
    }),
  )

  it.effect("backs off a failing key, and a person's edit ends the wait", () =>
    Effect.gen(function* () {
      const { queue, passes } = yield* recording({ concurrency: 2, outcome: () => "retry" })
      queue.add("a", "drift")
      yield* queue.settled()
      queue.add("a", "drift")
      yield* queue.settled()
      assert.strictEqual(passes.length, 1, "drift during a backoff waits for its end")
      queue.add("a", "edit")
      yield* queue.settled()
      assert.strictEqual(passes.length, 2)
      yield* TestClock.adjust("10 minutes")
      yield* queue.settled()
      assert.isAbove(passes.length, 3)
      assert.isBelow(passes.length, 20)
    }),
  )

  it.effect("a pass that dies is tried again and leaves the others alone", () =>
    Effect.gen(function* () {
      let left = 1
      const passes: Array<string> = []
      const queue = yield* make<string, never>({
        concurrency: 1,
        work: (key) =>
          Effect.sync((): Verdict => {
            passes.push(key)
            if (key === "bad" && left-- > 0) throw new Error("a bug")
            return "done"
          }),
      })
      queue.add("bad", "edit")
      queue.add("good", "resync")
      yield* queue.settled()
      yield* TestClock.adjust("1 minute")
      yield* queue.settled()
      assert.deepStrictEqual(passes, ["bad", "good", "bad"])
    }),
  )

  it("the delay doubles, is capped, and chance takes at most half of it", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), fc.double({ min: 0, max: 1, noNaN: true }), (failures, chance) => {
        const whole = Math.min(60_000, 100 * 2 ** Math.min(failures - 1, 30))
        const delay = backoffMillis(failures, chance, 100, 60_000)
        assert.isAtLeast(delay, whole / 2)
        assert.isAtMost(delay, whole)
      }),
    )
  })

  it("whatever is added, each key is passed over after its last add, never twice at once, within the bound", async () => {
    const add = fc.record({
      key: fc.constantFrom("a", "b", "c", "d", "e"),
      priority: fc.constantFrom<Priority>("edit", "drift", "resync"),
      yields: fc.integer({ min: 0, max: 3 }),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(add, { maxLength: 40 }), fc.integer({ min: 1, max: 3 }), (adds, concurrency) =>
        Effect.runPromise(
          Effect.scoped(
            Effect.gen(function* () {
              const { queue, passes, together } = yield* recording({ concurrency })
              for (const { key, priority, yields } of adds) {
                const before = passes.length
                queue.add(key, priority)
                for (let i = 0; i < yields; i++) yield* Effect.yieldNow
                assert.isAtLeast(passes.length, before)
              }
              yield* queue.settled()
              assert.deepStrictEqual([...new Set(passes)].sort(), [...new Set(adds.map((one) => one.key))].sort())
              assert.isFalse(together.twice)
              assert.isAtMost(together.most, concurrency)
            }),
          ),
        ),
      ),
    )
  })
})
