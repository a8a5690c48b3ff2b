import * as fs from "node:fs"
import { describe, expect, it } from "vitest"
import { scratchFolder } from "./scratch-host.ts"
import { sliceUsage } from "./slice-usage.ts"

const on = (
  controllers: string,
  use: (look: () => object, write: (file: string, text: string) => void, wait: () => void) => void,
) => {
  using root = scratchFolder()
  fs.writeFileSync(`${root.path}/cgroup.controllers`, `${controllers}\n`)
  let now = 0
  const usage = sliceUsage([`${root.path}/none`, root.path], () => now)
  const folder = `${root.path}/plumb.slice/plumb-acme.slice`
  const write = (file: string, text: string) => {
    fs.mkdirSync(folder, { recursive: true })
    fs.writeFileSync(`${folder}/${file}`, text)
  }
  use(
    () => usage("plumb-acme.slice"),
    write,
    () => {
      now += 10_000
    },
  )
}

describe("what a slice uses", () => {
  it("is what the kernel says now, and what it counted since the look before", () =>
    on("cpu io memory pids", (look, write, wait) => {
      write("memory.current", "104857600\n")
      write("pids.current", "7\n")
      write("cpu.stat", "usage_usec 1000000\nuser_usec 1\n")
      write(
        "io.stat",
        "8:0 rbytes=1000 wbytes=0 rios=10 wios=0 dbytes=0 dios=0\n8:16 rbytes=0 wbytes=500 rios=0 wios=5\n",
      )
      expect(look()).toEqual({ memory: 104857600, tasks: 7 })
      wait()
      write("cpu.stat", "usage_usec 6000000\n")
      write("io.stat", "8:0 rbytes=2000 wbytes=0 rios=20 wios=0\n8:16 rbytes=0 wbytes=1500 rios=0 wios=5\n")
      expect(look()).toEqual({
        ...{ memory: 104857600, tasks: 7, cpu: 50 },
        ...{ readBandwidth: 100, writeBandwidth: 100, readOperations: 1, writeOperations: 0 },
      })
    }))

  it("is not told where nobody counts it", () =>
    on("", (look, write, wait) => {
      write("cpu.stat", "usage_usec 0\n")
      expect(look()).toEqual({})
      wait()
      write("cpu.stat", "usage_usec 1000000\n")
      expect(look()).toEqual({ cpu: 10 })
    }))

  it("is nothing where nothing runs, and counted anew where it is made anew", () =>
    on("memory pids", (look, write, wait) => {
      expect(look()).toEqual({ memory: 0, tasks: 0 })
      write("cpu.stat", "usage_usec 9000000\n")
      wait()
      look()
      write("cpu.stat", "usage_usec 2000000\n")
      wait()
      expect(look()).toMatchObject({ cpu: 20 })
    }))
})
