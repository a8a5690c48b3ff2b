// The way to a file that a tenant cannot bend. Every folder from the root on is opened by descriptor, relative to the one
// before and never through a link, and must belong to root and be writable by nobody else at that moment. A check by path
// would be check-then-act. Node has no openat(2): /proc/self/fd/N/name is the same thing.

import * as fs from "node:fs"
import { ResourceFailure } from "../contract/resource.ts"
import { type HostPath, segments } from "./path.ts"

const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW } = fs.constants

/** open(2): a descriptor that only names a file. Node does not export it; the value is the same on every Linux that it runs on. */
export const O_PATH = 0o10000000

export interface OpenFolder {
  readonly fd: number
  /** The path of an entry, relative to the descriptor. */
  readonly at: (name: string) => string
}

const folder = (fd: number): OpenFolder => ({ fd, at: (name) => `/proc/self/fd/${fd}/${name}` })

/** `trusted` is the uid that must own every folder on the way: 0, or who runs a directory host. */
export const withFolder = <A>(root: string, path: HostPath, trusted: number, use: (open: OpenFolder) => A): A => {
  let fd = openFolder(root === "" ? "/" : root, "/")
  let reached = ""
  try {
    refuseUnsafe(fd, "/", trusted)
    for (const name of segments(path)) {
      reached += `/${name}`
      const next = openFolder(`/proc/self/fd/${fd}/${name}`, reached)
      fs.closeSync(fd)
      fd = next
      refuseUnsafe(fd, reached, trusted)
    }
    return use(folder(fd))
  } finally {
    fs.closeSync(fd)
  }
}

const openFolder = (real: string, path: string): number => {
  try {
    return fs.openSync(real, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code
    if (code === "ENOENT") {
      throw new ResourceFailure({
        reason: "ParentMissing",
        message: `${path} does not exist`,
        verdict: { kind: "retry", sooner: `path:${path}` },
      })
    }
    if (code === "ELOOP" || code === "ENOTDIR") {
      throw new ResourceFailure({
        reason: "UnsafePath",
        message: `${path} is a link or not a folder; nothing is written through it`,
        mend: `Put a real folder at ${path}, owned by root.`,
        verdict: { kind: "retry", sooner: `path:${path}` },
      })
    }
    throw cause
  }
}

const refuseUnsafe = (fd: number, path: string, trusted: number): void => {
  const stat = fs.fstatSync(fd)
  if (stat.uid === trusted && (stat.mode & 0o022) === 0) return
  throw new ResourceFailure({
    reason: "UnsafePath",
    message:
      stat.uid === trusted
        ? `${path} can be written by others (mode ${(stat.mode & 0o7777).toString(8)}); nothing is written below it`
        : `${path} belongs to uid ${stat.uid}; nothing is written below what others own`,
    mend: `Give ${path} to root and take the write permission from group and others.`,
    verdict: { kind: "retry", sooner: `path:${path}` },
  })
}
