// What a slice uses, from the files of its control group: cgroups(7), and Documentation/admin-guide/cgroup-v2.rst of Linux.
// Where a controller is not on this hierarchy its file is not there, and the figure is left out: nobody knows it.

import * as fs from "node:fs"

/** By the names of the limits that they stand beside. */
export interface SliceUsage {
  /** Bytes. */
  readonly memory?: number
  readonly tasks?: number
  /** Percent of one core, and bytes and operations a second: since the look before this one. */
  readonly cpu?: number
  readonly readBandwidth?: number
  readonly writeBandwidth?: number
  readonly readOperations?: number
  readonly writeOperations?: number
}

/** What only grows, for as long as the group is there. */
interface Counted {
  readonly at: number
  readonly cpuMicros?: number | undefined
  readonly io?:
    | { readonly rbytes: number; readonly wbytes: number; readonly rios: number; readonly wios: number }
    | undefined
}

const text = (path: string): string | undefined => {
  try {
    return fs.readFileSync(path, "utf8")
  } catch {
    return undefined
  }
}

const number = (words: string | undefined): number | undefined =>
  words === undefined || !/^\d+\s*$/.test(words) ? undefined : Number(words)

const ioOf = (words: string | undefined): Counted["io"] => {
  if (words === undefined) return undefined
  const sum = (name: string) =>
    [...words.matchAll(new RegExp(`\\b${name}=(\\d+)`, "g"))].reduce((all, [, value]) => all + Number(value), 0)
  return { rbytes: sum("rbytes"), wbytes: sum("wbytes"), rios: sum("rios"), wios: sum("wios") }
}

/** One look at the groups below `root`. A slice in which nothing runs has no group, and uses nothing. */
export const sliceUsage = (roots: ReadonlyArray<string>, now: () => number) => {
  const before = new Map<string, Counted>()
  return (slice: string): SliceUsage => {
    const root = roots.find((one) => fs.existsSync(`${one}/cgroup.controllers`))
    if (root === undefined) return {}
    const controllers = new Set((text(`${root}/cgroup.controllers`) ?? "").trim().split(" "))
    const folder = `${root}/plumb.slice/${slice}`
    const gone = !fs.existsSync(folder)
    const known = (controller: string, file: string) =>
      gone ? (controllers.has(controller) ? 0 : undefined) : number(text(`${folder}/${file}`))
    const counted: Counted = {
      at: now(),
      cpuMicros: gone ? undefined : number(/^usage_usec (\d+)$/m.exec(text(`${folder}/cpu.stat`) ?? "")?.[1]),
      io: gone ? undefined : ioOf(text(`${folder}/io.stat`)),
    }
    const last = before.get(slice)
    before.set(slice, counted)
    const figures: { [K in keyof SliceUsage]: number | undefined } = {
      memory: known("memory", "memory.current"),
      tasks: known("pids", "pids.current"),
      ...ratesOf(last, counted, gone && last !== undefined, controllers.has("io")),
    }
    return Object.fromEntries(Object.entries(figures).filter(([, value]) => value !== undefined))
  }
}

const ratesOf = (last: Counted | undefined, now: Counted, idle: boolean, hasIo: boolean) => {
  if (idle) {
    const nothing = { readBandwidth: 0, writeBandwidth: 0, readOperations: 0, writeOperations: 0 }
    return { cpu: 0, ...(hasIo ? nothing : {}) }
  }
  const seconds = last === undefined ? 0 : (now.at - last.at) / 1000
  if (last === undefined || seconds <= 0) return {}
  /** A group that was made anew counts from nothing. */
  const perSecond = (before: number | undefined, after: number | undefined) =>
    after === undefined
      ? undefined
      : Math.max(0, after - (before === undefined || before > after ? 0 : before)) / seconds
  const cpu = perSecond(last.cpuMicros, now.cpuMicros)
  return {
    cpu: cpu === undefined ? undefined : cpu / 10_000,
    readBandwidth: perSecond(last.io?.rbytes, now.io?.rbytes),
    writeBandwidth: perSecond(last.io?.wbytes, now.io?.wbytes),
    readOperations: perSecond(last.io?.rios, now.io?.rios),
    writeOperations: perSecond(last.io?.wios, now.io?.wios),
  }
}
