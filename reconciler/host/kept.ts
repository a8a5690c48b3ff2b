// What somebody had edited is kept before it is healed, so that an hour of work at 3 a.m. is not lost to a sweep.

import { createHash } from "node:crypto"
import type * as Effect from "effect/Effect"
import type { HostKey, ResourceFailure } from "../contract/resource.ts"
import type { Files } from "./files.ts"
import { attempt, type Host } from "./host.ts"
import type { HostPath } from "./path.ts"
import { keptFolder } from "./state-folders.ts"

/** Gives the path of the copy. The same content of the same key is kept once; `when` is ISO 8601. */
export const keepText = (files: Files, key: HostKey, content: string, when: string): HostPath => {
  const id = digest(`${key}\n${content}`)
  const known = files.list(keptFolder).find((name) => name.endsWith(`-${id}`))
  if (known !== undefined) return `${keptFolder}/${known}` as const
  const path: HostPath = `${keptFolder}/${when.replaceAll(":", "-")}-${id}`
  files.write(path, content, { owner: "root", group: "root", mode: 0o600 })
  return path
}

export const keepCopy = (key: HostKey, content: string, when: string): Effect.Effect<HostPath, ResourceFailure, Host> =>
  attempt(({ files }) => keepText(files, key, content, when))

/** Moves away what stands where something of another type belongs. */
export const setAside = (files: Files, path: HostPath, when: string): void =>
  files.rename(path, `${keptFolder}/${when.replaceAll(":", "-")}-${digest(path)}`)

const digest = (text: string) => createHash("sha256").update(text).digest("hex").slice(0, 16)
