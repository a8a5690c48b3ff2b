// Processes that may not be our children, and which of them is meant. A pid alone says little: it is given again once its process ended, after a reboot at the latest. A
// pid with its start time (and the boot that the time counts from) names one process for ever.

import { readFileSync } from "node:fs"

export interface ProcessIdentity {
  readonly pid: number
  /** `BOOT:TICKS`, or null where /proc does not tell (then the process is never signalled by a later start). */
  readonly startTime: string | null
}

/** What /proc tells of a process from its state on; null for one that is gone, or a zombie whose parent may never come. */
const statOf = (pid: number): ReadonlyArray<string> | null => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8")
    // The name stands in parentheses and may hold anything, parentheses and spaces too (proc(5)).
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
    return fields[0] === "Z" || fields[0] === "X" ? null : fields
  } catch {
    return null
  }
}

/** Whether some process of this number runs. */
export const runs = (pid: number): boolean => statOf(pid) !== null

/** The start of a living process; null for one that is gone or not to be known. */
const startTimeOf = (pid: number): string | null => {
  const start = statOf(pid)?.[19]
  if (start === undefined) return null
  try {
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
