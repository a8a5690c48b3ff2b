// What somebody did behind the platform's back, and what the types make of it.

import * as fs from "node:fs"
import * as Effect from "effect/Effect"
import { expect, it } from "vitest"
import { onScratchHost } from "../host/scratch-host.ts"
import { type DirectorySpec, directoryType } from "./directory.ts"
import { type FileSpec, fileType } from "./file.ts"
import { groupType } from "./group.ts"
import { tenantDirectoryType } from "./tenant-directory.ts"
import { type UserSpec, userType } from "./user.ts"

const path = "/etc/example.conf"
const spec: FileSpec = { content: "a = 1\n", owner: "root", group: "root", mode: 0o640 }
const root755: DirectorySpec = { owner: "root", group: "root", mode: 0o755 }

const differ = Effect.map(fileType.observe(path, spec), (seen) => fileType.diff(spec, seen))
const heal = Effect.flatMap(fileType.observe(path, spec), (seen) => fileType.apply(path, spec, seen, "r1"))

it("shows an edited file with both contents, and heals it", () =>
  onScratchHost((root) =>
    Effect.gen(function* () {
      yield* heal
      fs.appendFileSync(root + path, "b = 2\n")
      expect(yield* differ).toEqual([{ field: "content", want: "a = 1\n", have: "a = 1\nb = 2\n", kind: "changed" }])
      yield* heal
      expect(fs.readFileSync(root + path, "utf8")).toBe("a = 1\n")
    }),
  ))

it("mends a mode without a new inode", () =>
  onScratchHost((root) =>
    Effect.gen(function* () {
      yield* heal
      const { ino } = fs.statSync(root + path)
      fs.chmodSync(root + path, 0o666)
      expect(yield* differ).toEqual([{ field: "mode", want: "0640", have: "0666", kind: "changed" }])
      yield* heal
      expect(yield* differ).toEqual([])
      expect(fs.statSync(root + path).ino).toBe(ino)
    }),
  ))

it("keeps owners between two runs of a directory host", async () => {
  const owned = { ...spec, owner: "www-data", group: "adm" }
  await onScratchHost(() =>
    Effect.gen(function* () {
      yield* fileType.apply(path, owned, undefined, "r1")
      const seen = yield* fileType.observe(path, owned)
      expect([seen?.stat.owner, seen?.stat.group]).toEqual(["www-data", "adm"])
      expect(fileType.diff({ ...spec }, seen).map(({ field }) => field)).toEqual(["owner", "group"])
    }),
  )
})

it("replaces a link in place of a file, and never writes through it", () =>
  onScratchHost((root) =>
    Effect.gen(function* () {
      fs.writeFileSync(`${root}/victim`, "precious")
      fs.symlinkSync(`${root}/victim`, root + path)
      const [first] = yield* differ
      expect(first).toMatchObject({ field: "type", want: "file", have: `symlink to ${root}/victim` })
      yield* heal
      expect(fs.readFileSync(`${root}/victim`, "utf8")).toBe("precious")
      expect(fs.lstatSync(root + path).isFile()).toBe(true)
    }),
  ))

it("does not wait for a pipe in place of a file", () =>
  onScratchHost((root) =>
    Effect.gen(function* () {
      fs.symlinkSync("/dev/null", `${root}/etc/other`)
      const { execaSync } = yield* Effect.promise(() => import("execa"))
      execaSync("mkfifo", [root + path])
      expect((yield* differ)[0]).toMatchObject({ field: "type", have: "fifo" })
      yield* heal
      expect(yield* differ).toEqual([])
    }),
  ))

it("puts a folder that stands in place of a file aside, with what is in it", () =>
  onScratchHost((root) =>
    Effect.gen(function* () {
      fs.mkdirSync(root + path)
      fs.writeFileSync(`${root}${path}/note`, "mine")
      yield* heal
      expect(yield* differ).toEqual([])
      const [kept] = fs.readdirSync(`${root}/var/lib/plumbline/kept`)
      expect(fs.readFileSync(`${root}/var/lib/plumbline/kept/${kept}/note`, "utf8")).toBe("mine")
    }),
  ))

it("never shows a secret's bytes as something to keep", () =>
  onScratchHost(() =>
    Effect.gen(function* () {
      const secret = { ...spec, secret: true }
      yield* fileType.apply(path, secret, undefined, "r1")
      const seen = yield* fileType.observe(path, secret)
      expect(seen && fileType.keep?.(seen)).toBeUndefined()
      expect(fileType.diff({ ...secret, content: "b" }, seen)).toMatchObject([{ field: "content", secret: true }])
    }),
  ))

