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
import { attempt, Host } from "../host/host.ts"
import { type HostPath, hostPath, parentOf } from "../host/path.ts"
import { changed, missing } from "./differences.ts"
import { type Place, place } from "./place.ts"
import { goes } from "./removal.ts"

export interface BlockSpec {
  /** Whole lines. */
  readonly content: string
  /** The line before which the block stands, at its first occurrence; at the end where there is none. Left out: at the top. */
  readonly before?: string
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
      ...changed("place", placeOf(spec), seen.inPlace ? placeOf(spec) : "elsewhere, or twice"),
    ]
  },
  apply: (id, spec) =>
    Effect.flatMap(
      attempt(({ files }) => read(files, hostPath(id))),
      (text) =>
        text === undefined ? Effect.fail(noFile(id)) : replace(hostPath(id), text, withBlock(without(text), spec)),
    ),
  remove: (id, removal) =>
    Effect.gen(function* () {
      const text = yield* attempt(({ files }) => read(files, hostPath(id)))
      if (text !== undefined && goes(removal)) yield* replace(hostPath(id), text, without(text))
      return []
    }),
  watch: (id) => [id],
  keep: ({ content }) => content,
}

const placeOf = ({ before }: BlockSpec): string => (before === undefined ? "at the top" : `before ${before}`)

const read = (files: Files, path: HostPath): string | undefined =>
  files.stat(path)?.type === "file" ? files.read(path, limit).toString("utf8") : undefined

/** With the owner and mode that it has. In a folder of a server's own (PostgreSQL's), as that server's user. */
const replace = Effect.fnUntraced(function* (path: HostPath, from: string, to: string) {
  const { files, tenant } = yield* Host
  const { folder, stat } = yield* attempt(() => ({ folder: files.stat(parentOf(path).parent), stat: files.stat(path) }))
  if (from === to || stat === undefined || folder === undefined) return
  if (folder.owner !== "root") return yield* tenant.replaceFile(folder.owner, path, to, stat.mode)
  yield* attempt(() => files.write(path, to, { owner: stat.owner, group: stat.group, mode: stat.mode }))
})

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
  const at = before === undefined ? 0 : lines.findIndex((line) => line.trimEnd() === before)
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
