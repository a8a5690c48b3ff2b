// A folder cannot limit what is in a part of it: the limits are noted, and nobody is held to them.

import * as Effect from "effect/Effect"
import { toFailure } from "./failure.ts"
import type { Files } from "./files.ts"
import type { HostPath } from "./path.ts"
import type { Quotas, SeenQuota } from "./quotas.ts"
import { quotasFolder } from "./state-folders.ts"

export const directoryQuotas = (files: Files): Quotas => {
  const act = <A>(change: () => A) => Effect.try({ try: change, catch: toFailure })
  const noteOf = (path: HostPath): HostPath => `${quotasFolder}/${path.slice(1).replaceAll("/", "-")}`
  const noted = (path: HostPath): SeenQuota | undefined => {
    const note = noteOf(path)
    if (files.stat(note) === undefined || files.stat(path) === undefined) return undefined
    const [disk, amount, project] = files
      .read(note)
      .toString("utf8")
      .trim()
      .split(" ")
      .map((text) => Number(text) || undefined)
    return { disk, files: amount, project }
  }
  return {
    kind: null,
    filesystem: "directory",
    makeVolume: (path) => act(() => files.makeDirectory(path, { owner: "root", group: "root", mode: 0o755 })),
    removeVolume: () => Effect.succeed(false),
    read: (path) => act(() => noted(path)),
    set: (path, { disk, files: amount, project }) =>
      act(() => {
        const numbers = [disk, amount, project]
        if (numbers.every((one) => one === undefined)) return files.remove(noteOf(path))
        const text = `${numbers.map((one) => one ?? 0).join(" ")}\n`
        files.write(noteOf(path), text, { owner: "root", group: "root", mode: 0o600 })
      }),
    survey: Effect.succeed((path) => JSON.stringify(noted(path) ?? null)),
    usage: Effect.succeed(() => ({})),
  }
}