it("reports what does not belong in a folder, and leaves it there", () =>
  onScratchHost((root) =>
    Effect.gen(function* () {
      const only: DirectorySpec = { ...root755, only: ["expected.conf"] }
      yield* directoryType.apply("/etc/owned", only, undefined, "r1")
      fs.writeFileSync(`${root}/etc/owned/expected.conf`, "")
      fs.writeFileSync(`${root}/etc/owned/stray.conf`, "")
      const seen = yield* directoryType.observe("/etc/owned", only)
      expect(directoryType.diff(only, seen)).toEqual([
        { field: "entry stray.conf", want: "absent", have: "present", kind: "extra" },
      ])
      yield* directoryType.apply("/etc/owned", only, seen, "r1")
      expect(fs.existsSync(`${root}/etc/owned/stray.conf`)).toBe(true)
    }),
  ))

it("gives a home back to the record that it was taken from, and to no other", () =>
  onScratchHost((root) =>
    Effect.gen(function* () {
      const retainUntil = "2030-01-01T00:00:00Z"
      const removal = { onDelete: "trash", recordId: "r1", record: "Account/acme", retainUntil } as const
      yield* directoryType.apply("/home/acme", root755, undefined, "r1")
      fs.writeFileSync(`${root}/home/acme/letter`, "dear")
      yield* directoryType.remove("/home/acme", removal)
      expect(fs.existsSync(`${root}/home/acme`)).toBe(false)

      yield* directoryType.apply("/home/acme", root755, undefined, "r2")
      expect(fs.readdirSync(`${root}/home/acme`)).toEqual([])
      yield* directoryType.remove("/home/acme", { ...removal, onDelete: "remove", recordId: "r2" })

      yield* directoryType.apply("/home/acme", root755, undefined, "r1")
      expect(fs.readFileSync(`${root}/home/acme/letter`, "utf8")).toBe("dear")
      expect(directoryType.diff(root755, yield* directoryType.observe("/home/acme", root755))).toEqual([])
    }),
  ))

it("refuses to renumber a user or a group that was there", () =>
  onScratchHost(() =>
    Effect.gen(function* () {
      yield* groupType.apply("acme", { gid: 20001 }, undefined, "r1")
      const seen = yield* groupType.observe("acme", { gid: 20002 })
      const failure = yield* Effect.flip(groupType.apply("acme", { gid: 20002 }, seen, "r1"))
      expect([failure.reason, failure.verdict.kind]).toEqual(["Conflict", "stall"])

      const nologin = "/usr/sbin/nologin"
      const user: UserSpec = { uid: 33, gid: 33, comment: "", home: "/home/acme", shell: nologin, groups: [] }
      const taken = yield* Effect.flip(userType.apply("acme", user, undefined, "r1"))
      expect(taken.message).toContain("www-data")
    }),
  ))

it("finds a user who was given a password, a shell and a group", () =>
  onScratchHost((root) =>
    Effect.gen(function* () {
      const nologin = "/usr/sbin/nologin"
      const user: UserSpec = { uid: 20001, gid: 33, comment: "", home: "/home/acme", shell: nologin, groups: [] }
      const see = userType.observe("acme", user)
      yield* userType.apply("acme", user, undefined, "r1")
      const edit = (file: string, from: string, to: string) =>
        fs.writeFileSync(root + file, fs.readFileSync(root + file, "utf8").replace(from, to))
      edit("/etc/passwd", "/home/acme:/usr/sbin/nologin", "/home/acme:/bin/bash")
      edit("/etc/shadow", "acme:!:", "acme:$y$j9T$x:")
      edit("/etc/group", "adm:x:4:", "adm:x:4:acme")
      yield* Effect.sleep(60)
      expect(userType.diff(user, yield* see).map(({ field }) => field)).toEqual(["shell", "groups", "password"])
      yield* userType.apply("acme", user, yield* see, "r1")
      expect(userType.diff(user, yield* see)).toEqual([])
    }),
  ))

it("lets a tenant have a link to a folder of theirs as document root", () =>
  onScratchHost((root) =>
    Effect.gen(function* () {
      const tenant = { user: "acme", mode: 0o750 }
      fs.mkdirSync(`${root}/home/acme/releases/1`, { recursive: true })
      fs.symlinkSync("releases/1", `${root}/home/acme/current`)
      expect(yield* tenantDirectoryType.observe("/home/acme/current", tenant)).toEqual({ type: "directory" })
      fs.rmSync(`${root}/home/acme/releases`, { recursive: true })
      expect(yield* tenantDirectoryType.observe("/home/acme/current", tenant)).toBeUndefined()
    }),
  ))
