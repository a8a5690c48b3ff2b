// The two trees of the validated set. `live` is what nginx runs, `next` what is tested; a member that is the same in both is
// one inode with two names, so that equality costs one lstat and taking live is one rename.
//
// The one thing to know before changing it: between two rounds `next` is a copy of `live`. What is otherwise is a stranger's,
// or was left by an agent that was killed, and must never be what a test passes or fails by.

import type * as Effect from "effect/Effect"
import type { ResourceFailure } from "../contract/resource.ts"
import type { Files } from "../host/files.ts"
import { attempt, type Host } from "../host/host.ts"
import { keepText, setAside } from "../host/kept.ts"
import { liveTree, type Nginx, nextTree, type StagedContent } from "../host/nginx.ts"
import type { HostPath } from "../host/path.ts"
import { isTemporary } from "../host/temporary.ts"

const folders = ["", "php/", "sites/"] as const

/** root's, and readable: text in it came from a record, and no secret is in it. */
export const memberAttributes = { owner: "root", group: "root", mode: 0o644 }

export const liveMember = (member: string): HostPath => `${liveTree}/${member}`
export const nextMember = (member: string): HostPath => `${nextTree}/${member}`

/** Writes a member into `next`, or takes it out of there. */
export const putNext = (files: Files, member: string, content: StagedContent, now: string): void => {
  if (files.stat(nextMember(member))?.type === "directory") putAside(files, nextMember(member), now)
  if (content === undefined) files.remove(nextMember(member))
  else files.write(nextMember(member), content, memberAttributes)
}

/** Gives `next` the live version again. */
export const restoreNext = (files: Files, member: string): void =>
  files.stat(liveMember(member))?.type === "file"
    ? files.hardLink(liveMember(member), nextMember(member))
    : files.remove(nextMember(member))

export const takeLive = (files: Files, member: string, removed: boolean, now: string): void => {
  if (files.stat(liveMember(member))?.type === "directory") putAside(files, liveMember(member), now)
  if (removed) files.remove(liveMember(member))
  else files.hardLink(nextMember(member), liveMember(member))
}

/** Gives `next` the live member, whatever somebody made of it there. */
export const linkNext = (files: Files, member: string, now: string): void => {
  if (files.stat(nextMember(member))?.type === "directory") putAside(files, nextMember(member), now)
  files.hardLink(liveMember(member), nextMember(member))
}

/** What is in `next`, and neither live nor anybody's. */
export const strangers = (files: Files, { wanted }: Pick<Nginx, "wanted">): ReadonlyArray<string> =>
  folders.flatMap((folder) => {
    if (files.stat(folderOf(nextTree, folder))?.type !== "directory") return []
    const known = new Set(membersIn(files, folder))
    return files
      .list(folderOf(nextTree, folder))
      .filter((name) => !isTemporary(name) && !isOwnFolder(folder, name))
      .map((name) => `${folder}${name}`)
      .filter((member) => !known.has(member) && !wanted.has(member))
  })

/** Takes away what is none of ours, and keeps its text: at most a mebibyte of it. */
export const putAside = (files: Files, path: HostPath, now: string): void => {
  const type = files.stat(path)?.type
  if (type === "directory") {
    if (!files.removeDirectory(path)) setAside(files, path, now)
    return
  }
  if (type === "file") keepText(files, `path:${path}`, files.read(path, 1 << 20).toString("utf8"), now)
  files.remove(path)
}

/** Makes `next` a copy of `live` but for some, and gives the members that were not: somebody's doing, so it is kept. */
export const mendNext = (files: Files, except: ReadonlySet<string>, now: string): ReadonlyArray<string> =>
  copyLive(files, (path) => putAside(files, path, now), except)

/** Makes `next` a copy of `live`: what an interrupted round left in it goes. Writes nothing when it is one. */
export const syncNext: Effect.Effect<void, ResourceFailure, Host> = attempt(({ files }) => {
  if (files.stat(liveTree) !== undefined) {
    copyLive(files, (path) => files.stat(path)?.type === "directory" || files.remove(path))
  }
})

const copyLive = (
  files: Files,
  putAway: (path: HostPath) => void,
  except: ReadonlySet<string> = new Set(),
): ReadonlyArray<string> => {
  const mended: Array<string> = []
  for (const folder of folders) {
    // A folder that is gone is its owner's to bring back, as drift; until then its members fail by themselves.
    if ([liveTree, nextTree].some((tree) => files.stat(folderOf(tree, folder))?.type !== "directory")) continue
    for (const tree of [liveTree, nextTree]) files.cleanTemporary(folderOf(tree, folder))
    const members = membersIn(files, folder)
    for (const member of members) {
      if (except.has(member)) continue
      const [live, next] = [liveMember(member), nextMember(member)]
      if (files.fingerprint(live) === files.fingerprint(next) || files.stat(live)?.type !== "file") continue
      mended.push(member)
      if (files.stat(next) !== undefined) putAway(next)
      files.hardLink(live, next)
    }
    const wanted = new Set(members)
    for (const name of files.list(folderOf(nextTree, folder))) {
      const member = `${folder}${name}`
      if (wanted.has(member) || except.has(member) || isOwnFolder(folder, name)) continue
      mended.push(member)
      putAway(nextMember(member))
    }
  }
  return mended
}

const membersIn = (files: Files, folder: (typeof folders)[number]): ReadonlyArray<string> =>
  files
    .list(folderOf(liveTree, folder))
    .filter((name) => name.endsWith(".conf") && !isTemporary(name))
    .map((name) => `${folder}${name}`)

const folderOf = (tree: HostPath, folder: string): HostPath => (folder === "" ? tree : `${tree}/${folder.slice(0, -1)}`)

const isOwnFolder = (folder: string, name: string): boolean => folder === "" && (name === "php" || name === "sites")
