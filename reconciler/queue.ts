// The work queue: keys in, passes out. One pass per key at a time, duplicates coalesce, a person's edit goes before drift
// and drift before resync, a failure backs off exponentially with jitter.
//
// The one thing to know before changing it: a pass gives its slot back at the activation barrier (`Slot.release`), so that
// passes which wait for one shared nginx reload never keep other keys from being looked at. Edits have a few slots of
// their own, so that a flood of slow passes never blocks a person.

import type * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as FiberSet from "effect/FiberSet"
import * as Random from "effect/Random"
import type { QueueMeter } from "./metrics.ts"

export type Priority = "edit" | "drift" | "resync"

const order: ReadonlyArray<Priority> = ["edit", "drift", "resync"]

const sooner = (a: Priority | undefined, b: Priority): Priority =>
  a !== undefined && order.indexOf(a) < order.indexOf(b) ? a : b

/** What a pass holds: `priority` says why it runs, `release` gives the slot back before the pass ends. */
export interface Slot {
  readonly priority: Priority
  readonly release: Effect.Effect<void>
}

/** What the queue has to know of a pass: look again with backoff, or not until somebody adds the key. */
export type Verdict = "done" | "retry"

export interface Options<K, R> {
  readonly work: (key: K, slot: Slot) => Effect.Effect<Verdict, never, R>
  /** Passes before the activation barrier at one time. */
  readonly concurrency: number
  /** Slots over and above, for edits only. */
  readonly spareForEdits?: number
  readonly backoff?: { readonly firstMillis: number; readonly mostMillis: number }
  readonly meter?: QueueMeter<K>
}

export interface WorkQueue<in out K> {
  /** Coalesces with what is queued; a key that is running runs once more. During a backoff only an edit is let in. */
  readonly add: (key: K, priority: Priority) => void
  /** Forgets the failures of a key, so that its next one backs off from the start. */
  readonly forget: (key: K) => void
  /** Returns when none of the keys (all keys, when none is named) is queued or running; backoffs are not waited for. */
  readonly settled: (keys?: Iterable<K>) => Effect.Effect<void>
  readonly size: () => number
  /** Those that have not begun. */
  readonly waiting: (priority: Priority) => number
  readonly running: () => number
}

/** The delay before attempt `failures + 1`: exponential, capped, and between half and the whole of that by chance. */
export const backoffMillis = (failures: number, chance: number, first: number, most: number): number =>
  Math.min(most, first * 2 ** Math.min(failures - 1, 30)) * (0.5 + chance / 2)

export const make = <K, R>(options: Options<K, R>) =>
  Effect.gen(function* () {
    const { firstMillis, mostMillis } = options.backoff ?? { firstMillis: 250, mostMillis: 5 * 60_000 }
    const spare = options.spareForEdits ?? 4
    const fork = yield* FiberSet.makeRuntime<R, unknown, never>()
    const queued: Record<Priority, Set<K>> = { edit: new Set(), drift: new Set(), resync: new Set() }
    const running = new Map<K, Priority | undefined>()
    const backingOff = new Map<K, Fiber.Fiber<unknown, never>>()
    const failures = new Map<K, number>()
    const waiters = new Set<() => void>()
    let taken = 0

    const priorityOf = (key: K) => order.find((priority) => queued[priority].has(key))

    const add = (key: K, priority: Priority): void => {
      if (running.has(key)) {
        running.set(key, sooner(running.get(key), priority))
        return
      }
      const backoff = backingOff.get(key)
      if (backoff !== undefined) {
        if (priority !== "edit") return
        backingOff.delete(key)
        fork(Fiber.interrupt(backoff))
      }
      const before = priorityOf(key)
      if (before !== undefined && sooner(before, priority) === before) return
      if (before !== undefined) queued[before].delete(key)
      queued[priority].add(key)
      if (before === undefined) options.meter?.added(key)
      dispatch()
    }

    const next = (): readonly [K, Priority] | undefined => {
      for (const priority of order) {
        const limit = priority === "edit" ? options.concurrency + spare : options.concurrency
        if (taken >= limit) continue
        for (const key of queued[priority]) {
          queued[priority].delete(key)
          return [key, priority]
        }
      }
      return undefined
    }

    const dispatch = (): void => {
      for (let found = next(); found !== undefined; found = next()) start(...found)
    }

    const start = (key: K, priority: Priority): void => {
      let held = true
      taken++
      options.meter?.started(key)
      running.set(key, undefined)
      const release = () => {
        if (!held) return
        held = false
        taken--
      }
      const slot: Slot = {
        priority,
        release: Effect.sync(() => {
          release()
          dispatch()
        }),
      }
      fork(
        Effect.suspend(() => options.work(key, slot)).pipe(
          Effect.onExit((exit) => Effect.andThen(whenFailed(key, exit), finish(key, release, exit))),
          Effect.catchCause(() => Effect.void),
        ),
      )
    }

    const whenFailed = (key: K, exit: Exit.Exit<Verdict>) =>
      Exit.isFailure(exit) && !Exit.hasInterrupts(exit)
        ? Effect.logError(`The pass over ${String(key)} broke off`, exit.cause as Cause.Cause<never>)
        : Effect.void

    const finish = (key: K, release: () => void, exit: Exit.Exit<Verdict>) =>
      Effect.gen(function* () {
        const again = running.get(key)
        running.delete(key)
        release()
        const failed = Exit.isFailure(exit) || exit.value === "retry"
        if (!failed) failures.delete(key)
        if (Exit.hasInterrupts(exit)) return
        if (failed && again !== "edit") yield* backOff(key)
        else if (again !== undefined) add(key, again)
        dispatch()
        for (const check of [...waiters]) check()
      })

    const backOff = (key: K) =>
      Effect.gen(function* () {
        const count = (failures.get(key) ?? 0) + 1
        failures.set(key, count)
        options.meter?.retried()
        const delay = backoffMillis(count, yield* Random.next, firstMillis, mostMillis)
        const retry = Effect.andThen(
          Effect.sleep(delay),
          Effect.sync(() => {
            backingOff.delete(key)
            add(key, "drift")
          }),
        )
        backingOff.set(key, fork(retry))
      })

    const busy = (keys: ReadonlyArray<K> | undefined): boolean =>
      keys === undefined
        ? running.size > 0 || order.some((priority) => queued[priority].size > 0)
        : keys.some((key) => running.has(key) || priorityOf(key) !== undefined)

    const settled = (keys?: Iterable<K>): Effect.Effect<void> =>
      Effect.callback<void>((resume) => {
        const wanted = keys === undefined ? undefined : [...keys]
        const check = () => {
          if (busy(wanted)) return
          waiters.delete(check)
          resume(Effect.void)
        }
        waiters.add(check)
        check()
        return Effect.sync(() => {
          waiters.delete(check)
        })
      })

    const queue: WorkQueue<K> = {
      add,
      forget: (key) => {
        failures.delete(key)
      },
      settled,
      waiting: (priority) => queued[priority].size,
      running: () => running.size,
      size: () => running.size + order.reduce((sum, priority) => sum + queued[priority].size, 0),
    }
    return queue
  })
