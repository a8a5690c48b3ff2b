// What was fetched and found whole takes the place of what is there. Each folder changes places in one moment; all of them
// together are written down first, so that whoever comes after a crash goes on until the last one is done.
//
// The one thing to know before changing it: what has changed places is told by inodes. A step that is done is not done again,
// which would take it back.

import * as fs from "node:fs"
import { dirname } from "node:path"
import * as Schema from "effect/Schema"
import { hostPath } from "../host/path.ts"
import { withFolder } from "../host/safe-path.ts"
import { type BackupJob, stateFolderOf } from "../resources/backup-place.ts"
import { Swap, withDatabases } from "./databases.ts"
import { exchange } from "./exchange.ts"
import { execute } from "./restic.ts"
import { asTenant } from "./tenant.ts"

const Step = Schema.Struct({
  live: Schema.String,
  /** Where what is wanted is, and what was there will be. */
  fresh: Schema.String,
  /** Who may write to both folders: root, or the account. */
  by: Schema.Literals(["root", "tenant"]),
  /** Of what is wanted; null where nothing is to be there. */
  inode: Schema.NullOr(Schema.Number),
})
export type Step = typeof Step.Type

const Exchange = Schema.Struct({
  run: Schema.String,
  /** "Restore/shop-back" */
  record: Schema.String,
  /** In milliseconds since 1970. */
  at: Schema.Number,
  /** Holds what is fetched, then what was there. */
  folder: Schema.String,
  steps: Schema.Array(Step),
  databases: Schema.Array(Swap),
})
export type Exchange = typeof Exchange.Type

const one = Schema.fromJsonString(Exchange)
const many = Schema.fromJsonString(Schema.Array(Exchange))

const journalFile = (job: BackupJob): string => `${stateFolderOf(job.policy)}/exchange.json`
const keptFile = (job: BackupJob): string => `${stateFolderOf(job.policy)}/kept.json`

const write = (file: string, text: string): void => {
  fs.writeFileSync(`${file}.new`, text, { mode: 0o600, flush: true })
  fs.renameSync(`${file}.new`, file)
}

export const readKept = (job: BackupJob): ReadonlyArray<Exchange> =>
  fs.existsSync(keptFile(job)) ? Schema.decodeUnknownSync(many)(fs.readFileSync(keptFile(job), "utf8")) : []

const inodeOf = (path: string): number | null => fs.lstatSync(path, { throwIfNoEntry: false })?.ino ?? null

/** Everything changes places, and is kept. */
export const carryOut = async (job: BackupJob, what: Exchange): Promise<void> => {
  write(journalFile(job), Schema.encodeSync(one)(what))
  await finish(job)
}

/** What was begun is done to its end. Gives the run that had begun it. */
export const finish = async (job: BackupJob): Promise<string | undefined> => {
  if (!fs.existsSync(journalFile(job))) return undefined
  const what = Schema.decodeUnknownSync(one)(fs.readFileSync(journalFile(job), "utf8"))
  await withDatabases(job, async (databases) => {
    // First: of a table that somebody holds, nothing has happened yet.
    for (const [index, each] of what.databases.entries()) {
      await databases.swap(each).catch((cause) => {
        if (index === 0) fs.rmSync(journalFile(job))
        throw cause
      })
    }
  })
  for (const step of what.steps) {
    if (inodeOf(step.live) === step.inode) continue
    if (step.by === "tenant") await asTenant(job, ["exchange", step.fresh, step.live])
    else {
      // Both are folders of root's, up to the top.
      for (const path of [step.fresh, step.live]) withFolder("", hostPath(dirname(path)), 0, () => undefined)
      await exchange(step.fresh, step.live)
    }
  }
  if (fs.existsSync(what.folder)) fs.chmodSync(what.folder, 0o700)
  write(keptFile(job), Schema.encodeSync(many)([what, ...readKept(job).filter(({ folder }) => folder !== what.folder)]))
  fs.rmSync(journalFile(job))
  return what.run
}

const week = 7 * 24 * 60 * 60 * 1000

/** A folder that only root can enter: rm walks by descriptor and follows no link. */
const removeFolder = async (folder: string): Promise<void> => {
  if (!fs.existsSync(folder)) return
  fs.chmodSync(folder, 0o700)
  await execute(["rm", "--recursive", "--force", "--one-file-system", "--", folder])
}

/** What nobody can want any more: of runs that were cut short, and what was kept for its time. */
export const tidyUp = async (job: BackupJob, now: number): Promise<void> => {
  // What is to change places is still needed.
  if (fs.existsSync(journalFile(job))) return
  const kept = readKept(job)
  const stays = kept.filter(({ at }) => at + week > now)
  const scratch = scratchOf(job)
  for (const name of fs.existsSync(scratch) ? fs.readdirSync(scratch) : [])
    if (!stays.some(({ folder }) => folder === `${scratch}/${name}`)) await removeFolder(`${scratch}/${name}`)
  const former = new Set(stays.flatMap(({ databases }) => databases.map((each) => each.former)))
  await withDatabases(job, (databases) => databases.dropOthers(former))
  if (stays.length === kept.length) return
  write(keptFile(job), Schema.encodeSync(many)(stays))
}

/** On the file system of the home, and within its quota. Root's: a tenant passes through it to its own folder, and sees no other. */
export const scratchOf = (job: BackupJob): string => `${job.home}/.plumbline`

export const makeScratch = (job: BackupJob, run: string): string => {
  withFolder("", hostPath(job.home), 0, () => undefined)
  const scratch = scratchOf(job)
  if (!fs.existsSync(scratch)) fs.mkdirSync(scratch, { mode: 0o711 })
  fs.chmodSync(scratch, 0o711)
  const folder = `${scratch}/${run}`
  fs.mkdirSync(folder, { mode: 0o711 })
  fs.chmodSync(folder, 0o711)
  return folder
}
