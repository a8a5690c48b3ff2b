// What is in a tree, as one hash: each path with its type and size. Computed of restic's list when a backup is made, and of the
// disk when one is restored, so that nothing can be missing, cut off or too much.

import { createHash } from "node:crypto"
import * as fs from "node:fs"
import { join } from "node:path"

export interface Item {
  /** From the root of the tree on. */
  readonly path: string
  readonly type: "file" | "directory" | "symlink"
  /** Of a file; 0 otherwise. */
  readonly size: number
  /** In milliseconds since 1970. */
  readonly modified: number
}

export interface Listing {
  readonly count: number
  readonly bytes: number
  readonly sha256: string
}

export const listingOf = (items: ReadonlyArray<Item>): Listing => {
  const hash = createHash("sha256")
  const lines = items.map(({ path, size, type }) => `${path}\0${type}\0${size}\n`)
  for (const line of lines.sort()) hash.update(line)
  const files = items.filter(({ type }) => type === "file")
  return { count: files.length, bytes: files.reduce((sum, { size }) => sum + size, 0), sha256: hash.digest("hex") }
}

/** Of a folder of this machine; no link is followed. */
export const walk = (root: string): ReadonlyArray<Item> => {
  const items: Array<Item> = []
  const visit = (folder: string, path: string): void => {
    for (const name of fs.readdirSync(folder)) {
      const below = path === "" ? name : `${path}/${name}`
      const stat = fs.lstatSync(join(folder, name), { throwIfNoEntry: false })
      if (stat === undefined) continue
      const type = stat.isFile()
        ? "file"
        : stat.isDirectory()
          ? "directory"
          : stat.isSymbolicLink()
            ? "symlink"
            : undefined
      if (type === undefined) continue
      items.push({ path: below, type, size: type === "file" ? stat.size : 0, modified: Math.floor(stat.mtimeMs) })
      if (type === "directory") visit(join(folder, name), below)
    }
  }
  visit(root, "")
  return items
}
