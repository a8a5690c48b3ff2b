import { createHash } from "node:crypto"
import * as fs from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Readable } from "node:stream"
import { pipeline } from "node:stream/promises"
import { execa } from "execa"
import * as fc from "fast-check"
import { describe, expect, it, vi } from "vitest"
import { withoutDefiners } from "./definers.ts"
import { exchange } from "./exchange.ts"
import { type Item, listingOf, walk } from "./listing.ts"
import { changesOf } from "./preview.ts"
import type { SnapshotItem } from "./repository.ts"
import { isAbsent, reasonIn } from "./repository.ts"
import { execute, toTheEnd } from "./restic.ts"
import { membersOf, type Root, rootsOf, targetsOf } from "./restore.ts"
import { orphansOf, type Snapshot } from "./snapshots.ts"
import { entries } from "./tar.ts"

/** The same bytes, cut anywhere. */
const cut = (bytes: Buffer, sizes: ReadonlyArray<number>): AsyncIterable<Buffer> => {
  const parts: Array<Buffer> = []
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = Math.max(1, sizes[turn % sizes.length] ?? 1)
    parts.push(bytes.subarray(at, at + size))
    at += size
  }
  return Readable.from(parts, { objectMode: true })
}
const whole = async (source: AsyncIterable<Buffer>): Promise<Buffer> => {
  const parts: Array<Buffer> = []
  for await (const part of source) parts.push(part)
  return Buffer.concat(parts)
}
const sizes = fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 5 })
const folder = () => fs.mkdtempSync(join(tmpdir(), "plumb-backups-"))

describe("an archive", () => {
  it("is read as tar wrote it, wherever the stream is cut", async () => {
    const at = folder()
    const long = `${"n".repeat(90)}/${"ö".repeat(60)}`
    fs.mkdirSync(join(at, "n".repeat(90)))
    fs.writeFileSync(join(at, long), "long")
    fs.writeFileSync(join(at, "empty"), "", { mode: 0o600 })
    fs.writeFileSync(join(at, "odd"), Buffer.alloc(1537, 7))
    fs.symlinkSync("/etc/passwd", join(at, "link"))
    const { stdout } = await execa("tar", ["--create", "--format=pax", "-C", at, "."], { encoding: "buffer" })
    const archive = Buffer.from(stdout)
    await fc.assert(
      fc.asyncProperty(sizes, async (parts) => {
        const seen: Array<string> = []
        for await (const { content, entry } of entries(cut(archive, parts))) {
          // What is not read is skipped.
          const bytes = entry.path.endsWith("odd") ? await whole(content) : Buffer.alloc(0)
          seen.push(`${entry.type} ${entry.path} ${entry.size} ${entry.target} ${bytes.length}`)
        }
        expect(seen.sort()).toEqual(
          [
            "directory . 0  0",
            `directory ./${"n".repeat(90)} 0  0`,
            `file ./${long} 4  0`,
            "file ./empty 0  0",
            "file ./odd 1537  1537",
            "symlink ./link 0 /etc/passwd 0",
          ].sort(),
        )
      }),
      { numRuns: 20 },
    )
    const short = async () => {
      for await (const _ of entries(cut(archive.subarray(0, archive.length - 10_240 + 512), [4096])));
    }
    await expect(short()).rejects.toThrow("ends before its end")
    fs.rmSync(at, { recursive: true })
  })
})

describe("a dump", () => {
  const dump = [
    "/*!50013 DEFINER=`shop`@`localhost` SQL SECURITY DEFINER */",
    "INSERT INTO `t` VALUES (1,'DEFINER=`x`@`y` '),(2,'CREATE DEFINER=`x`@`y`');",
    "/*!50003 CREATE*/ /*!50017 DEFINER=`a``b`@`192.0.2.%`*/ /*!50003 TRIGGER `named` BEFORE INSERT ON `t` FOR EACH ROW",
    "CREATE DEFINER=`shop`@`localhost` PROCEDURE `p`()",
    "select 'DEFINER=`x`@`y`'",
    "-- größe",
  ].join("\n")
  it("loses its definers and nothing of its rows, wherever the stream is cut", () =>
    fc.assert(
      fc.asyncProperty(sizes, async (parts) => {
        const text = (await whole(withoutDefiners(cut(Buffer.from(dump), parts)))).toString("utf8")
        expect(text.split("\n")).toEqual([
          "/*!50013 SQL SECURITY DEFINER */",
          "INSERT INTO `t` VALUES (1,'DEFINER=`x`@`y` '),(2,'CREATE DEFINER=`x`@`y`');",
          "/*!50003 CREATE*/ /*!50017 */ /*!50003 TRIGGER `named` BEFORE INSERT ON `t` FOR EACH ROW",
          "CREATE PROCEDURE `p`()",
          "select 'DEFINER=`x`@`y`'",
          "-- größe",
        ])
      }),
    ))
})

