// How busy this machine is, for whoever looks after several. Read where the kernel tells it; nothing that is wanted depends on it.

import * as fs from "node:fs"
import * as os from "node:os"
import { homes } from "./quotas.ts"

/** Sizes in bytes. */
export interface HostLoad {
  /** Programs that ran or wanted to, as means of 1, 5 and 15 minutes: proc_loadavg(5). */
  readonly load1: number
  readonly load5: number
  readonly load15: number
  readonly cores: number
  readonly memory: number
  /** What programs could still have without swapping: MemAvailable of proc_meminfo(5). */
  readonly memoryAvailable: number
  /** Of the file system of the homes. */
  readonly disk: number
  /** What of it others than root may still fill. */
  readonly diskAvailable: number
  readonly uptimeSeconds: number
}

const hundredths = (value: number): number => Math.round(value * 100) / 100

/** Below the root of the host; undefined where the machine does not tell. */
export const hostLoad = (root = ""): HostLoad | undefined => {
  try {
    const [one = 0, five = 0, fifteen = 0] = os.loadavg()
    const { bavail, blocks, bsize } = fs.statfsSync(`${root}${homes}`)
    return {
      load1: hundredths(one),
      load5: hundredths(five),
      load15: hundredths(fifteen),
      cores: os.availableParallelism(),
      memory: os.totalmem(),
      memoryAvailable: os.freemem(),
      disk: blocks * bsize,
      diskAvailable: bavail * bsize,
      uptimeSeconds: Math.round(os.uptime()),
    }
  } catch {
    return undefined
  }
}
