// One restore: looked up by the policy, fetched as the account into folders beside what is there, compared with the list of the
// backup, and only then in its place, all at once.
//
// The one thing to know before changing it: root decides where something goes by folders that only root can write. What is below
// the first folder of the tenant's own is the tenant's business, done with the tenant's rights.

import * as fs from "node:fs"
import { pipeline } from "node:stream/promises"
import * as Schema from "effect/Schema"
import type { BackupJob, RestoreJob } from "../resources/backup-place.ts"
import { type Swap, withDatabases } from "./databases.ts"
import { type Listing, listingOf } from "./listing.ts"
import { previewOf } from "./preview.ts"
import { listSnapshot, type Repository, type SnapshotItem } from "./repository.ts"
import { measured, type Restic } from "./restic.ts"
import { dumpFile, type Manifest } from "./snapshots.ts"
import { Refused, type Run } from "./spool.ts"
import { carryOut, makeScratch, readKept, type Step } from "./swap.ts"
import { asTenant } from "./tenant.ts"

/** A folder that the tenant can write, in one that only root can. */
export interface Root {
  /** From the home on. */
  readonly path: string
  readonly uid: number
  readonly gid: number
  readonly mode: number
}

/** Every first folder of the tenant's own. Root's folders alone are entered. */
export const rootsOf = (home: string, without: ReadonlyArray<string>): ReadonlyArray<Root> => {
  const roots: Array<Root> = []
  const visit = (path: string): void => {
    for (const name of fs.readdirSync(path === "" ? home : `${home}/${path}`).toSorted()) {
      const below = path === "" ? name : `${path}/${name}`
      const stat = fs.lstatSync(`${home}/${below}`, { throwIfNoEntry: false })
      if (stat?.isDirectory() !== true || without.includes(`${home}/${below}`)) continue
      if (stat.uid === 0 && (stat.mode & 0o022) === 0) visit(below)
      else if (stat.uid !== 0) roots.push({ path: below, uid: stat.uid, gid: stat.gid, mode: stat.mode & 0o7777 })
    }
  }
  visit("")
  return roots
}

/** One thing that is fetched, from the home on. */
export interface Target {
  readonly path: string
  readonly root: Root
  readonly item: SnapshotItem
}

const isBelow = (path: string, folder: string): boolean => path.startsWith(`${folder}/`)

/** What of a snapshot goes where; what has no place any more. Pure. */
export const targetsOf = (
  what: RestoreJob["what"],
  items: ReadonlyArray<SnapshotItem>,
  roots: ReadonlyArray<Root>,
): { readonly targets: ReadonlyArray<Target>; readonly placeless: ReadonlyArray<string> } => {
  if (typeof what === "object" && "database" in what) return { targets: [], placeless: [] }
  const byPath = new Map(items.map((item) => [item.path, item]))
  const wanted = typeof what === "object" ? what.path : ""
  const inside = roots.find((root) => isBelow(wanted, root.path))
  if (inside !== undefined) {
    const item = byPath.get(wanted)
    return { targets: item === undefined ? [] : [{ path: wanted, root: inside, item }], placeless: [] }
  }
  const meant = (path: string) => wanted === "" || path === wanted || isBelow(path, wanted)
  const targets = roots.flatMap((root) => {
    const item = byPath.get(root.path)
    return item === undefined || !meant(root.path) ? [] : [{ path: root.path, root, item }]
  })
  // The uppermost of what no root has, and that is no way to one.
  const homeless = items.filter(
    ({ path }) =>
      meant(path) && !roots.some((root) => path === root.path || isBelow(path, root.path) || isBelow(root.path, path)),
  )
  const paths = new Set(homeless.map(({ path }) => path))
  const placeless = [...paths].filter((path) => !paths.has(path.slice(0, path.lastIndexOf("/"))))
  return { targets, placeless }
}

const expected = (items: ReadonlyArray<SnapshotItem>, folder: string): Listing =>
  listingOf(
    items.flatMap((item) =>
      isBelow(item.path, folder) ? [{ ...item, path: item.path.slice(folder.length + 1) }] : [],
    ),
  )

