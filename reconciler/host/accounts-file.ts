// passwd, group and shadow as passwd(5), group(5) and shadow(5) describe them: parsed once, and again when one of the files
// is another. Local files only: who is in a directory service is not ours to keep true.

import * as fs from "node:fs"
import type { GroupEntry, UserEntry } from "./accounts.ts"

/** How long a parse is believed without a look at the files; our own changes call `forget`. */
const believedMs = 50

export interface AccountsFile {
  readonly users: () => ReadonlyMap<string, UserEntry>
  readonly groups: () => ReadonlyMap<string, GroupEntry>
  readonly userName: (uid: number) => string
  readonly groupName: (gid: number) => string
  readonly forget: () => void
}

interface Parsed {
  readonly fingerprint: string
  readonly users: ReadonlyMap<string, UserEntry>
  readonly groups: ReadonlyMap<string, GroupEntry>
  readonly userNames: ReadonlyMap<number, string>
  readonly groupNames: ReadonlyMap<number, string>
}

export const accountsFile = (root: string): AccountsFile => {
  const paths = ["/etc/passwd", "/etc/group", "/etc/shadow"].map((path) => root + path)
  const read = (path: string) => (fs.existsSync(path) ? fs.readFileSync(path, "utf8") : "")
  let parsed: Parsed | undefined
  let checkedAt = 0

  const current = (): Parsed => {
    const now = performance.now()
    if (parsed && now - checkedAt < believedMs) return parsed
    const fingerprint = paths.map(fingerprintOf).join()
    checkedAt = now
    if (parsed?.fingerprint === fingerprint) return parsed
    const [passwd = "", group = "", shadow = ""] = paths.map(read)
    const users = parseUsers(passwd, shadow)
    const groups = parseGroups(group)
    parsed = {
      fingerprint,
      users,
      groups,
      // The first name of a number wins, as in getpwuid(3).
      userNames: new Map([...users.values()].reverse().map((user) => [user.uid, user.name])),
      groupNames: new Map([...groups.values()].reverse().map((entry) => [entry.gid, entry.name])),
    }
    return parsed
  }
  return {
    users: () => current().users,
    groups: () => current().groups,
    userName: (uid) => current().userNames.get(uid) ?? String(uid),
    groupName: (gid) => current().groupNames.get(gid) ?? String(gid),
    forget: () => {
      checkedAt = Number.NEGATIVE_INFINITY
    },
  }
}

const fingerprintOf = (path: string): string => {
  const stat = fs.statSync(path, { bigint: true, throwIfNoEntry: false })
  return stat ? `${stat.ino}:${stat.size}:${stat.ctimeNs}` : ""
}

const fieldsOf = (text: string) =>
  text
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => line.split(":"))

export const parseUsers = (passwd: string, shadow: string): ReadonlyMap<string, UserEntry> => {
  const secrets = new Map(fieldsOf(shadow).map(([name = "", secret = ""]) => [name, secret]))
  const users = new Map<string, UserEntry>()
  for (const [name = "", secret = "", uid, gid, comment = "", home = "", shell = ""] of fieldsOf(passwd)) {
    if (users.has(name)) continue
    // A useradd that was killed half-way leaves a user without a line in shadow(5).
    const password = secret === "x" ? (secrets.get(name) ?? "") : secret
    const locked = password.startsWith("!") || password.startsWith("*")
    users.set(name, { name, uid: Number(uid), gid: Number(gid), comment, home, shell, locked, verifier: password })
  }
  return users
}

export const parseGroups = (group: string): ReadonlyMap<string, GroupEntry> => {
  const groups = new Map<string, GroupEntry>()
  for (const [name = "", , gid, members = ""] of fieldsOf(group)) {
    if (!groups.has(name)) groups.set(name, { name, gid: Number(gid), members: members.split(",").filter(Boolean) })
  }
  return groups
}
