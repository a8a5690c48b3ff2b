import { expect, it } from "vitest"
import { pauseAt } from "./pace.ts"

it("waits for nobody while half of the time is to spare, and the longer the less there is", () => {
  expect([0, 0.3, 0.5, 0.75, 1].map((utilization) => pauseAt(utilization, 8))).toEqual([0, 0, 0, 4, 8])
})
