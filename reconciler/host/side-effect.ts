// The one gate that everything passes which changes the host: a system call on a file, a command that is run. It is counted,
// so that a test can say "nothing was written", and it can kill the agent at the Nth, so that a test can say "a crash
// anywhere is made good". Nothing else may write.

import * as Effect from "effect/Effect"

export interface SideEffectHook {
  readonly before?: (count: number, description: string) => void
  readonly after?: (count: number, description: string) => void
}

let count = 0
let hook: SideEffectHook = {}

/** How many there were since this process started. */
export const sideEffectCount = (): number => count

/** Looks on from now on; gives back what puts the former hook in its place again. */
export const onSideEffect = (next: SideEffectHook): (() => void) => {
  const former = hook
  hook = next
  return () => {
    hook = former
  }
}

export const sideEffect = <A>(description: string, act: () => A): A => {
  const current = ++count
  hook.before?.(current, description)
  const result = act()
  hook.after?.(current, description)
  return result
}

export const sideEffectOf = <A, E, R>(description: string, act: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.suspend(() => {
    const current = ++count
    hook.before?.(current, description)
    return Effect.tap(act, () => Effect.sync(() => hook.after?.(current, description)))
  })

/** PLUMB_CRASH_AT: "7" ends the process before the seventh side effect, "7:after" right after it, as a power cut would. */
export const crashAt = (setting: string): SideEffectHook => {
  const match = /^(\d+)(:after)?$/.exec(setting)
  if (!match)
    throw new Error(`PLUMB_CRASH_AT is ${JSON.stringify(setting)}: a number, or a number followed by ":after"`)
  const die = (current: number) => {
    if (current === Number(match[1])) process.kill(process.pid, "SIGKILL")
  }
  return match[2] ? { after: die } : { before: die }
}
