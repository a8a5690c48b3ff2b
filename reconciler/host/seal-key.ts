// The key that secrets are sealed for: made on the host, once, and never anywhere else.
//
// The one thing to know before changing it: a file that cannot be read is left as it is. Another key in its place would make
// every secret unreadable for good; without a key they wait.

import * as Effect from "effect/Effect"
import { type KeyPair, makeKeyPair, parseKeyFile, printKeyFile } from "../../spec/sealing.ts"
import type { ResourceFailure } from "../contract/resource.ts"
import { attempt, type Host } from "./host.ts"
import type { HostPath } from "./path.ts"
import { keysFolder } from "./state-folders.ts"

const path: HostPath = `${keysFolder}/seal.key`

/** Undefined where the file is there and holds no key. */
export const sealKey: Effect.Effect<KeyPair | undefined, ResourceFailure, Host> = Effect.gen(function* () {
  const text = yield* attempt(({ files }) =>
    files.stat(path) === undefined ? undefined : files.read(path, 4096).toString("utf8"),
  )
  if (text === undefined) {
    const made = makeKeyPair()
    yield* attempt(({ files }) => files.write(path, printKeyFile(made), { owner: "root", group: "root", mode: 0o600 }))
    return made
  }
  const known = parseKeyFile(text)
  if (known === undefined)
    yield* Effect.logError(
      `${path} holds no key. Put the right one back, or remove the file and start the agent again.`,
    )
  return known
})
