// Who owns a file, by name. On a live host that is the inode's business. On a directory host nobody may chown, so the wanted
// owner is kept in a journal beside the tree (as fakeroot does) and answers for files that belong to whoever runs the agent;
// what somebody else put there shows as theirs.

import * as fs from "node:fs"
import { ResourceFailure } from "../contract/resource.ts"
import type { AccountsFile } from "./accounts-file.ts"
import { sideEffect } from "./side-effect.ts"

export interface Owners {
  /** The uid that must own every folder which is written in. */
  readonly trusted: number
  readonly of: (path: string, stat: { readonly uid: number; readonly gid: number }) => { owner: string; group: string }
  /** `real` names the inode by descriptor. */
  readonly give: (path: string, real: string, owner: string, group: string) => void
  readonly moved: (from: string, to: string) => void
  readonly gone: (path: string) => void
}

const idOf = (accounts: AccountsFile, owner: string, group: string) => {
  // root is root, also before there is a passwd to say so.
  const uid = owner === "root" ? 0 : accounts.users().get(owner)?.uid
  if (uid === undefined) throw unknown("user", owner)
  const gid = group === "root" ? 0 : accounts.groups().get(group)?.gid
  if (gid === undefined) throw unknown("group", group)
  return { uid, gid }
}

const unknown = (kind: "user" | "group", name: string) =>
  new ResourceFailure({
    reason: "UnknownOwner",
    message: `there is no ${kind} ${JSON.stringify(name)} on this host`,
    mend: `Wait for the record that makes ${kind} ${name}, or create it.`,
    verdict: { kind: "wait", key: `${kind}:${name}` },
  })

export const liveOwners = (accounts: AccountsFile): Owners => ({
  trusted: 0,
  of: (_, stat) => ({ owner: accounts.userName(stat.uid), group: accounts.groupName(stat.gid) }),
  give: (_, real, owner, group) => {
    const { uid, gid } = idOf(accounts, owner, group)
    sideEffect(`chown ${owner}:${group}`, () => fs.chownSync(real, uid, gid))
  },
  moved: () => undefined,
  gone: () => undefined,
})

interface Owned {
  readonly owner: string
  readonly group: string
}

/** `journal` is a file of lines, each a JSON array: [path, owner, group], or [path] for one that is root's again. */
export const journaledOwners = (accounts: AccountsFile, journal: string): Owners => {
  const owned = read(journal)
  compact(journal, owned)
  const fd = fs.openSync(journal, "a", 0o600)
  const uid = process.geteuid?.() ?? 0
  const gid = process.getegid?.() ?? 0

  const set = (path: string, next: Owned) => {
    const now = owned.get(path) ?? rootOwned
    if (now.owner === next.owner && now.group === next.group) return
    sideEffect(`note owner of ${path}`, () => fs.writeSync(fd, line(path, next)))
    if (next.owner === "root" && next.group === "root") owned.delete(path)
    else owned.set(path, next)
  }
  return {
    trusted: uid,
    of: (path, stat) => {
      const known = owned.get(path) ?? rootOwned
      return {
        owner: stat.uid === uid ? known.owner : accounts.userName(stat.uid),
        group: stat.gid === gid ? known.group : accounts.groupName(stat.gid),
      }
    },
    give: (path, real, owner, group) => {
      idOf(accounts, owner, group)
      const stat = fs.statSync(real)
      if (stat.uid !== uid || stat.gid !== gid) sideEffect(`chown ${path}`, () => fs.chownSync(real, uid, gid))
      set(path, { owner, group })
    },
    moved: (from, to) => {
      for (const [path, known] of [...owned]) {
        if (path !== from && !path.startsWith(`${from}/`)) continue
        set(to + path.slice(from.length), known)
        set(path, rootOwned)
      }
    },
    gone: (path) => {
      if (owned.has(path)) set(path, rootOwned)
    },
  }
}

const rootOwned: Owned = { owner: "root", group: "root" }

const line = (path: string, { owner, group }: Owned): string =>
  `${JSON.stringify(owner === "root" && group === "root" ? [path] : [path, owner, group])}\n`

/** The last word on each path, without the history; nothing is written when that is all there is. */
const compact = (journal: string, owned: ReadonlyMap<string, Owned>): void => {
  const lines = [...owned].map(([path, known]) => line(path, known)).join("")
  if (fs.existsSync(journal) && fs.readFileSync(journal, "utf8") === lines) return
  fs.writeFileSync(`${journal}.new`, lines, { mode: 0o600 })
  fs.renameSync(`${journal}.new`, journal)
}

const read = (journal: string): Map<string, Owned> => {
  const owned = new Map<string, Owned>()
  if (!fs.existsSync(journal)) return owned
  for (const text of fs.readFileSync(journal, "utf8").split("\n")) {
    const entry = parse(text)
    if (!entry) continue
    const [path, owner, group] = entry
    if (owner === undefined || group === undefined) owned.delete(path)
    else owned.set(path, { owner, group })
  }
  return owned
}

/** A line that a crash cut short is no line. */
const parse = (text: string): readonly [string, string | undefined, string | undefined] | undefined => {
  try {
    const value: unknown = JSON.parse(text)
    if (!Array.isArray(value) || !value.every((part) => typeof part === "string") || value[0] === undefined)
      return undefined
    return [value[0], value[1], value[2]]
  } catch {
    return undefined
  }
}
