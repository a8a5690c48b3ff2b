// The repository of one account: made once, never made anew where it is gone; unlocked of what we ourselves have left; listed
// by its manifests.

import * as fs from "node:fs"
import { createInterface } from "node:readline"
import * as Schema from "effect/Schema"
import { type BackupJob, sftpAlias, stateFolderOf } from "../resources/backup-place.ts"
import type { Item } from "./listing.ts"
import { feed, type Restic } from "./restic.ts"
import {
  decodeSnapshots,
  isManifest,
  type Manifest,
  manifestFile,
  manifestText,
  orphansOf,
  runTag,
  type Snapshot,
  Told,
  toldOf,
} from "./snapshots.ts"
import { Refused } from "./spool.ts"

const Known = Schema.fromJsonString(
  Schema.Struct({
    location: Schema.String,
    told: Schema.Array(Schema.Struct({ snapshot: Schema.String, told: Told })),
  }),
)
type Known = typeof Known.Type

export interface Repository {
  readonly snapshots: () => Promise<ReadonlyArray<Snapshot>>
  /** Every complete backup, the newest first. */
  readonly told: () => Promise<ReadonlyArray<Told & { readonly snapshot: string }>>
  readonly manifest: (snapshot: string) => Promise<Manifest>
  readonly forgetOrphans: () => Promise<number>
}

const knownFile = (job: BackupJob): string => `${stateFolderOf(job.policy)}/repository.json`

const readKnown = (job: BackupJob): Known | undefined => {
  const file = knownFile(job)
  if (!fs.existsSync(file)) return undefined
  const read = Schema.decodeUnknownOption(Known)(fs.readFileSync(file, "utf8"))
  return read._tag === "Some" ? read.value : undefined
}

const writeKnown = (job: BackupJob, known: Known): void => {
  fs.writeFileSync(`${knownFile(job)}.new`, Schema.encodeSync(Known)(known), { mode: 0o600, flush: true })
  fs.renameSync(`${knownFile(job)}.new`, knownFile(job))
}

/** As it is told to people, and told apart from another one. */
const locationOf = ({ folder, repository, sftp }: BackupJob): string =>
  sftp === undefined
    ? (folder ?? repository)
    : `${sftp.user}@${sftp.host}:${sftp.port}:${repository.slice(`sftp:${sftpAlias}:`.length)}`

/** restic's words for a place at which there is no repository; it asks whether there is one also when nobody answered. Pure. */
export const isAbsent = (words: string): boolean =>
  /unable to open config file: .*(?:no such file or directory|file does not exist|specified (?:key|bucket) does not exist|404 Not Found)/i.test(
    words,
  )

/** What restic says, without its question and what follows that. Pure. */
export const reasonIn = (words: string): string =>
  words
    .replace(/\nIs there a repository at the following location\?[\s\S]*/, "")
    .trim()
    .slice(-1000)

const mendAt = ({ repository, sftp }: BackupJob): string => {
  if (sftp !== undefined) return "Look whether the folder above is there, and whether its user may write to it."
  return repository.startsWith("s3:")
    ? "Look at the policy's endpoint, bucket, keys and ca, and whether this host reaches that server."
    : "Look whether the folder above is there, and whether it may be written to."
}

