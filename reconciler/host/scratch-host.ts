// A directory host in a temporary folder, for tests: made, used and taken away with everything that runs on it.

import * as fs from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { directory } from "./directory.ts"
import type { Host } from "./host.ts"

export const scratchFolder = (): { readonly path: string } & Disposable => {
  const path = fs.mkdtempSync(join(tmpdir(), "plumb-host-"))
  return { path, [Symbol.dispose]: () => fs.rmSync(path, { recursive: true, force: true }) }
}

/** `use` is given where the host's "/" is. */
export const onScratchHost = async <A, E>(
  use: (root: string) => Effect.Effect<A, E, Host | Scope.Scope>,
): Promise<A> => {
  using folder = scratchFolder()
  return await Effect.runPromise(use(folder.path).pipe(Effect.scoped, Effect.provide(directory(folder.path))))
}
