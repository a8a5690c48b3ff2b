// The two trees of the validated set. `live` is what nginx runs, `next` what is tested; a member that is the same in both is
// one inode with two names, so that equality costs one lstat and taking live is one rename.

import type * as Effect from "effect/Effect"
import type { ResourceFailure } from "../contract/resource.ts"
import type { Files } from "../host/files.ts"
import { attempt, type Host } from "../host/host.ts"
import { liveTree, nextTree, type StagedContent } from "../host/nginx.ts"
import type { HostPath } from "../host/path.ts"
import { memberAttributes } from "../resources/nginx-member.ts"

const folders = ["", "/php", "/sites"] as const

export const liveMember = (member: string): HostPath => `${liveTree}/${member}`
export const nextMember = (member: string): HostPath => `${nextTree}/${member}`

export const makeTrees = (files: Files): void => {
  const attributes = { owner: "root", group: "root", mode: 0o755 }
  for (const path of ["/etc/plumbline", "/etc/plumbline/nginx"] as const) files.makeDirectory(path, attributes)
  for (const tree of [liveTree, nextTree]) {
    for (const folder of folders) files.makeDirectory(`${tree}${folder}`, attributes)
  }
}

/** Writes a member into `next`, or takes it out of there. */
export const putNext = (files: Files, member: string, content: StagedContent): void =>
  content === undefined ? files.remove(nextMember(member)) : files.write(nextMember(member), content, memberAttributes)

/** Gives `next` the live version again. */
export const restoreNext = (files: Files, member: string): void =>
  files.stat(liveMember(member)) === undefined
    ? files.remove(nextMember(member))
    : files.hardLink(liveMember(member), nextMember(member))

export const takeLive = (files: Files, member: string, removed: boolean): void =>
  removed ? files.remove(liveMember(member)) : files.hardLink(nextMember(member), liveMember(member))

/** Makes `next` a copy of `live`: what an interrupted round or a stranger left in it goes. Writes nothing when it is one. */
export const syncNext: Effect.Effect<void, ResourceFailure, Host> = attempt(({ files }) => {
  if (files.stat(liveTree) === undefined) return
  makeTrees(files)
  for (const folder of folders) {
    const live: HostPath = `${liveTree}${folder}`
    const next: HostPath = `${nextTree}${folder}`
    files.cleanTemporary(live)
    files.cleanTemporary(next)
    const names = files.list(live).filter((name) => name.endsWith(".conf"))
    const wanted = new Set(names)
    for (const name of names) {
      if (files.stat(`${live}/${name}`)?.type === "file") files.hardLink(`${live}/${name}`, `${next}/${name}`)
    }
    for (const name of files.list(next)) {
      if (!wanted.has(name) && files.stat(`${next}/${name}`)?.type !== "directory") files.remove(`${next}/${name}`)
    }
  }
})
