// A few lines of ours in a file that is somebody else's, between two marks. The rest of the file is theirs and stays byte for
// byte; where the lines stand in it is ours to say, because in the files that this is for (PAM's, PostgreSQL's) the order is the
// meaning.
//
// The one thing to know before changing it: a file may have several blocks of several records, each by a name of its own
// (PATH#NAME). Those that stand at the top do so in the order of their names, and the one without a name behind them.

import * as Effect from "effect/Effect"
import * as Semaphore from "effect/Semaphore"
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

/** A block in the file of this path, which must be there; or `PATH#NAME`, one of several. */
export const block = (path: `/${string}`, spec: BlockSpec, where: Place): Resource<BlockSpec> =>
  place("block", path, spec, where)

export const blockKey = (path: string): HostKey => `block:${path}`

export interface SeenBlock {
  readonly content: string
  /** Whether it stands once, and where it should. */
  readonly inPlace: boolean
}

interface Block {
  readonly path: HostPath
  readonly name: string | undefined
  readonly begin: string
  readonly end: string
}

const blockOf = (id: string): Block => {
  const [path = "", name] = id.split("#")
  const called = name === undefined ? "" : ` ${name}`
  return {
    path: hostPath(path),
    name,
    begin: `# BEGIN Plumbline${called}: lines of its own; the rest of the file is not touched.\n`,
    end: `# END Plumbline${called}\n`,
  }
}

/** Several records may have blocks in one file. */
const turn = Semaphore.makeUnsafe(1)

const limit = 1 << 20

export const blockType: ResourceType<BlockSpec, SeenBlock> = {
  kind: "block",
  owns: (id) => [blockKey(id)],
  observe: (id, spec) =>
    attempt(({ files }) => {
      const ours = blockOf(id)
      const text = read(files, ours.path)
      const at = text?.indexOf(ours.begin) ?? -1
      if (text === undefined || at < 0) return undefined
      const content = text.slice(at + ours.begin.length).split(ours.end)[0] ?? ""
      return { content, inPlace: text === withBlock(ours, without(ours, text), { ...spec, content }) }
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
    edit(id, (ours, text) =>
      text === undefined
        ? Effect.fail(noFile(ours.path))
        : replace(ours.path, text, withBlock(ours, without(ours, text), spec)),
    ),
  remove: (id, removal) =>
    Effect.as(
      edit(id, (ours, text) =>
        text !== undefined && goes(removal) ? replace(ours.path, text, without(ours, text)) : Effect.void,
      ),
      [],
    ),
  watch: (id) => [blockOf(id).path],
  keep: ({ content }) => content,
}

/** Between what is read and what is written nobody else has a turn. */
const edit = (
  id: string,
  change: (ours: Block, text: string | undefined) => Effect.Effect<void, ResourceFailure, Host>,
) =>
  Effect.suspend(() => {
    const ours = blockOf(id)
    return turn.withPermits(1)(
      Effect.flatMap(
        attempt(({ files }) => read(files, ours.path)),
        (text) => change(ours, text),
      ),
    )
  })

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
const without = ({ begin, end }: Block, text: string): string => {
  let rest = text
  for (let at = rest.indexOf(begin); at >= 0; at = rest.indexOf(begin)) {
    const inside = rest.slice(at + begin.length)
    const to = inside.indexOf(end)
    const next = inside.indexOf("# BEGIN Plumbline")
    const isWhole = to >= 0 && !(next >= 0 && next < to)
    rest = rest.slice(0, at) + (isWhole ? inside.slice(to + end.length) : inside.replace(/^(?:(?!# ).*plumb.*\n)+/, ""))
  }
  return rest.replaceAll(end, "")
}

/** Where the blocks that stand at the top before ours end. */
const behindOthers = (text: string, name: string | undefined): number => {
  let at = 0
  for (;;) {
    const found = /^# BEGIN Plumbline(?: (\S+))?: .*\n/.exec(text.slice(at))
    if (found === null || found[1] === undefined || (name !== undefined && found[1] > name)) return at
    const { end } = blockOf(`/#${found[1]}`)
    const to = text.indexOf(end, at)
    if (to < 0) return at
    at = to + end.length
  }
}

const withBlock = ({ begin, end, name }: Block, text: string, { before, content }: BlockSpec): string => {
  if (before === undefined) {
    const at = behindOthers(text, name)
    return `${text.slice(0, at)}${begin}${content}${end}${text.slice(at)}`
  }
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
