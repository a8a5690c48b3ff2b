import { execFileSync } from "node:child_process"
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, it } from "@effect/vitest"
import { hostLoad } from "./load.ts"

it("the load of a host is what the kernel and df(1) tell of it", () => {
  const root = mkdtempSync(join(tmpdir(), "plumb-load-"))
  try {
    assert.isUndefined(hostLoad(root))
    mkdirSync(join(root, "home"))
    const seen = hostLoad(root)
    if (seen === undefined) throw new Error("nothing was told")
    const [, total = ""] = /^MemTotal: +(\d+) kB$/m.exec(readFileSync("/proc/meminfo", "utf8")) ?? []
    assert.strictEqual(seen.memory, Number(total) * 1024)
    assert.isBelow(seen.memoryAvailable, seen.memory)
    const df = execFileSync("df", ["--block-size=1", "--output=size", root], { encoding: "utf8" })
    assert.strictEqual(seen.disk, Number(df.trim().split("\n")[1]))
    assert.isAtMost(seen.diskAvailable, seen.disk)
    assert.isAbove(seen.uptimeSeconds, 0)
    for (const mean of [seen.load1, seen.load5, seen.load15]) assert.isAtLeast(mean, 0)
  } finally {
    rmSync(root, { recursive: true })
  }
})
