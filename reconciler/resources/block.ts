// A few lines of ours in a file that is somebody else's, between two marks. The rest of the file is theirs and stays byte for
// byte; where the lines stand in it is ours to say, because in the files that this is for (PAM's) the order is the meaning.

import * as Effect from "effect/Effect"
import {
  type FieldDiff,
  type HostKey,
  type Resource,
  ResourceFailure,
  type ResourceType,
} from "../contract/resource.ts"
import type { Files } from "../host/files.ts"
import { attempt } from "../host/host.ts"
import { type HostPath, hostPath } from "../host/path.ts"
import { changed, missing } from "./differences.ts"
import { type Place, place } from "./place.ts"
import { goes } from "./removal.ts"

export interface BlockSpec {
  /** Whole lines. */
  readonly content: string
  /** The line before which the block stands, at its first occurrence; at the end where there is none. */
  readonly before: string
}

/** A block in the file of this path, which must be there. One block of ours a file. */
export const block = (path: `/${string}`, spec: BlockSpec, where: Place): Resource<BlockSpec> =>
  place("block", path, spec, where)

export const blockKey = (path: string): HostKey => `block:${path}`

export interface SeenBlock {
  readonly content: string
  /** Whether it stands once, and where it should. */
  readonly inPlace: boolean
}

const begin = "# BEGIN Plumbline: lines of its own; the rest of the file is not touched.\n"
const end = "# END Plumbline\n"
const limit = 1 << 20

export const blockType: ResourceType<BlockSpec, SeenBlock> = {
  kind: "block",
  owns: (id) => [blockKey(id)],
  observe: (id, spec) =>
    attempt(({ files }) => {
      const text = read(files, hostPath(id))
      const at = text?.indexOf(begin) ?? -1
      if (text === undefined || at < 0) return undefined
      const content = text.slice(at + begin.length).split(end)[0] ?? ""
      return { content, inPlace: text === withBlock(without(text), { ...spec, content }) }
    }),
  diff: (spec, seen): ReadonlyArray<FieldDiff> => {
    if (seen === undefined) {
      return [missing("block"), { field: "content", want: spec.content, have: null, kind: "missing" }]
    }
    return [
      ...changed("content", spec.content, seen.content),
      ...changed("place", `before ${spec.before}`, seen.inPlace ? `before ${spec.before}` : "elsewhere, or twice"),
    ]
  },
  apply: (id, spec) =>
    Effect.flatMap(
      attempt(({ files }) => {
        const path = hostPath(id)
        const text = read(files, path)
        if (text === undefined) return false
        replace(files, path, text, withBlock(without(text), spec))
        return true
      }),
      (done) => (done ? Effect.void : Effect.fail(noFile(id))),
    ),
  remove: (id, removal) =>
    attempt(({ files }): [] => {
      const path = hostPath(id)
      const text = read(files, path)
      if (text !== undefined && goes(removal)) replace(files, path, text, without(text))
      return []
    }),
  watch: (id) => [id],
  keep: ({ content }) => content,
}

const read = (files: Files, path: HostPath): string | undefined =>
  files.stat(path)?.type === "file" ? files.read(path, limit).toString("utf8") : undefined

/** With the owner and mode that it has. */
const replace = (files: Files, path: HostPath, from: string, to: string): void => {
  const stat = files.stat(path)
  if (from !== to && stat !== undefined)
    files.write(path, to, { owner: stat.owner, group: stat.group, mode: stat.mode })
}

/** The others' text. Where somebody took away the end's mark, a block goes as far as its lines name us. */
const without = (text: string): string => {
  let rest = text
  for (let at = rest.indexOf(begin); at >= 0; at = rest.indexOf(begin)) {
    const inside = rest.slice(at + begin.length)
    const to = inside.indexOf(end)
    rest = rest.slice(0, at) + (to < 0 ? inside.replace(/^(?:.*plumb.*\n)+/, "") : inside.slice(to + end.length))
  }
  return rest.replaceAll(end, "")
}

const withBlock = (text: string, { before, content }: BlockSpec): string => {
  const lines = text.split(/(?<=\n)/)
  const at = lines.findIndex((line) => line.trimEnd() === before)
  const where = at < 0 ? lines.length : at
  const head = lines.slice(0, where).join("")
  const separator = head === "" || head.endsWith("\n") ? "" : "\n"
  return `${head}${separator}${begin}${content}${end}${lines.slice(where).join("")}`
}

const noFile = (path: string) =>
  new ResourceFailure({
    reason: "FileMissing",
    message: `${path} is not there, or is no plain file.`,
    mend: "Put the file of the distribution's package back.",
    verdict: { kind: "retry" },
  })
