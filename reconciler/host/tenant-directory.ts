// On a directory host the tenant is whoever runs the agent, so the work is done plainly; links are followed as theirs would.

import * as fs from "node:fs"
import * as Effect from "effect/Effect"
import { diskFailure } from "./disk-failure.ts"
import { toFailure } from "./failure.ts"
import type { Files } from "./files.ts"
import { sideEffect } from "./side-effect.ts"
import type { Tenant } from "./tenant.ts"

export const directoryTenant = (files: Files): Tenant => ({
  isDirectory: (_, path) =>
    Effect.sync(() => fs.statSync(files.real(path), { throwIfNoEntry: false })?.isDirectory() ?? false),
  makeDirectory: (_, path, mode) =>
    Effect.try({
      try: () => void sideEffect(`mkdir ${path}`, () => fs.mkdirSync(files.real(path), { recursive: true, mode })),
      catch: (cause) => toFailure(diskFailure(cause, path)),
    }),
  replaceFile: (_, path, content, mode) =>
    Effect.try({
      try: () => sideEffect(`write ${path}`, () => fs.writeFileSync(files.real(path), content, { mode })),
      catch: (cause) => toFailure(diskFailure(cause, path)),
    }),
})
