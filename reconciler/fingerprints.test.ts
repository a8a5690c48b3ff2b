import { chmodSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { Fingerprints } from "./fingerprints.ts"
import { scratchFolder } from "./host/scratch-host.ts"
import type { RecordKey } from "./keys.ts"

const settle = (prints: Fingerprints, record: RecordKey, paths: ReadonlyArray<string>) =>
  prints.settle(record, new Map(paths.map((path) => [path, prints.look(path)])))

const swept = (prints: Fingerprints): ReadonlyArray<string> => {
  const moved: Array<string> = []
  for (let at: number | undefined = 0; at !== undefined; ) at = prints.sweep(at, 3, (path) => moved.push(path))
  return moved.sort()
}

describe("fingerprints", () => {
  it("tell content, mode, removal and arrival, and nothing else", () => {
    using folder = scratchFolder()
    const prints = new Fingerprints((path) => join(folder.path, path))
    for (const name of ["a", "b", "c", "d"]) writeFileSync(join(folder.path, name), "x")
    settle(prints, "Note/n", ["/a", "/b", "/c", "/d", "/absent"])
    assert.deepStrictEqual(swept(prints), [])
    writeFileSync(join(folder.path, "a"), "y")
    chmodSync(join(folder.path, "b"), 0o600)
    rmSync(join(folder.path, "c"))
    writeFileSync(join(folder.path, "absent"), "x")
    assert.deepStrictEqual(swept(prints), ["/a", "/absent", "/b", "/c"])
    assert.isTrue(prints.moved("Note/n"))
  })

  it("whatever records come and go, each path has exactly its owners, and a settled one has not moved", () => {
    using folder = scratchFolder()
    const paths = ["/a", "/b", "/c", "/d"]
    const records: ReadonlyArray<RecordKey> = ["Note/1", "Note/2", "Note/3"]
    const step = fc.tuple(fc.constantFrom(...records), fc.subarray(paths))
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const prints = new Fingerprints((path) => join(folder.path, path))
        const model = new Map<RecordKey, ReadonlyArray<string>>()
        for (const [record, owned] of steps) {
          settle(prints, record, owned)
          model.set(record, owned)
          assert.deepStrictEqual([...prints.pathsOf(record)].sort(), [...owned].sort())
        }
        for (const path of paths) {
          const owners = records.filter((record) => model.get(record)?.includes(path))
          assert.deepStrictEqual([...prints.ownersOf(path)].sort(), owners)
          assert.strictEqual(prints.isShared(path), owners.length > 1)
        }
        assert.deepStrictEqual(swept(prints), [])
      }),
    )
  })

  it("of 8,000 paths cost one look each, whoever shares them, and a change of one no more than that", () => {
    const looks = new Map<string, number>()
    const inodes = new Map<string, number>()
    const prints = new Fingerprints(
      (path) => `/root${path}`,
      (path) => {
        looks.set(path, (looks.get(path) ?? 0) + 1)
        return { ino: inodes.get(path) ?? 1, size: 1, ctimeMs: 1 }
      },
    )
    const paths = Array.from({ length: 8000 }, (_, i) => `/d/f${i}`)
    for (let i = 0; i < 1000; i++) settle(prints, `Note/${i}`, ["/d/f0", ...paths.slice(i * 8, i * 8 + 8)])
    inodes.set("/root/d/f4711", 2)
    looks.clear()
    assert.deepStrictEqual(swept(prints), ["/d/f4711"])
    assert.deepStrictEqual([...looks.keys()].sort(), paths.map((path) => `/root${path}`).sort())
    assert.deepStrictEqual(new Set(looks.values()), new Set([1]))
  })
})