const Unpacked = Schema.fromJsonString(
  Schema.Struct({ count: Schema.Number, bytes: Schema.Number, sha256: Schema.String }),
)

export interface Fetching {
  readonly job: BackupJob
  readonly restic: Restic
  readonly manifest: Manifest
  readonly items: ReadonlyArray<SnapshotItem>
}

/** Writes it as the account, and compares what is there then with the backup's list. */
export const fetchTarget = async ({ items, job, manifest, restic }: Fetching, item: SnapshotItem, into: string) => {
  const from = item.path === "" ? job.home : `${job.home}/${item.path}`
  if (item.type === "symlink") throw new Refused(`${item.path} is a link: restore the folder that it is in.`)
  const folder = item.type === "directory"
  let said = ""
  const measure = measured()
  await restic.run(["dump", "--no-lock", ...(folder ? ["--archive=tar"] : []), manifest.files.snapshot, from], {
    output: async (stdout) => {
      const args = folder ? ["unpack", into, from] : ["write", into, item.mode.toString(8), String(item.gid)]
      said = await asTenant(job, args, (stdin) => pipeline(stdout, measure.through, stdin))
    },
  })
  if (!folder) {
    if (measure.result().bytes !== item.size) throw new Refused(`${item.path} is not as long as in the backup.`)
    return { count: 1, bytes: item.size, sha256: "" }
  }
  const want = item.path === "" ? listingOf(items) : expected(items, item.path)
  const { bytes, count, sha256 } = Schema.decodeUnknownSync(Unpacked)(said)
  if (sha256 !== want.sha256)
    throw new Refused(
      `${item.path} came with ${count} files of ${bytes} bytes; the backup has ${want.count} of ${want.bytes}.`,
    )
  return { count, bytes, sha256 }
}

/** Made by root where only root can, then given to the account; its group goes on to what is made in it. */
export const makeFolder = (path: string, { gid, uid }: Root, mode: number): void => {
  fs.mkdirSync(path, { mode: 0o700 })
  fs.chownSync(path, uid, gid)
  fs.chmodSync(path, mode)
}

export const findBackup = async (repository: Repository, wanted: string) => {
  const told = await repository.told()
  const found = wanted === "latest" ? told[0] : told.find(({ id, snapshot }) => snapshot === wanted || id === wanted)
  if (found === undefined)
    throw new Refused(
      wanted === "latest" ? "There is no backup yet." : `There is no backup ${wanted}.`,
      "See `plumb backups` for those that there are.",
    )
  const manifest = await repository.manifest(found.snapshot)
  const snapshot = (await repository.snapshots()).find(({ id }) => id === manifest.files.snapshot)
  if (snapshot?.tree !== manifest.files.tree)
    throw new Refused(`The files of the backup ${found.id} are not those that its manifest names.`)
  return { found, manifest }
}

/** The databases that are wanted. Pure. */
export const membersOf = (what: RestoreJob["what"], { databases }: Pick<Manifest, "databases">) => {
  if (typeof what !== "object") return what === "everything" ? databases : []
  if (!("database" in what)) return []
  const members = databases.filter(
    ({ engine, name }) => name === what.database && (what.engine === undefined || what.engine === engine),
  )
  if (members.length > 1)
    throw new Refused(
      `There are databases ${what.database} of ${members.map(({ engine }) => engine).join(" and ")}.`,
      "Say which in what: { database: NAME, engine: ENGINE }.",
    )
  return members
}

