// The names of half-written files. One agent writes at a time, so a temp's name follows from its target's: whatever a crash
// left there is replaced by the next write of the same file.

import { createHash } from "node:crypto"

const prefix = ".plumb-tmp-"

export const temporaryName = (name: string): string =>
  // NAME_MAX is 255 bytes.
  Buffer.byteLength(name) + prefix.length <= 255
    ? prefix + name
    : prefix + createHash("sha256").update(name).digest("hex")

/** For watchers and listings: no file of anybody's. */
export const isTemporary = (name: string): boolean => name.startsWith(prefix)
