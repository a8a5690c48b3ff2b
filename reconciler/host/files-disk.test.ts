// The way to a file: what is refused on it, and what a crash, a full disk or a planted link leave behind.

import * as fs from "node:fs"
import { fileURLToPath } from "node:url"
import { execa } from "execa"
import { describe, expect, it } from "vitest"
import { accountsFile } from "./accounts-file.ts"
import { filesOnDisk } from "./files-disk.ts"
import { journaledOwners } from "./owners.ts"
import { scratchFolder } from "./scratch-host.ts"

const attributes = { owner: "root", group: "root", mode: 0o640 }
const rig = (root: string) => filesOnDisk(root, journaledOwners(accountsFile(root), `${root}/.plumbline-owners`))
const reasonOf = (act: () => void) => {
  try {
    act()
  } catch (cause) {
    return (cause as { readonly reason?: string }).reason
  }
  return "nothing was thrown"
}

describe("a folder on the way", () => {
  it.each([
    ["the parent", "a/b"],
    ["a folder above", "a"],
  ])("that is a link is refused: %s", (_, planted) => {
    using folder = scratchFolder()
    const root = `${folder.path}/root`
    fs.mkdirSync(`${root}/a/b`, { recursive: true })
    fs.mkdirSync(`${folder.path}/outside/b`, { recursive: true })
    fs.rmSync(`${root}/${planted}`, { recursive: true })
    fs.symlinkSync(planted === "a" ? `${folder.path}/outside` : `${folder.path}/outside/b`, `${root}/${planted}`)
    const files = rig(root)
    const acts = [
      () => files.write("/a/b/file", "text", attributes),
      () => files.makeDirectory("/a/b/folder", attributes),
      () => files.link("/a/b/link", "target"),
    ]
    for (const act of acts) expect(reasonOf(act)).toBe("UnsafePath")
    expect(fs.readdirSync(`${folder.path}/outside/b`)).toEqual([])
  })

  it.each([0o775, 0o757, 0o1777])("that others can write is refused: mode %o", (mode) => {
    using folder = scratchFolder()
    fs.mkdirSync(`${folder.path}/a`)
    fs.chmodSync(`${folder.path}/a`, mode)
    expect(reasonOf(() => rig(folder.path).write("/a/file", "text", attributes))).toBe("UnsafePath")
    expect(fs.readdirSync(`${folder.path}/a`)).toEqual([])
  })

  it.skipIf(process.getuid?.() !== 0)("that somebody else owns is refused", () => {
    using folder = scratchFolder()
    fs.mkdirSync(`${folder.path}/a`)
    fs.chownSync(`${folder.path}/a`, 20001, 20001)
    expect(reasonOf(() => rig(folder.path).write("/a/file", "text", attributes))).toBe("UnsafePath")
    expect(reasonOf(() => rig(folder.path).remove("/a/file"))).toBe("nothing was thrown")
  })
})

it("a path with dots or without a name is no path", () => {
  using folder = scratchFolder()
  for (const path of ["/a/../b", "/./a", "/a//b", "/a/", "/a\0b"] as const) {
    expect(reasonOf(() => rig(folder.path).write(path, "text", attributes))).toBe("InvalidPath")
  }
})

it("a mode or an owner is not changed through a link", () => {
  using folder = scratchFolder()
  fs.writeFileSync(`${folder.path}/victim`, "", { mode: 0o600 })
  fs.symlinkSync("victim", `${folder.path}/link`)
  const files = rig(folder.path)
  expect(reasonOf(() => files.setMode("/link", 0o777))).toBe("UnsafePath")
  expect(reasonOf(() => files.setOwner("/link", "root", "root"))).toBe("UnsafePath")
  expect(fs.statSync(`${folder.path}/victim`).mode & 0o777).toBe(0o600)
})

it("a second name for a file that has both names already leaves no temp", () => {
  using folder = scratchFolder()
  const files = rig(folder.path)
  files.write("/a", "text", attributes)
  files.hardLink("/a", "/b")
  files.hardLink("/a", "/b")
  expect(files.list("/").filter((name) => !name.startsWith(".plumbline"))).toEqual(["a", "b"])
  expect(files.stat("/a")?.inode).toBe(files.stat("/b")?.inode)
})

it("a journal of owners with a torn last line keeps the lines before", () => {
  using folder = scratchFolder()
  fs.mkdirSync(`${folder.path}/etc`)
  fs.writeFileSync(`${folder.path}/etc/passwd`, "acme:x:20001:20001::/home/acme:/bin/sh\n")
  fs.writeFileSync(`${folder.path}/etc/group`, "acme:x:20001:\n")
  rig(folder.path).write("/a", "text", { ...attributes, owner: "acme", group: "acme" })
  fs.appendFileSync(`${folder.path}/.plumbline-owners`, '["/a","ro')
  const { stat, rename } = rig(folder.path)
  expect(stat("/a")?.owner).toBe("acme")
  rename("/a", "/b")
  expect([stat("/a"), stat("/b")?.owner]).toEqual([undefined, "acme"])
})

const program = fileURLToPath(new URL("./files-disk.crash.ts", import.meta.url))

describe("a crash", () => {
  it("at any side effect of a write leaves the old file or the new one, and the next write the same tree", async () => {
    const trees = new Set<string>()
    let runs = 0
    for (let at = 1; ; at++) {
      using folder = scratchFolder()
      fs.writeFileSync(`${folder.path}/file`, "old", { mode: 0o600 })
      const env = { PLUMB_CRASH_AT: String(at) }
      const crashed = await execa(process.execPath, [program, folder.path], { env, reject: false })
      expect(["old", "new"]).toContain(fs.readFileSync(`${folder.path}/file`, "utf8"))
      await execa(process.execPath, [program, folder.path])
      trees.add(JSON.stringify([fs.readdirSync(folder.path), fs.statSync(`${folder.path}/file`).mode & 0o7777]))
      runs = at
      if (crashed.signal === undefined) break
      expect(crashed.signal).toBe("SIGKILL")
    }
    expect(trees).toEqual(new Set([JSON.stringify([[".plumbline-owners", "file"], 0o640])]))
    // create, write, chmod, rename, and one run that nothing stopped.
    expect(runs).toBe(5)
  })
})

it.skipIf(process.getuid?.() !== 0)("a full disk says NoSpace, keeps the old file and leaves no temp", async () => {
  using folder = scratchFolder()
  const inside = [
    ...["unshare", "--mount", "--", "sh", "-c"],
    'mount -t tmpfs -o size=64k,mode=0755 tmpfs "$1" && printf old > "$1/file" && exec "$2" "$3" "$1" 1000000',
    ...["sh", folder.path, process.execPath, program],
  ] as const
  const { stdout } = await execa(inside[0], inside.slice(1))
  expect(JSON.parse(stdout)).toEqual({
    reason: "NoSpace",
    verdict: "retry",
    content: "old",
    names: [".plumbline-owners", "file"],
  })
})
