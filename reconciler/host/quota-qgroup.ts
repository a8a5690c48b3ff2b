// btrfs's commands for subvolumes and their figures, and what they print. btrfs-quota(8), btrfs-qgroup(8).

export type Argv = readonly [string, ...Array<string>]

export const enable = (mount: string): Argv => ["btrfs", "quota", "enable", mount]
export const create = (path: string): Argv => ["btrfs", "subvolume", "create", "--", path]
export const remove = (path: string): Argv => ["btrfs", "subvolume", "delete", "--", path]
export const forget = (id: string, mount: string): Argv => ["btrfs", "qgroup", "destroy", id, mount]
export const limit = (path: string, bytes: number | undefined): Argv => [
  ...(["btrfs", "qgroup", "limit", "--"] as const),
  bytes === undefined ? "none" : String(bytes),
  path,
]
/** All of the file system. */
export const list = (mount: string): Argv => ["btrfs", "qgroup", "show", "--raw", "-re", "--", mount]
/** That of one subvolume. */
export const listOf = (path: string): Argv => ["btrfs", "qgroup", "show", "--raw", "-re", "-f", "--", path]
/** Roots of subvolumes, by their inode; NUL between them. */
export const findVolumes = (path: string): Argv => [
  ...(["find", path, "-mindepth", "1", "-type", "d", "-inum", "256", "-print0"] as const),
]

export interface Row {
  /** "0/257" */
  readonly id: string
  /** Bytes. */
  readonly used: number
  readonly limit: number | undefined
}

/**
 * By their number. There is more than one of a number where a name of a tenant's has a line end in it and passes for a row:
 * names are at the end of a line and are not read.
 */
export const parse = (text: string): ReadonlyMap<string, ReadonlyArray<Row>> => {
  const rows = new Map<string, Array<Row>>()
  for (const line of text.split("\n")) {
    const [, id, used, limited] = /^(0\/\d+) +(\d+) +\d+ +(\d+|none) +(?:\d+|none)(?: |$)/.exec(line) ?? []
    if (id === undefined) continue
    const row = { id, used: Number(used), limit: limited === "none" ? undefined : Number(limited) }
    rows.set(id, [...(rows.get(id) ?? []), row])
  }
  return rows
}
