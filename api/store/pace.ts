/**
 * How far apart statements begin that requests share. While there is time to spare, nobody waits. Where the process is busy, a
 * few milliseconds let more requests come together, and each costs less: waiting for them is shorter than the queue that there
 * would be.
 */
import { performance } from "node:perf_hooks"
import * as Effect from "effect/Effect"

/** In milliseconds. */
export interface Timer {
  readonly now: () => number
  readonly sleep: (millis: number) => Effect.Effect<void>
}

/** The time of this process, whose load it is about. It never goes back, as the time of day may when somebody sets it. */
export const realTimer: Timer = {
  now: () => performance.now(),
  sleep: (millis) =>
    Effect.callback((resume) => {
      const waited = setTimeout(() => resume(Effect.void), millis)
      return Effect.sync(() => clearTimeout(waited))
    }),
}

/** In milliseconds. */
const lookedAtEvery = 100
const busyFrom = 0.5

/** Of `most` milliseconds all where a process is never idle, none where it is for half of the time. */
export const pauseAt = (utilization: number, most: number): number =>
  (Math.max(0, utilization - busyFrom) / (1 - busyFrom)) * most

/** The share of time in which the process had something to do, in a tenth of a second that is just over: 0 to 1. */
const utilization = (() => {
  let since = performance.eventLoopUtilization()
  let began = performance.now()
  let found = 0
  return (): number => {
    const now = performance.now()
    if (now - began < lookedAtEvery) return found
    const until = performance.eventLoopUtilization()
    found = performance.eventLoopUtilization(until, since).utilization
    since = until
    began = now
    return found
  }
})()

export const whenBusy = (most: number) => (): number => pauseAt(utilization(), most)
