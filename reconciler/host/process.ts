// Processes as /proc shows them. A pid alone names nobody for long: with its start time it does, until the next boot.

import * as fs from "node:fs"

/** Clock ticks since boot at which it started (field 22 of proc(5)'s stat); undefined when it is gone or a zombie. */
export const startOf = (pid: number): string | undefined => {
  const fields = statOf(pid)
  return fields === undefined || fields[0] === "Z" || fields[0] === "X" ? undefined : fields[19]
}

export const commandOf = (pid: number): string => {
  try {
    return fs.readFileSync(`/proc/${pid}/cmdline`, "latin1").replaceAll("\0", " ").trimEnd()
  } catch {
    return ""
  }
}

export const childrenOf = (pid: number): ReadonlyArray<number> => {
  try {
    const children = fs.readFileSync(`/proc/${pid}/task/${pid}/children`, "latin1")
    return children.split(" ").filter(Boolean).map(Number)
  } catch {
    return fs
      .readdirSync("/proc")
      .map(Number)
      .filter((candidate) => candidate > 0 && statOf(candidate)?.[1] === String(pid))
  }
}

/** Whether it waits for connections: on TCP or on a socket in the file system. */
export const listens = (pid: number): boolean => {
  const own = new Set<string>()
  try {
    for (const fd of fs.readdirSync(`/proc/${pid}/fd`)) {
      const inode = /^socket:\[(\d+)\]$/.exec(readLink(`/proc/${pid}/fd/${fd}`))?.[1]
      if (inode) own.add(inode)
    }
    // TCP state 0A is LISTEN; of a unix socket the flag 00010000 (__SO_ACCEPTCON) says the same.
    const tcp = ["tcp", "tcp6"].flatMap((table) => rows(`/proc/${pid}/net/${table}`))
    const unix = rows(`/proc/${pid}/net/unix`)
    return (
      tcp.some((row) => row[3] === "0A" && own.has(row[9] ?? "")) ||
      unix.some((row) => row[3] === "00010000" && own.has(row[6] ?? ""))
    )
  } catch {
    return false
  }
}

const rows = (path: string) =>
  fs.existsSync(path)
    ? fs
        .readFileSync(path, "latin1")
        .split("\n")
        .slice(1)
        .map((line) => line.trim().split(/\s+/))
    : []

const readLink = (path: string): string => {
  try {
    return fs.readlinkSync(path)
  } catch {
    return ""
  }
}

/** The fields of stat from the third on (state, parent, …): the second is a name that may hold anything. */
const statOf = (pid: number): ReadonlyArray<string> | undefined => {
  try {
    const text = fs.readFileSync(`/proc/${pid}/stat`, "latin1")
    return text.slice(text.lastIndexOf(")") + 2).split(" ")
  } catch {
    return undefined
  }
}
