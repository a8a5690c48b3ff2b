// Files on this machine's disk, below a root or not. Reading is by path and follows no last link; writing goes by descriptor
// (safe-path.ts). A write that is cut short leaves the old file and a temp of a fixed name, which the next write of the same
// file replaces.

import * as fs from "node:fs"
import { ResourceFailure } from "../contract/resource.ts"
import { diskFailure } from "./disk-failure.ts"
import type { Files, FileType } from "./files.ts"
import type { Owners } from "./owners.ts"
import { type HostPath, parentOf } from "./path.ts"
import { O_PATH, type OpenFolder, withFolder } from "./safe-path.ts"
import { sideEffect } from "./side-effect.ts"
import { isTemporary, temporaryName } from "./temporary.ts"

const { O_RDONLY, O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK } = fs.constants

export const filesOnDisk = (root: string, owners: Owners): Files => {
  const real = (path: HostPath) => (root === "" ? path : path === "/" ? root : root + path)

  /** Opens the folder of a path for writing, and says which path it was when something goes wrong. */
  const inFolder = <A>(path: HostPath, use: (open: OpenFolder, name: string) => A): A => {
    const { parent, name } = parentOf(path)
    try {
      return withFolder(root, parent, owners.trusted, (open) => use(open, name))
    } catch (cause) {
      throw diskFailure(cause, path)
    }
  }

  /** A descriptor that names exactly this entry and is no link. */
  const withEntry = (path: HostPath, use: (real: string) => void): void =>
    inFolder(path, (open, name) => {
      const fd = fs.openSync(open.at(name), O_PATH | O_NOFOLLOW)
      try {
        if (fs.fstatSync(fd).isSymbolicLink()) throw linkInPlace(path)
        use(`/proc/self/fd/${fd}`)
      } finally {
        fs.closeSync(fd)
      }
    })

  /** Runs `make` on a temp beside the path and renames it into place; no temp survives a failure. */
  const replace = (path: HostPath, make: (temporary: string) => void): void =>
    inFolder(path, (open, name) => {
      const temporary = open.at(temporaryName(name))
      if (fs.lstatSync(temporary, { throwIfNoEntry: false })) {
        sideEffect(`remove leftover of ${path}`, () => fs.unlinkSync(temporary))
      }
      try {
        make(temporary)
        sideEffect(`rename into ${path}`, () => fs.renameSync(temporary, open.at(name)))
      } catch (cause) {
        fs.rmSync(temporary, { force: true })
        throw cause
      }
      fs.fsyncSync(open.fd)
    })

  return {
    real,
    stat: (path) => {
      const stat = lstat(real(path))
      return (
        stat && {
          type: typeOf(stat),
          mode: stat.mode & 0o7777,
          ...owners.of(path, stat),
          size: stat.size,
          inode: stat.ino,
          modifiedMs: stat.mtimeMs,
        }
      )
    },
    fingerprint: (path) => {
      const stat = lstat(real(path))
      return stat ? `${stat.ino}:${stat.size}:${stat.ctimeMs}` : ""
    },
    read: (path, limit = Number.POSITIVE_INFINITY, offset = 0) => {
      const fd = fs.openSync(real(path), O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
      try {
        const stat = fs.fstatSync(fd)
        if (!stat.isFile()) throw new Error(`${path} is not a regular file`)
        if (offset === 0 && stat.size <= limit) return fs.readFileSync(fd)
        const buffer = Buffer.alloc(Math.max(0, Math.min(limit, stat.size - offset)))
        return buffer.subarray(0, fs.readSync(fd, buffer, 0, buffer.length, offset))
      } finally {
        fs.closeSync(fd)
      }
    },
    readLink: (path) => fs.readlinkSync(real(path)),
    list: (path) => {
      try {
        return fs.readdirSync(real(path)).sort()
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code === "ENOENT") return []
        throw cause
      }
    },

    write: (path, content, attributes) =>
      replace(path, (temporary) => {
        const fd = sideEffect(`create temp of ${path}`, () =>
          fs.openSync(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600),
        )
        try {
          sideEffect(`write ${path}`, () => fs.writeFileSync(fd, content))
          owners.give(path, `/proc/self/fd/${fd}`, attributes.owner, attributes.group)
          sideEffect(`chmod ${path}`, () => fs.fchmodSync(fd, attributes.mode))
          fs.fsyncSync(fd)
        } finally {
          fs.closeSync(fd)
        }
      }),
    makeDirectory: (path, attributes) => {
      if (lstat(real(path))?.isDirectory()) return
      inFolder(path, (open, name) => {
        sideEffect(`mkdir ${path}`, () => fs.mkdirSync(open.at(name), 0o700))
        fs.fsyncSync(open.fd)
      })
      withEntry(path, (entry) => {
        owners.give(path, entry, attributes.owner, attributes.group)
        sideEffect(`chmod ${path}`, () => fs.chmodSync(entry, attributes.mode))
      })
    },
    link: (path, target) =>
      replace(path, (temporary) => sideEffect(`link ${path}`, () => fs.symlinkSync(target, temporary))),
    setOwner: (path, owner, group) => withEntry(path, (entry) => owners.give(path, entry, owner, group)),
    setMode: (path, mode) => withEntry(path, (entry) => sideEffect(`chmod ${path}`, () => fs.chmodSync(entry, mode))),
    hardLink: (from, to) => {
      // rename(2) between two names of one inode does nothing and would leave the temp.
      if (lstat(real(from))?.ino === lstat(real(to))?.ino) return
      inFolder(from, (source, name) =>
        replace(to, (temporary) => sideEffect(`link ${from} to ${to}`, () => fs.linkSync(source.at(name), temporary))),
      )
    },
    rename: (from, to) =>
      inFolder(from, (source, name) =>
        inFolder(to, (target, newName) => {
          if (fs.lstatSync(target.at(newName), { throwIfNoEntry: false })) throw new Error(`${to} exists`)
          sideEffect(`rename ${from} to ${to}`, () => fs.renameSync(source.at(name), target.at(newName)))
          owners.moved(from, to)
          fs.fsyncSync(source.fd)
          fs.fsyncSync(target.fd)
        }),
      ),
    remove: (path) => {
      if (!lstat(real(path))) return
      inFolder(path, (open, name) => {
        sideEffect(`remove ${path}`, () => fs.unlinkSync(open.at(name)))
        owners.gone(path)
        fs.fsyncSync(open.fd)
      })
    },
    removeDirectory: (path) => {
      if (!lstat(real(path))) return true
      return inFolder(path, (open, name) => {
        try {
          sideEffect(`rmdir ${path}`, () => fs.rmdirSync(open.at(name)))
        } catch (cause) {
          const code = (cause as NodeJS.ErrnoException).code
          if (code === "ENOTEMPTY" || code === "EEXIST") return false
          throw cause
        }
        owners.gone(path)
        fs.fsyncSync(open.fd)
        return true
      })
    },
    cleanTemporary: (path) => {
      if (!lstat(real(path))?.isDirectory()) return
      for (const name of fs.readdirSync(real(path)).filter(isTemporary)) {
        const leftover: HostPath = `${path === "/" ? "" : path}/${name}`
        inFolder(leftover, (open) => sideEffect(`remove leftover ${leftover}`, () => fs.unlinkSync(open.at(name))))
      }
    },
  }
}

/** lstat(2) of what may not be there: neither the entry nor a folder on the way to it. */
const lstat = (path: string): fs.Stats | undefined => {
  try {
    return fs.lstatSync(path, { throwIfNoEntry: false })
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOTDIR") return undefined
    throw cause
  }
}

const typeOf = (stat: fs.Stats): FileType =>
  stat.isFile()
    ? "file"
    : stat.isDirectory()
      ? "directory"
      : stat.isSymbolicLink()
        ? "symlink"
        : stat.isFIFO()
          ? "fifo"
          : stat.isSocket()
            ? "socket"
            : "device"

const linkInPlace = (path: string) =>
  new ResourceFailure({
    reason: "UnsafePath",
    message: `${path} became a link while it was changed`,
    verdict: { kind: "retry" },
  })
