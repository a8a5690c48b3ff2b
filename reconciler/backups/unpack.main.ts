// Writes what restic reads out of a repository, or lists what is there: run as the account's user, in its sandbox, with nothing
// of the platform but this folder. It has no key, and what it writes is the tenant's own.
//
//   unpack INTO PREFIX     a tar archive on stdin, of what is below PREFIX, into the folder INTO
//   write FILE MODE GID    stdin into a new file
//   list FOLDER            what is in it, a line of JSON each
//   exchange A B           two paths change places, or one goes to where the other would be, in one moment
//   place FROM TO          a folder goes to where nothing is
//
// The one thing to know before changing it: a folder with the setgid bit gives its group to what is made in it, and a chmod by
// somebody outside of that group takes the bit away. So folders are made in their mode, and changed last, if at all.

import { createHash } from "node:crypto"
import * as fs from "node:fs"
import { dirname } from "node:path"
import { exchange } from "./exchange.ts"
import { listingOf, walk } from "./listing.ts"
import { type Entry, entries } from "./tar.ts"

const [verb = "", first = "", second = "", third = ""] = process.argv.slice(2)
/** A file is listed as itself. */
const listed = (path: string) => {
  const stat = fs.lstatSync(path, { throwIfNoEntry: false })
  if (stat === undefined || stat.isDirectory()) return stat === undefined ? [] : walk(path)
  const type = stat.isFile() ? ("file" as const) : ("symlink" as const)
  return [{ path: "", type, size: stat.isFile() ? stat.size : 0, modified: Math.floor(stat.mtimeMs) }]
}

const [uid, gid] = [process.getuid?.() ?? -1, process.getgid?.() ?? -1]
process.umask(0)

/** The path below the prefix; what would lead elsewhere ends everything. */
const below = (path: string, prefix: string): string | undefined => {
  if (path === prefix || prefix.startsWith(`${path}/`)) return undefined
  if (!path.startsWith(`${prefix}/`)) throw new Error(`${JSON.stringify(path)} is not below ${prefix}`)
  const relative = path.slice(prefix.length + 1)
  if (relative.split("/").some((part) => part === "" || part === "." || part === ".."))
    throw new Error(`${JSON.stringify(path)} leads elsewhere`)
  return relative
}

const writeFile = async (path: string, mode: number, content: AsyncIterable<Buffer>): Promise<void> => {
  const file = fs.openSync(
    path,
    fs.constants.O_CREAT | fs.constants.O_EXCL | fs.constants.O_RDWR | fs.constants.O_NOFOLLOW,
    0o600,
  )
  try {
    const hash = createHash("sha256")
    for await (const part of content) {
      hash.update(part)
      for (let at = 0; at < part.length; ) at += fs.writeSync(file, part, at)
    }
    // What stands there is read again: a disk that lies is found before anything changes places.
    const again = createHash("sha256")
    const buffer = Buffer.alloc(256 * 1024)
    for (let at = 0; ; ) {
      const read = fs.readSync(file, buffer, 0, buffer.length, at)
      if (read === 0) break
      again.update(buffer.subarray(0, read))
      at += read
    }
    if (again.digest("hex") !== hash.digest("hex")) throw new Error(`${path} does not read as it was written`)
    fs.fchmodSync(file, mode & 0o777)
  } finally {
    fs.closeSync(file)
  }
}

const ownGroup = (path: string, entry: Entry): void => {
  if (entry.gid === gid && fs.lstatSync(path).gid !== gid) fs.lchownSync(path, uid, gid)
}

const unpack = async (into: string, prefix: string): Promise<void> => {
  fs.mkdirSync(into, { recursive: true, mode: 0o750 })
  const folders: Array<readonly [string, Entry]> = []
  const made = new Set<string>([into])
  const ensure = (folder: string): void => {
    if (made.has(folder)) return
    ensure(dirname(folder))
    if (!fs.existsSync(folder)) fs.mkdirSync(folder, { mode: 0o750 })
    made.add(folder)
  }
  for await (const { content, entry } of entries(process.stdin)) {
    const relative = below(entry.path, prefix)
    if (relative === undefined) continue
    const path = `${into}/${relative}`
    ensure(dirname(path))
    if (entry.type === "directory") {
      if (!made.has(path)) fs.mkdirSync(path, { mode: (entry.mode & 0o777) | 0o700 })
      made.add(path)
      folders.push([path, entry])
    } else if (entry.type === "symlink") {
      fs.symlinkSync(entry.target, path)
      fs.lutimesSync(path, entry.modified, entry.modified)
    } else if (entry.type === "file") {
      await writeFile(path, entry.mode, content)
      ownGroup(path, entry)
      fs.utimesSync(path, entry.modified, entry.modified)
    }
  }
  for (const [path, entry] of folders.reverse()) {
    ownGroup(path, entry)
    const wanted = entry.mode & 0o3777
    const has = fs.lstatSync(path).mode & 0o3777
    // The bit comes from the folder above and from nowhere else.
    if ((has & 0o1777) !== (wanted & 0o1777) || (has & ~wanted & 0o2000) !== 0) fs.chmodSync(path, wanted & 0o1777)
    fs.utimesSync(path, entry.modified, entry.modified)
  }
  process.stdout.write(JSON.stringify(listingOf(walk(into))))
}

switch (verb) {
  case "unpack":
    await unpack(first, second.replace(/^\/+/, ""))
    break
  case "write":
    fs.mkdirSync(dirname(first), { recursive: true, mode: 0o700 })
    await writeFile(first, Number.parseInt(second, 8), process.stdin)
    if (Number(third) === gid) fs.lchownSync(first, uid, gid)
    break
  case "list":
    for (const item of listed(first)) process.stdout.write(`${JSON.stringify(item)}\n`)
    break
  case "exchange":
    fs.mkdirSync(dirname(second), { recursive: true, mode: 0o750 })
    await exchange(first, second)
    break
  case "place":
    if (fs.existsSync(second)) throw new Error(`${second} is there already`)
    fs.mkdirSync(dirname(second), { recursive: true, mode: 0o700 })
    fs.renameSync(first, second)
    break
  default:
    throw new Error(`${JSON.stringify(verb)} is nothing that can be done`)
}
