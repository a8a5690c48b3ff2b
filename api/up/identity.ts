// Which process is meant. A pid alone says little: it is given again once its process ended, after a reboot at the latest. A
// pid with its start time (and the boot that the time counts from) names one process for ever.

import { readFileSync } from "node:fs"

export interface ProcessIdentity {
  readonly pid: number
  /** `BOOT:TICKS`, or null where /proc does not tell (then the process is never signalled by a later start). */
  readonly startTime: string | null
}

/** The start of a living process; null for one that is gone, a zombie, or not to be known. */
export const startTimeOf = (pid: number): string | null => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8")
    // The name stands in parentheses and may hold anything, parentheses and spaces too (proc(5)).
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
    const [state, start] = [fields[0], fields[19]]
    if (start === undefined || state === "Z" || state === "X") return null
    return `${readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()}:${start}`
  } catch {
    return null
  }
}

export const identify = (pid: number): ProcessIdentity => ({ pid, startTime: startTimeOf(pid) })

/** Whether exactly this process still runs. */
export const isAlive = (process: ProcessIdentity): boolean =>
  process.startTime !== null && startTimeOf(process.pid) === process.startTime

/** Signals a process or, with a negative pid, its group; false when there is nobody to signal. */
export const signal = (pid: number, name: NodeJS.Signals): boolean => {
  try {
    process.kill(pid, name)
    return true
  } catch {
    return false
  }
}
