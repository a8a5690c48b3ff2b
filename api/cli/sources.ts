// The files behind `-f`: one file, a folder with everything below it, or stdin. Reads; what is in them is `spec/`'s business.
// A file that cannot be read is a mistake like those inside of files, and never passed over: a folder without it may be
// pruned.

import { isUtf8 } from "node:buffer"
import { existsSync, lstatSync, readdirSync, readFileSync, realpathSync, statSync } from "node:fs"
import { join, relative, resolve } from "node:path"
import * as Effect from "effect/Effect"
import type { Problem } from "../../spec/problem.ts"
import { CommandFailure, wordsOf } from "./failure.ts"

export interface SourceFile {
  /** As a person would name it from where they stand. */
  readonly file: string
  readonly text: string
}

export interface Sources {
  readonly files: ReadonlyArray<SourceFile>
  readonly problems: ReadonlyArray<Problem>
}

const maxFile = 16 * 1024 * 1024
const isSpec = (name: string) => /\.(ya?ml|json)$/i.test(name)

/** Every spec file below a folder, in an order that is the same everywhere. Hidden ones and node_modules are left out. */
const filesBelow = (folder: string, seen = new Set<string>()): ReadonlyArray<string> => {
  const real = realpathSync(folder)
  if (seen.has(real)) return []
  seen.add(real)
  return readdirSync(folder)
    .filter((name) => !name.startsWith(".") && name !== "node_modules")
    .sort()
    .flatMap((name) => {
      const path = join(folder, name)
      // A link that leads nowhere may have led to a folder of specs, whatever its name.
      return isFolder(path) ? filesBelow(path, seen) : isSpec(name) || !existsSync(path) ? [path] : []
    })
}

/** The text of a file, or what keeps it from being one. */
const read = (file: string, path: string): SourceFile | Problem => {
  const stat = statSync(path, { throwIfNoEntry: false })
  if (stat === undefined)
    return unreadable(file, "This link leads to a file that is not there.", "Mend the link, or remove it.")
  if (!stat.isFile()) return unreadable(file, "This is not a file.", "Give it another name, or remove it.")
  if (stat.size > maxFile) return tooLarge(file)
  try {
    return decode(file, readFileSync(path))
  } catch (cause) {
    return unreadable(file, `The file cannot be read: ${wordsOf(cause)}.`, "See who may read it, and from where.")
  }
}

const unreadable = (file: string, message: string, mend: string, line = 1, column = 1): Problem => ({
  file,
  line,
  column,
  field: "",
  message,
  mend,
})

const tooLarge = (file: string): Problem =>
  unreadable(file, `There are more than ${maxFile / 1024 / 1024} MB.`, "Split it into several files.")

const decode = (file: string, bytes: Buffer): SourceFile | Problem => {
  if (["fffe", "feff"].includes(bytes.subarray(0, 2).toString("hex")))
    return unreadable(file, "The text is in UTF-16.", `Save it as UTF-8: iconv -f UTF-16 -t UTF-8 ${file}`)
  if (bytes.includes(0))
    return unreadable(file, "This is binary data and not YAML or JSON.", "Give it another name, or remove it.")
  const text = bytes.toString("utf8")
  if (isUtf8(bytes)) return { file, text: text.replace(/^\uFEFF/, "") }
  const before = text.slice(0, text.indexOf("\uFFFD")).split("\n")
  return unreadable(
    file,
    "Here stands something that is not UTF-8.",
    `Save the file as UTF-8; if it is in Latin-1: iconv -f LATIN1 -t UTF-8 ${file}`,
    before.length,
    (before.at(-1)?.length ?? 0) + 1,
  )
}

const readStdin = Effect.tryPromise({
  try: async () => {
    const parts: Array<Uint8Array> = []
    let size = 0
    for await (const part of process.stdin) {
      size += part.length
      if (size > maxFile) return tooLarge("<stdin>")
      parts.push(part)
    }
    return decode("<stdin>", Buffer.concat(parts))
  },
  catch: (cause) => new CommandFailure({ message: `stdin cannot be read: ${wordsOf(cause)}` }),
})

const nearName = (path: string): string => {
  const near = relative(process.cwd(), path)
  return near !== "" && !near.startsWith("..") ? near : path
}

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true

/** The texts of all that `-f` names, and what cannot be read; the same file named twice is read once. */
export const readSources = (names: ReadonlyArray<string>): Effect.Effect<Sources, CommandFailure> =>
  Effect.gen(function* () {
    const found = new Map<string, SourceFile | Problem>()
    for (const name of names) {
      if (name === "-") {
        found.set("-", yield* readStdin)
        continue
      }
      if (lstatSync(name, { throwIfNoEntry: false }) === undefined) {
        return yield* new CommandFailure({ message: `there is no file or folder ${name}` })
      }
      const paths = yield* Effect.try({
        try: () => (isFolder(name) ? filesBelow(name) : [name]),
        catch: (cause) => new CommandFailure({ message: `${name} cannot be read: ${wordsOf(cause)}` }),
      })
      for (const path of paths) {
        const real = existsSync(path) ? realpathSync(path) : resolve(path)
        if (!found.has(real)) found.set(real, read(nearName(path), path))
      }
    }
    const all = [...found.values()]
    return {
      files: all.filter((one): one is SourceFile => "text" in one),
      problems: all.filter((one): one is Problem => "message" in one),
    }
  })

/**
 * The name of a set: the folder that it was read from, as the API stamps it on the records. Single files have none, so that
 * applying one file of a folder does not take its records from the folder.
 */
export const sourceOf = (names: ReadonlyArray<string>): string | undefined => {
  const [only, ...others] = names
  if (only === undefined || others.length > 0 || only === "-" || !isFolder(only)) return undefined
  const name = `folder:${encodeURI(resolve(only))}`
  return name.length <= 255 ? name : `folder:…${name.slice(-240)}`.replace("…", "...")
}
