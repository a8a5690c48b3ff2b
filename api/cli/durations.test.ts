import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"
import { agoOf, durationOf, momentOf } from "./durations.ts"

describe("times as people write them", () => {
  it.effect("a length has a unit", () =>
    Effect.gen(function* () {
      assert.strictEqual(Duration.toSeconds(yield* durationOf("5m")), 300)
      for (const wrong of ["5", "m", "-5m", "5 m", "1.5h", "0s", "", "99999999999d"]) {
        assert.strictEqual((yield* Effect.flip(durationOf(wrong)))._tag, "CommandFailure", wrong)
      }
    }),
  )

  it.effect("a moment is a length from now, or ISO 8601, and never in the past", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(Date.parse("2031-04-05T12:00:00Z"))
      assert.strictEqual(yield* momentOf("2h"), "2031-04-05T14:00:00.000Z")
      assert.strictEqual(yield* momentOf("2031-04-05T20:00:00+02:00"), "2031-04-05T18:00:00.000Z")
      for (const wrong of ["tomorrow", "2031-04-05T11:00:00Z", "2031-04-05T12:00:00Z"]) {
        assert.strictEqual((yield* Effect.flip(momentOf(wrong)))._tag, "CommandFailure", wrong)
      }
    }),
  )

  it("what is past is told coarsely", () => {
    const now = Date.parse("2031-04-05T12:00:00Z")
    assert.strictEqual(agoOf("2031-04-05T11:59:48Z", now), "12 s ago")
    assert.strictEqual(agoOf("2031-04-05T09:00:00Z", now), "3 h ago")
    assert.strictEqual(agoOf("2031-04-05T12:00:05Z", now), "0 s ago")
  })
})
