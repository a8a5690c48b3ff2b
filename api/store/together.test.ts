import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { ConnectionError, SqlError, UnknownError } from "effect/sql/SqlError"
import * as TestClock from "effect/testing/TestClock"
import { type Pace, together } from "./together.ts"

const broken = new SqlError({ reason: new UnknownError({ cause: new Error("broken") }) })
const away = new SqlError({ reason: new ConnectionError({ cause: new Error("away") }) })

/** Answers a number with its double; keeps what it was asked at once. */
const doubling = (
  failing: (asked: ReadonlyArray<number>) => SqlError | undefined = () => undefined,
  pace: Pace = {},
) => {
  const statements: Array<ReadonlyArray<number>> = []
  const ask = together(
    (asked: ReadonlyArray<number>) =>
      Effect.suspend(() => {
        statements.push(asked)
        const error = failing(asked)
        return error === undefined
          ? Effect.delay(Effect.succeed(asked.map((one) => one * 2)), "1 millis")
          : Effect.fail(error)
      }),
    pace,
  )
  return { ask, statements }
}

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index)

describe("statements of requests that come together", () => {
  it.live("are few, and answer each with what is its own", () =>
    Effect.gen(function* () {
      const { ask, statements } = doubling()
      const answers = yield* Effect.forEach(upTo(500), ask, { concurrency: "unbounded" })
      assert.deepStrictEqual(
        answers,
        upTo(500).map((one) => one * 2),
      )
      assert.isBelow(statements.length, 20)
      assert.isAtMost(Math.max(...statements.map(({ length }) => length)), 64)
    }),
  )

  it.live("do not wait where there is nobody to wait for", () =>
    Effect.gen(function* () {
      const { ask, statements } = doubling()
      assert.strictEqual(yield* ask(4), 8)
      assert.strictEqual(yield* ask(5), 10)
      assert.deepStrictEqual(statements, [[4], [5]])
    }),
  )

  it.live("fail for nobody but the one that they fail for", () =>
    Effect.gen(function* () {
      const { ask } = doubling((asked) => (asked.includes(7) ? broken : undefined))
      const exits = yield* Effect.forEach(upTo(20), (one) => Effect.exit(ask(one)), { concurrency: "unbounded" })
      assert.deepStrictEqual(
        exits,
        upTo(20).map((one) => (one === 7 ? Exit.fail(broken) : Exit.succeed(one * 2))),
      )
    }),
  )

  it.live("are not asked again while the database is away", () =>
    Effect.gen(function* () {
      const { ask, statements } = doubling(() => away)
      const exits = yield* Effect.forEach(upTo(20), (one) => Effect.exit(ask(one)), { concurrency: "unbounded" })
      assert.deepStrictEqual(
        exits,
        upTo(20).map(() => Exit.fail(away)),
      )
      assert.strictEqual(statements.flat().length, 20)
    }),
  )

  it.live("go on when those who are asked for go away", () =>
    Effect.gen(function* () {
      const { ask } = doubling()
      for (let round = 0; round < 20; round++)
        yield* Effect.forEach(upTo(5), (one) => Effect.exit(Effect.timeout(ask(one), 0)), { concurrency: "unbounded" })
      assert.deepStrictEqual(yield* Effect.forEach(upTo(9), ask, { concurrency: "unbounded" }), [
        ...upTo(9).map((one) => one * 2),
      ])
    }),
  )

  it.live("go on when one of those who wait goes away", () =>
    Effect.gen(function* () {
      const { ask } = doubling()
      const [gone, there] = yield* Effect.all(
        [Effect.exit(Effect.timeout(Effect.andThen(Effect.yieldNow, ask(1)), 0)), ask(2)],
        { concurrency: "unbounded" },
      )
      assert.isTrue(Exit.isFailure(gone))
      assert.strictEqual(there, 4)
      assert.strictEqual(yield* ask(3), 6)
    }),
  )

  it.effect("begin so far apart as they are to, and answer all who came meanwhile", () =>
    Effect.gen(function* () {
      let apart = 10
      const clock = yield* Clock.Clock
      const timer = { now: () => clock.currentTimeMillisUnsafe(), sleep: (millis: number) => Effect.sleep(millis) }
      const { ask, statements } = doubling(undefined, { apart: () => apart, timer })
      const answers: Array<number> = []
      const asking = (one: number) => Effect.forkChild(Effect.map(ask(one), (answer) => answers.push(answer)))
      yield* asking(1)
      yield* TestClock.adjust("3 millis")
      for (const one of [2, 3]) yield* asking(one)
      yield* TestClock.adjust("6 millis")
      assert.deepStrictEqual([statements, answers], [[[1]], [2]])
      yield* asking(4)
      yield* TestClock.adjust("2 millis")
      assert.deepStrictEqual(
        [statements, answers],
        [
          [[1], [2, 3, 4]],
          [2, 4, 6, 8],
        ],
      )
      // Late enough to wait for nobody.
      yield* TestClock.adjust("10 millis")
      yield* asking(5)
      yield* Effect.yieldNow
      assert.deepStrictEqual(statements.at(-1), [5])
      // And nobody waits once there is time to spare.
      yield* TestClock.adjust("2 millis")
      apart = 0
      yield* asking(6)
      yield* Effect.yieldNow
      assert.deepStrictEqual(statements.at(-1), [6])
    }),
  )

  it.live("are never more at once than may be, whoever comes as one ends", () =>
    Effect.gen(function* () {
      let running = 0
      let most = 0
      const ask = together(
        (asked: ReadonlyArray<number>) =>
          Effect.acquireUseRelease(
            Effect.sync(() => {
              most = Math.max(most, ++running)
            }),
            () => Effect.as(Effect.yieldNow, asked),
            () => Effect.sync(() => running--),
          ),
        { atOnce: 1 },
      )
      const asking = (one: number) =>
        Effect.andThen(
          Effect.forEach(upTo(one % 5), () => Effect.yieldNow, { discard: true }),
          ask(one),
        )
      yield* Effect.forEach(upTo(300), asking, { concurrency: 20 })
      assert.strictEqual(most, 1)
    }),
  )
})
