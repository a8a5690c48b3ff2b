// Users and groups of a directory host: the lines that useradd and groupadd would leave in etc/passwd, etc/group and
// etc/shadow below the root, each file replaced as a whole.

import * as Effect from "effect/Effect"
import { ResourceFailure } from "../contract/resource.ts"
import type { Accounts, GroupEntry, UserEntry } from "./accounts.ts"
import type { AccountsFile } from "./accounts-file.ts"
import { toFailure } from "./failure.ts"
import type { Files } from "./files.ts"
import type { HostPath } from "./path.ts"

export const directoryAccounts = (files: Files, file: AccountsFile): Accounts => {
  const edit = (path: HostPath, mode: number, change: (lines: ReadonlyArray<string>) => ReadonlyArray<string>) => {
    const lines = files.stat(path) ? files.read(path).toString("utf8").split("\n").filter(Boolean) : []
    const next = change(lines)
    if (next.join("\n") !== lines.join("\n")) {
      files.write(path, next.map((line) => `${line}\n`).join(""), { owner: "root", group: "root", mode })
    }
    file.forget()
  }
  const act = (change: () => void) => Effect.try({ try: change, catch: toFailure })
  const put = (name: string, line: string | undefined) => (lines: ReadonlyArray<string>) => {
    const at = lines.findIndex((text) => text.startsWith(`${name}:`))
    const rest = lines.filter((_, index) => index !== at)
    return line === undefined ? rest : at < 0 ? [...lines, line] : lines.with(at, line)
  }
  const putUser = (user: Omit<UserEntry, "locked" | "verifier">) =>
    edit("/etc/passwd", 0o644, put(user.name, passwdLine(user)))
  const putGroup = (group: GroupEntry) => edit("/etc/group", 0o644, put(group.name, groupLine(group)))
  // The two middle fields are dates, and a render has no clock: left empty, as shadow(5) allows.
  const setPassword = (name: string, verifier: string) =>
    edit("/etc/shadow", 0o640, put(name, `${field(name)}:${field(verifier)}:::::::`))

  return {
    users: file.users,
    groups: file.groups,
    addGroup: (name, gid) =>
      act(() => {
        const taken = [...file.groups().values()].find((group) => group.gid === gid && group.name !== name)
        if (taken) throw conflict(`gid ${gid} is group ${taken.name}'s`)
        putGroup({ name, gid, members: [] })
      }),
    removeGroup: (name) => act(() => edit("/etc/group", 0o644, put(name, undefined))),
    addUser: (user) =>
      act(() => {
        const taken = [...file.users().values()].find((other) => other.uid === user.uid && other.name !== user.name)
        if (taken) throw conflict(`uid ${user.uid} is user ${taken.name}'s`)
        setPassword(user.name, "!")
        putUser(user)
      }),
    changeUser: (name, { groups, verifier, ...change }) =>
      act(() => {
        const user = file.users().get(name)
        if (!user) throw conflict(`there is no user ${name}`)
        putUser({ ...user, ...change })
        if (verifier !== undefined) setPassword(name, verifier ?? "!")
        if (groups === undefined) return
        for (const group of file.groups().values()) {
          const others = group.members.filter((member) => member !== name)
          putGroup({ ...group, members: groups.includes(group.name) ? [...others, name] : others })
        }
      }),
    removeUser: (name) =>
      act(() => {
        for (const group of file.groups().values()) {
          putGroup({ ...group, members: group.members.filter((member) => member !== name) })
        }
        edit("/etc/passwd", 0o644, put(name, undefined))
        edit("/etc/shadow", 0o640, put(name, undefined))
      }),
  }
}

/** What any Debian has and controllers may name. */
export const seedAccounts = (files: Files): void => {
  const root = { owner: "root", group: "root" }
  const nologin = "/usr/sbin/nologin"
  const users: ReadonlyArray<readonly [string, number, string, string]> = [
    ["root", 0, "/root", "/bin/bash"],
    ["www-data", 33, "/var/www", nologin],
    ["nobody", 65534, "/nonexistent", nologin],
  ]
  const groups: ReadonlyArray<readonly [string, number]> = [
    ["root", 0],
    ["adm", 4],
    ["www-data", 33],
    ["nogroup", 65534],
  ]
  const lines = (entries: ReadonlyArray<string>) => entries.map((line) => `${line}\n`).join("")
  if (!files.stat("/etc/group")) {
    files.write("/etc/group", lines(groups.map(([name, gid]) => groupLine({ name, gid, members: [] }))), {
      ...root,
      mode: 0o644,
    })
  }
  if (!files.stat("/etc/shadow")) {
    files.write("/etc/shadow", lines(users.map(([name]) => `${name}:*:::::::`)), { ...root, mode: 0o640 })
  }
  if (!files.stat("/etc/passwd")) {
    const entries = users.map(([name, uid, home, shell]) =>
      passwdLine({ name, uid, gid: uid, comment: name, home, shell }),
    )
    files.write("/etc/passwd", lines(entries), { ...root, mode: 0o644 })
  }
}

const passwdLine = (user: Omit<UserEntry, "locked" | "verifier">): string =>
  [field(user.name), "x", user.uid, user.gid, field(user.comment), field(user.home), field(user.shell)].join(":")

const groupLine = (group: GroupEntry): string =>
  [field(group.name), "x", group.gid, group.members.map(field).join(",")].join(":")

/** A value that stays within its field: passwd(5) knows no quoting. */
const field = (text: string): string => {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what must not get in
  if (!/[:\x00-\x1f\x7f]/.test(text)) return text
  throw new ResourceFailure({
    reason: "InvalidValue",
    message: `${JSON.stringify(text)} cannot stand in passwd(5)`,
    mend: "Leave out colons and control characters.",
    verdict: { kind: "stall" },
  })
}

const conflict = (message: string) =>
  new ResourceFailure({
    reason: "Conflict",
    message,
    mend: "The name or number belongs to somebody else on this host: give the record another one.",
    verdict: { kind: "stall" },
  })
