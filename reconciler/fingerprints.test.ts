import { chmodSync, lstatSync, mkdirSync, rmSync, writeFileSync } from "node:fs"
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

  it("of 8,000 paths are compared in no more than three times a bare lstat of the same", () => {
    using folder = scratchFolder()
    const names = Array.from({ length: 8000 }, (_, i) => `/d/f${i}`)
    mkdirSync(join(folder.path, "d"))
    for (const name of names) writeFileSync(folder.path + name, "x")
    const prints = new Fingerprints((path) => folder.path + path)
    for (let i = 0; i < 1000; i++) settle(prints, `Note/${i}`, names.slice(i * 8, i * 8 + 8))
    const best = (act: () => void) =>
      Math.min(
        ...Array.from({ length: 7 }, () => {
          const began = performance.now()
          act()
          return performance.now() - began
        }),
      )
    const bare = best(() => names.forEach((name) => void lstatSync(folder.path + name)))
    const ours = best(() => assert.deepStrictEqual(swept(prints), []))
    assert.isBelow(ours / bare, 3)
  })
})
