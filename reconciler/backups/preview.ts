// What a restore would change, without fetching anything: the backup's list beside what is there, by size and time.

import { createInterface } from "node:readline"
import * as Schema from "effect/Schema"
import type { BackupJob } from "../resources/backup-place.ts"
import type { Item } from "./listing.ts"
import type { SnapshotItem } from "./repository.ts"
import type { Run } from "./spool.ts"
import { asTenant } from "./tenant.ts"

export interface Changes {
  /** Would come back. */
  readonly missing: ReadonlyArray<string>
  /** Would be as it was. */
  readonly changed: ReadonlyArray<string>
  /** Came into being since, and would be kept aside. */
  readonly newer: ReadonlyArray<string>
}

/** Times come back in whole seconds. Pure. */
export const changesOf = (backup: ReadonlyArray<Item>, live: ReadonlyArray<Item>): Changes => {
  const there = new Map(live.map((item) => [item.path, item]))
  const known = new Set(backup.map(({ path }) => path))
  const isOther = (item: Item): boolean => {
    const now = there.get(item.path)
    if (now === undefined) return false
    const isLater = item.type === "file" && Math.abs(now.modified - item.modified) > 1000
    return now.type !== item.type || now.size !== item.size || isLater
  }
  return {
    missing: backup.filter(({ path }) => !there.has(path)).map(({ path }) => path),
    changed: backup.filter(isOther).map(({ path }) => path),
    newer: live.filter(({ path }) => !known.has(path)).map(({ path }) => path),
  }
}

const LiveItem = Schema.fromJsonString(
  Schema.Struct({
    path: Schema.String,
    type: Schema.Literals(["file", "directory", "symlink"]),
    size: Schema.Number,
    modified: Schema.Number,
  }),
)
const decode = Schema.decodeUnknownSync(LiveItem)

/** How many of each are named. */
const named = 100

export const previewOf = async (
  job: BackupJob,
  items: ReadonlyArray<SnapshotItem>,
  targets: ReadonlyArray<{ readonly path: string }>,
  run: Run,
) => {
  const all = { missing: [] as Array<string>, changed: [] as Array<string>, newer: [] as Array<string> }
  for (const { path } of targets) {
    const live: Array<Item> = []
    await asTenant(job, ["list", `${job.home}/${path}`], undefined, async (stdout) => {
      for await (const line of createInterface({ input: stdout })) {
        const item = decode(line)
        live.push({ ...item, path: item.path === "" ? path : `${path}/${item.path}` })
      }
    })
    const changes = changesOf(
      items.filter((item) => item.path.startsWith(`${path}/`) || (item.path === path && item.type !== "directory")),
      live,
    )
    for (const kind of ["missing", "changed", "newer"] as const) all[kind].push(...changes[kind])
  }
  const words = {
    missing: "would come back",
    changed: "would be as it was",
    newer: "is newer, and would be kept aside",
  }
  for (const kind of ["missing", "changed", "newer"] as const)
    for (const path of all[kind].slice(0, named)) run.say(`${path} ${words[kind]}`)
  const first = (kind: keyof typeof all) => all[kind].slice(0, named)
  return {
    preview: {
      counts: { missing: all.missing.length, changed: all.changed.length, newer: all.newer.length },
      missing: first("missing"),
      changed: first("changed"),
      newer: first("newer"),
    },
  }
}