export const restore = async (
  job: BackupJob,
  wish: RestoreJob,
  restic: Restic,
  repository: Repository,
  run: Run,
  record: string,
) => {
  const { found, manifest } = await findBackup(repository, wish.snapshot)
  const items = await listSnapshot(restic, manifest.files.snapshot, job.home)
  if (listingOf(items).sha256 !== manifest.files.listing)
    throw new Refused(`The list of the backup ${found.id} is not the one in its manifest.`)
  const roots = rootsOf(job.home, job.excludes)
  const { placeless, targets } = targetsOf(wish.what, items, roots)
  for (const path of placeless.slice(0, 20)) run.say(`${path} has no place here any more: restore it beside.`)
  const members = membersOf(wish.what, manifest)
  if (targets.length === 0 && members.length === 0 && (wish.beside === null || placeless.length === 0))
    throw new Refused(`The backup ${found.id} has nothing of what is wanted.`)
  if (wish.preview)
    return {
      ...(await previewOf(job, items, targets, run)),
      backup: found.id,
      placeless,
      databases: members.map(({ name }) => wish.into ?? name),
    }
  const fetching: Fetching = { job, restic, manifest, items }
  const folder = makeScratch(job, run.id)
  let [files, bytes] = [0, 0]
  const count = (got: { readonly count: number; readonly bytes: number }) => {
    files += got.count
    bytes += got.bytes
  }

  if (wish.beside !== null) {
    const [first] = roots
    if (first === undefined) throw new Refused(`${job.account} has no folder of its own.`)
    const place = `${job.home}/private/restored/${wish.beside}`
    makeFolder(`${folder}/0`, { ...first, gid: first.uid }, 0o700)
    const missing = placeless.flatMap((path) => items.find((item) => item.path === path) ?? [])
    for (const item of [...targets.map((target) => target.item), ...missing])
      if (item.type !== "symlink") count(await fetchTarget(fetching, item, `${folder}/0/new/${item.path}`))
    for (const member of members) {
      const measure = measured()
      await restic.run(["dump", "--no-lock", member.snapshot, `/${dumpFile(member)}`], {
        output: async (stdout) => {
          const into = `${folder}/0/new/${dumpFile(member)}`
          await asTenant(job, ["write", into, "600"], (stdin) => pipeline(stdout, measure.through, stdin))
        },
      })
      if (measure.result().sha256 !== member.sha256)
        throw new Refused(`The dump of ${member.name} is not the one that was made.`)
      bytes += member.bytes
    }
    await asTenant(job, ["place", `${folder}/0/new`, place])
    return { backup: found.id, files, bytes, databases: members.map(({ name }) => name), kept: false, placeless, place }
  }

  const steps: Array<Step> = []
  for (const [index, { item, path, root }] of targets.entries()) {
    const live = `${job.home}/${path}`
    const whole = path === root.path
    const own = `${folder}/${index}`
    makeFolder(own, root, whole ? root.mode : 0o700 | (root.mode & 0o2000))
    const fresh = whole ? own : `${own}/new`
    count(await fetchTarget(fetching, item, fresh))
    steps.push({ live, fresh, by: whole ? "root" : "tenant", inode: fs.lstatSync(fresh).ino })
  }
  const swaps: Array<Swap> = []
  await withDatabases(job, async (databases) => {
    for (const member of members) {
      const swap = await databases.load(restic, member, wish.into ?? member.name, run.id)
      run.say(`Database ${swap.database}: ${swap.tables} tables.`)
      swaps.push(swap)
      bytes += member.bytes
    }
  })
  await carryOut(job, { run: run.id, record, at: Date.now(), folder, steps, databases: swaps })
  return {
    backup: found.id,
    files,
    bytes,
    databases: swaps.map(({ database }) => database),
    kept: true,
    placeless,
    place: null,
  }
}

/** What was there before a restore comes back, and what that restore had brought is kept in its place. */
export const undo = async (job: BackupJob, restored: string, run: Run, record: string) => {
  const kept = readKept(job).find((one) => one.record === `Restore/${restored}`)
  if (kept === undefined)
    throw new Refused(
      `Nothing is kept of the state before the restore ${restored}.`,
      "It is kept for seven days, and once: what was undone is undone by undoing that.",
    )
  const steps = kept.steps.map((step) => ({
    ...step,
    inode: fs.lstatSync(step.fresh, { throwIfNoEntry: false })?.ino ?? null,
  }))
  const swaps: Array<Swap> = []
  await withDatabases(job, async (databases) => {
    for (const each of kept.databases) swaps.push(await databases.back(each, run.id))
  })
  await carryOut(job, { ...kept, run: run.id, record, at: Date.now(), steps, databases: swaps })
  return { undone: restored, folders: steps.length, databases: swaps.map(({ database }) => database) }
}