describe("a listing", () => {
  it("is the same for the same tree in any order, and another when anything is missing, too much or cut off", () => {
    const item = fc.record({
      path: fc.string({ minLength: 1, maxLength: 8 }),
      type: fc.constantFrom<Item["type"]>("file", "directory", "symlink"),
      size: fc.nat(100),
      modified: fc.nat(),
    })
    fc.assert(
      fc.property(fc.uniqueArray(item, { selector: ({ path }) => path, minLength: 1, maxLength: 6 }), (items) => {
        const { sha256 } = listingOf(items)
        expect(listingOf(items.toReversed()).sha256).toBe(sha256)
        expect(listingOf(items.slice(1)).sha256).not.toBe(sha256)
        const [first] = items
        if (first) expect(listingOf([{ ...first, size: first.size + 1 }, ...items.slice(1)]).sha256).not.toBe(sha256)
      }),
    )
  })

  it("follows no link", () => {
    const at = folder()
    fs.symlinkSync("/etc", join(at, "etc"))
    expect(walk(at)).toMatchObject([{ path: "etc", type: "symlink", size: 0 }])
    fs.rmSync(at, { recursive: true })
  })
})

describe("a preview", () => {
  const item = (path: string, size: number, modified = 1_000_000): Item => ({ path, type: "file", size, modified })
  it("tells what would come back, be as it was, and is newer; a second is no difference", () => {
    expect(
      changesOf(
        [item("a", 1), item("b", 2), item("c", 3), item("d", 4), { ...item("e", 0), type: "directory" }],
        [item("b", 2, 1_000_900), item("c", 9), item("d", 4, 1_005_000), item("e", 0), item("f", 1)],
      ),
    ).toEqual({ missing: ["a"], changed: ["c", "d", "e"], newer: ["f"] })
  })
})

describe("what changes places", () => {
  it("does so in one moment, or goes to where nothing is", async () => {
    const at = folder()
    fs.mkdirSync(join(at, "a"))
    fs.writeFileSync(join(at, "b"), "b")
    await exchange(join(at, "a"), join(at, "b"))
    expect(fs.statSync(join(at, "b")).isDirectory()).toBe(true)
    expect(fs.readFileSync(join(at, "a"), "utf8")).toBe("b")
    await exchange(join(at, "a"), join(at, "c"))
    expect(fs.readdirSync(at).sort()).toEqual(["b", "c"])
    await exchange(join(at, "a"), join(at, "c"))
    expect(fs.readdirSync(at).sort()).toEqual(["a", "b"])
    await expect(exchange(join(at, "x"), join(at, "y"))).rejects.toThrow("errno 2")
    fs.rmSync(at, { recursive: true })
  })
})

describe("what of a backup goes where", () => {
  const root = (path: string): Root => ({ path, uid: 20001, gid: 33, mode: 0o2750 })
  const item = (path: string, type: Item["type"] = "directory"): SnapshotItem => ({
    path,
    type,
    size: 0,
    modified: 0,
    mode: 0o755,
    gid: 33,
  })
  const roots = [root("private"), root("sites/shop/public"), root("sites/new/public")]
  const items = [
    ...["private", "sites", "sites/shop", "sites/shop/public", "sites/old", "sites/old/public"].map((path) =>
      item(path),
    ),
    ...["sites/shop/public/a", "sites/old/public/b", "private/c"].map((path) => item(path, "file")),
  ]
  const paths = (what: Parameters<typeof targetsOf>[0]) => {
    const { placeless, targets } = targetsOf(what, items, roots)
    return [targets.map(({ path }) => path), placeless]
  }
  it("is by the first folders of the tenant's own", () => {
    expect(paths("everything")).toEqual([["private", "sites/shop/public"], ["sites/old"]])
    expect(paths({ path: "sites/shop" })).toEqual([["sites/shop/public"], []])
    expect(paths({ path: "sites/shop/public" })).toEqual([["sites/shop/public"], []])
    expect(paths({ path: "sites/shop/public/a" })).toEqual([["sites/shop/public/a"], []])
    expect(paths({ path: "sites/old" })).toEqual([[], ["sites/old"]])
    expect(paths({ path: "private/c/d" })).toEqual([[], []])
    expect(paths({ path: "privat" })).toEqual([[], []])
    expect(paths({ database: "acme" })).toEqual([[], []])
  })
  it.skipIf(process.getuid?.() !== 0)("enters no folder but root's to find them", () => {
    const home = folder()
    fs.chmodSync(home, 0o755)
    for (const path of ["sites", "sites/shop", "sites/shop/public", "sites/shop/public/root", "tmp"])
      fs.mkdirSync(join(home, path), { mode: 0o755 })
    for (const path of ["sites/shop/public", "tmp"]) fs.chownSync(join(home, path), 20001, 33)
    fs.symlinkSync("/etc", join(home, "link"))
    expect(rootsOf(home, [join(home, "tmp")])).toEqual([
      { path: "sites/shop/public", uid: 20001, gid: 33, mode: 0o755 },
    ])
    fs.rmSync(home, { recursive: true })
  })
})

