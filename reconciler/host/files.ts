// What the reconciler may do with files. Calls are synchronous and throw a ResourceFailure: on 10,000 files that is seven
// times faster than promises, and a resource type wraps a whole method in one `attempt`. Whatever changes the disk goes
// through `sideEffect`, and never through a link (see safe-path.ts).

import type { HostPath } from "./path.ts"

export type FileType = "file" | "directory" | "symlink" | "fifo" | "socket" | "device"

export interface Stat {
  readonly type: FileType
  /** Permission bits with setuid, setgid and sticky: 0o2750. */
  readonly mode: number
  /** Names where the host knows them, else the number. */
  readonly owner: string
  readonly group: string
  readonly size: number
  readonly inode: number
  readonly modifiedMs: number
}

/** Who owns a path and what they may do with it. */
export interface Attributes {
  readonly owner: string
  readonly group: string
  readonly mode: number
}

export interface Files {
  /** Where a host path is on this machine: what a command or a watcher must be given. */
  readonly real: (path: HostPath) => string
  /** The path itself, never what a link points to; undefined when there is nothing. */
  readonly stat: (path: HostPath) => Stat | undefined
  /** A string that changes whenever the path does; empty when there is nothing. One lstat. */
  readonly fingerprint: (path: HostPath) => string
  /** At most `limit` bytes of a regular file, from `offset` on; follows no link and waits for no pipe. */
  readonly read: (path: HostPath, limit?: number, offset?: number) => Buffer
  readonly readLink: (path: HostPath) => string
  /** Names in a folder, sorted; empty when there is none. */
  readonly list: (path: HostPath) => ReadonlyArray<string>

  /** Replaces a file as a whole: temp, write, owner and mode, fsync, rename, fsync of the folder. */
  readonly write: (path: HostPath, content: string | Uint8Array, attributes: Attributes) => void
  /** Makes one folder; an existing one is left as it is. */
  readonly makeDirectory: (path: HostPath, attributes: Attributes) => void
  /** Makes a link, replacing a link or a file of that name at once. */
  readonly link: (path: HostPath, target: string) => void
  readonly setOwner: (path: HostPath, owner: string, group: string) => void
  readonly setMode: (path: HostPath, mode: number) => void
  /** A second name for the same file, replacing what stood there at once. Same filesystem only. */
  readonly hardLink: (from: HostPath, to: HostPath) => void
  /** Same filesystem only; what is at `to` must not exist. */
  readonly rename: (from: HostPath, to: HostPath) => void
  /** Anything but a folder; absent is success. */
  readonly remove: (path: HostPath) => void
  /** An empty folder; absent is success, false when something is in it. */
  readonly removeDirectory: (path: HostPath) => boolean
  /** What a crash left half-written in a folder goes away. */
  readonly cleanTemporary: (path: HostPath) => void
}
