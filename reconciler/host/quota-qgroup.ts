// btrfs's commands for subvolumes and their figures, and what they print. btrfs-quota(8), btrfs-qgroup(8).

export type Argv = readonly [string, ...Array<string>]

export const enable = (mount: string): Argv => ["btrfs", "quota", "enable", mount]
export const create = (path: string): Argv => ["btrfs", "subvolume", "create", "--", path]
export const remove = (path: string): Argv => ["btrfs", "subvolume", "delete", "--", path]
export const forget = (id: string, mount: string): Argv => ["btrfs", "qgroup", "destroy", id, mount]
export const limit = (group: string, bytes: number | undefined, mount: string): Argv => [
  ...(["btrfs", "qgroup", "limit"] as const),
  ...[bytes === undefined ? "none" : String(bytes), group, mount],
]
export const createGroup = (group: string, mount: string): Argv => ["btrfs", "qgroup", "create", group, mount]
export const assign = (member: string, group: string, mount: string): Argv => [
  ...(["btrfs", "qgroup", "assign"] as const),
  ...[member, group, mount],
]
/** All of the file system, with the groups that each is in. */
export const list = (mount: string): Argv => ["btrfs", "qgroup", "show", "--raw", "-p", "-re", mount]
/** The number of the subvolume that a path is in. */
export const numberOf = (path: string): Argv => ["btrfs", "inspect-internal", "rootid", path]
/** From the top of the file system. */
export const pathOf = (id: string, mount: string): Argv => ["btrfs", "inspect-internal", "subvolid-resolve", id, mount]
/** Roots of subvolumes, by their inode; NUL between them. */
export const findVolumes = (path: string): Argv => [
  ...(["find", path, "-mindepth", "1", "-type", "d", "-inum", "256", "-print0"] as const),
]

export interface Row {
  /** "0/257" is a subvolume's, "1/257" a group's. */
  readonly id: string
  /** Bytes. */
  readonly used: number
  readonly limit: number | undefined
  /** The groups that it is in. */
  readonly parents: ReadonlyArray<string>
}

/**
 * By their number. There is more than one of a number where a name of a tenant's has a line end in it and passes for a row:
 * names are at the end of a line and are not read.
 */
export const parse = (text: string): ReadonlyMap<string, ReadonlyArray<Row>> => {
  const rows = new Map<string, Array<Row>>()
  for (const line of text.split("\n")) {
    const [, id, used, limited, parents] =
      /^(\d+\/\d+) +(\d+) +\d+ +(\d+|none) +(?:\d+|none) +(-+|[\d/,]+)(?: |$)/.exec(line) ?? []
    if (id === undefined || parents === undefined) continue
    const row = {
      id,
      used: Number(used),
      limit: limited === "none" ? undefined : Number(limited),
      parents: parents.startsWith("-") ? [] : parents.split(","),
    }
    rows.set(id, [...(rows.get(id) ?? []), row])
  }
  return rows
}