it("snapshots of a run without a manifest are orphans, and somebody else's are not", () => {
  const snapshot = (id: string, ...tags: ReadonlyArray<string>): Snapshot => ({
    id,
    time: "",
    tree: createHash("sha256").update(id).digest("hex"),
    ...(tags.length === 0 ? { tags: null } : { tags: [...tags] }),
  })
  expect(
    orphansOf([
      snapshot("1", "run=a", "files"),
      snapshot("2", "run=a", "manifest", "manual"),
      snapshot("3", "run=b", "files"),
      snapshot("4", "run=b", "database"),
      snapshot("5"),
      snapshot("6", "mine"),
    ]),
  ).toEqual(["3", "4"])
})

it("a database is wanted by its name, and by its server where both have one of the name", () => {
  const member = (name: string, engine: string) => ({ name, engine, snapshot: "0", bytes: 1, sha256: "0" })
  const databases = [member("shop", "mariadb"), member("shop", "postgresql"), member("wiki", "postgresql")]
  expect(membersOf("everything", { databases })).toEqual(databases)
  expect([membersOf("files", { databases }), membersOf({ path: "sites" }, { databases })]).toEqual([[], []])
  expect(membersOf({ database: "wiki" }, { databases })).toEqual([databases[2]])
  expect(membersOf({ database: "shop", engine: "postgresql" }, { databases })).toEqual([databases[1]])
  expect(() => membersOf({ database: "shop" }, { databases })).toThrow("shop of mariadb and postgresql")
})

describe("a repository", () => {
  const words = (reason: string) =>
    `Fatal: unable to open config file: ${reason}\nIs there a repository at the following location?\ns3:https://s3.example.org/acme\n`

  it.each([
    "stat /srv/backups/acme/config: no such file or directory",
    "Lstat: file does not exist",
    "Stat: The specified key does not exist.",
    "Stat: The specified bucket does not exist",
  ])("is not there: %s", (reason) => {
    expect(isAbsent(words(reason))).toBe(true)
  })

  it.each([
    'Stat: Get "https://s3.example.org/acme/?location=": dial tcp 192.0.2.1:443: connect: connection refused',
    'Stat: Get "https://s3.example.org/acme/?location=": x509: certificate signed by unknown authority',
    "client.BucketExists: dial tcp: lookup s3.example.org: no such host",
    "Stat: Access Denied.",
    "stat /srv/backups/acme/config: permission denied",
  ])("is not known not to be there, and what is said of it is the reason: %s", (reason) => {
    expect(isAbsent(words(reason))).toBe(false)
    expect(reasonIn(words(reason))).toBe(`Fatal: unable to open config file: ${reason}`)
  })
})

describe("a program that has enough before its input ends", () => {
  const marker = () => join(folder(), "enough")
  /** More than a pipe holds comes after it said so. */
  const given = (file: string) => (stdin: NodeJS.WritableStream) =>
    pipeline(async function* () {
      yield Buffer.alloc(1000)
      await vi.waitFor(() => fs.statSync(file))
      yield Buffer.alloc(1_000_000)
    }, stdin)
  const enough = (file: string, code: number) => ["sh", "-c", `head -c 1000 > "$1"; exit ${code}`, "sh", file]

  it("is given the rest all the same, and has done its work", async () => {
    const file = marker()
    expect(await execute(toTheEnd(enough(file, 0)), given(file))).toMatchObject({ code: 0 })
  })

  it("is not waited for when it failed", async () => {
    const file = marker()
    expect(await execute(toTheEnd(enough(file, 7)), given(file))).toMatchObject({ code: 7 })
  })
})
