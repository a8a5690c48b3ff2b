// The files behind `-f`: one file, a folder with everything below it, or stdin. Reads; what is in them is `spec/`'s business.

import { readdirSync, readFileSync, realpathSync, statSync } from "node:fs"
import { join, relative, resolve } from "node:path"
import * as Effect from "effect/Effect"
import { CommandFailure, wordsOf } from "./failure.ts"

export interface SourceFile {
  /** As a person would name it from where they stand. */
  readonly file: string
  readonly text: string
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
      const stat = statSync(path, { throwIfNoEntry: false })
      return stat?.isDirectory() === true
        ? filesBelow(path, seen)
        : stat?.isFile() === true && isSpec(name)
          ? [path]
          : []
    })
}

const read = (path: string): string => {
  const { size } = statSync(path)
  if (size > maxFile) throw new Error(`it has ${Math.round(size / 1024 / 1024)} MB, and a spec file has at most 16`)
  return decode(readFileSync(path))
}

const decode = (bytes: Uint8Array): string => new TextDecoder("utf-8", { fatal: true }).decode(bytes)

const readStdin = Effect.tryPromise({
  try: async () => {
    const parts: Array<Uint8Array> = []
    let size = 0
    for await (const part of process.stdin) {
      size += part.length
      if (size > maxFile) throw new Error("it has more than 16 MB")
      parts.push(part)
    }
    return decode(Buffer.concat(parts))
  },
  catch: (cause) => new CommandFailure({ message: `stdin cannot be read: ${wordsOf(cause)}` }),
})

const nearName = (path: string): string => {
  const near = relative(process.cwd(), path)
  return near !== "" && !near.startsWith("..") ? near : path
}

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true

/** The texts of all that `-f` names; the same file named twice is read once. */
export const readSources = (names: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<SourceFile>, CommandFailure> =>
  Effect.gen(function* () {
    const found = new Map<string, SourceFile>()
    for (const name of names) {
      if (name === "-") {
        found.set("-", { file: "<stdin>", text: yield* readStdin })
        continue
      }
      if (statSync(name, { throwIfNoEntry: false }) === undefined) {
        return yield* new CommandFailure({ message: `there is no file or folder ${name}` })
      }
      yield* Effect.try({
        try: () => {
          for (const path of isFolder(name) ? filesBelow(name) : [name]) {
            try {
              found.set(realpathSync(path), { file: nearName(path), text: read(path) })
            } catch (cause) {
              throw new Error(`${nearName(path)} cannot be read: ${wordsOf(cause)}`)
            }
          }
        },
        catch: (cause) => new CommandFailure({ message: wordsOf(cause) }),
      })
    }
    return [...found.values()]
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