export const openRepository = async (
  job: BackupJob,
  restic: Restic,
  /** Whether one is made where there is none. */
  make: boolean,
): Promise<Repository> => {
  const location = locationOf(job)
  const known = readKnown(job)
  const { code, err } = await restic.run(["cat", "config", "--no-lock"], { codes: [0, 1] })
  if (code !== 0) {
    if (/wrong password|no key found/i.test(err))
      throw new Refused(
        `The repository at ${location} does not open with the policy's password.`,
        "Give the password that it was made with, or another place.",
      )
    if (!isAbsent(err))
      throw new Refused(`The repository at ${location} cannot be reached: ${reasonIn(err)}`, mendAt(job))
    if (known?.location === location)
      throw new Refused(
        `There was a repository at ${location}, and it is gone.`,
        "Bring it back (is the disk mounted?), or give the policy another place for a new one.",
      )
    if (!make) throw new Refused(`There is no repository at ${location} yet.`, "Make a backup first.")
    const made = await restic.run(["init"], { codes: [0, 1] })
    if (made.code !== 0)
      throw new Refused(`No repository can be made at ${location}: ${reasonIn(made.err)}`, mendAt(job))
  }
  let told = known?.location === location ? known.told : []
  writeKnown(job, { location, told })
  // Only locks of processes that are gone, or that nobody has renewed for half an hour. Of this policy nothing else runs.
  await restic.run(["unlock"])

  const snapshots = async () =>
    decodeSnapshots((await restic.run(["snapshots", "--json", "--no-lock", `--host=${job.account}`])).out) ?? []
  const manifest = async (snapshot: string) => {
    const { out } = await restic.run(["dump", "--no-lock", snapshot, `/${manifestFile}`])
    const read = Schema.decodeUnknownOption(manifestText)(out)
    if (read._tag === "None") throw new Refused(`The manifest of the backup ${snapshot} cannot be understood.`)
    return read.value
  }
  return {
    snapshots,
    manifest,
    told: async () => {
      const manifests = (await snapshots()).filter(isManifest)
      const next = []
      for (const one of manifests) {
        const before = told.find(({ snapshot }) => snapshot === one.id)
        next.push(before ?? { snapshot: one.id, told: toldOf(one, await manifest(one.id)) })
      }
      told = next.toSorted((a, b) => (a.told.at < b.told.at ? 1 : -1))
      writeKnown(job, { location, told })
      return told.map((one) => ({ ...one.told, snapshot: one.snapshot }))
    },
    forgetOrphans: async () => {
      const orphans = orphansOf(await snapshots())
      if (orphans.length > 0) await restic.run(["forget", ...orphans])
      return orphans.length
    },
  }
}

const Node = Schema.Struct({
  struct_type: Schema.Literal("node"),
  path: Schema.String,
  type: Schema.String,
  size: Schema.optionalKey(Schema.Number),
  mode: Schema.optionalKey(Schema.Number),
  gid: Schema.optionalKey(Schema.Number),
  mtime: Schema.String,
})
const isNode = Schema.is(Node)

const types: { readonly [type: string]: Item["type"] } = { file: "file", dir: "directory", symlink: "symlink" }

export interface SnapshotItem extends Item {
  readonly mode: number
  readonly gid: number
}

/** What is in a snapshot below a folder of the host, line by line: a home may hold millions of files. */
export const listSnapshot = async (
  restic: Restic,
  snapshot: string,
  folder: string,
): Promise<ReadonlyArray<SnapshotItem>> => {
  const items: Array<SnapshotItem> = []
  await restic.run(["ls", "--json", "--no-lock", snapshot], {
    output: async (stdout) => {
      for await (const line of createInterface({ input: stdout })) {
        const node: unknown = JSON.parse(line)
        if (!isNode(node) || !node.path.startsWith(`${folder}/`)) continue
        const type = types[node.type]
        if (type === undefined) continue
        const path = node.path.slice(folder.length + 1)
        // Go's bits for types are above the permissions.
        const mode = (node.mode ?? 0) & 0o777
        items.push({ path, type, size: node.size ?? 0, modified: Date.parse(node.mtime), mode, gid: node.gid ?? 0 })
      }
    },
  })
  return items
}

/** Makes the run's snapshots a backup. */
export const commit = async (job: BackupJob, restic: Restic, manifest: Manifest, why: Told["why"]): Promise<void> => {
  await restic.run(
    [
      ...["backup", "--json", "--stdin", `--stdin-filename=${manifestFile}`, `--host=${job.account}`],
      ...[runTag(manifest.run), "manifest", why].map((tag) => `--tag=${tag}`),
    ],
    { input: feed(Schema.encodeSync(manifestText)(manifest)) },
  )
}

/** What the policy keeps, by restic's own rules; the rest of a backup goes with its manifest. */
export const thinOut = async (job: BackupJob, restic: Restic): Promise<void> => {
  const { daily, manual, monthly, weekly } = job.retention
  const forget = ["forget", "--quiet", `--host=${job.account}`, "--group-by="]
  await restic.run([
    ...forget,
    ...["--tag=manifest,scheduled", `--keep-daily=${daily}`],
    ...(weekly === 0 ? [] : [`--keep-weekly=${weekly}`]),
    ...(monthly === 0 ? [] : [`--keep-monthly=${monthly}`]),
  ])
  await restic.run([...forget, "--tag=manifest,manual", `--keep-last=${manual}`])
}
