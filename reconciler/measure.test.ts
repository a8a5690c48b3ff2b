import { writeFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { failure, Mischief, textOf, textType } from "./fixture/note.ts"
import { until } from "./fixture/until.ts"
import { inWorld } from "./fixture/world.ts"
import type { AnyType } from "./types.ts"

/** Notes with the length of their texts as a figure. */
const measured = (root: string, broken: () => boolean = () => false): ReadonlyMap<string, AnyType> =>
  new Map([
    [
      "text",
      {
        ...textType(new Mischief()),
        measure: Effect.suspend(() =>
          broken()
            ? Effect.fail(failure("Away", "retry"))
            : Effect.succeed((id: string) => ({ bytes: textOf(root, id as "/")?.length ?? 0 })),
        ),
      },
    ],
  ])

describe("measurements", () => {
  it.live("are added up for each record, and written only where they are others than before", () =>
    inWorld(({ root, store, start }) =>
      Effect.gen(function* () {
        yield* store.put("a", { files: { one: "12345", two: "123" } })
        yield* store.put("b", { files: { three: "1" } })
        yield* start({ types: measured(root), measureSeconds: 0.02 })
        yield* until(() => store.measurements.length >= 2)
        assert.deepStrictEqual(
          store.measurements.map(({ record, measure, value }) => [record, measure, value]),
          [
            ["Note/a", "bytes", 10],
            ["Note/b", "bytes", 2],
          ],
        )
        writeFileSync(`${root}/elsewhere`, "x")
        yield* store.put("b", { files: { three: "longer" } })
        yield* until(() => store.measurements.some(({ value }) => value === 7))
        assert.deepStrictEqual(
          store.measurements.slice(2).filter(({ record }) => record === "Note/a"),
          [],
        )
      }),
    ),
  )

  it.live("that cannot be taken or written cost nothing but figures, and are there when they can", () =>
    inWorld(({ root, store, start }) =>
      Effect.gen(function* () {
        let broken = true
        yield* store.put("a", { files: { one: "1234" } })
        const agent = yield* start({ types: measured(root, () => broken), measureSeconds: 0.02 })
        yield* agent.settled
        assert.strictEqual(store.condition("a")?.status, "True")
        assert.deepStrictEqual(store.measurements, [])
        broken = false
        yield* until(() => store.measurements.length > 0)
        assert.strictEqual(store.measurements[0]?.value, 5)
      }),
    ),
  )
})
