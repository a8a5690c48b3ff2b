// A proof that the latest backup can be restored: it is, into a scratch place, and counted and hashed against its manifest; each
// dump is loaded into a database of its own. Then all of it goes again.

import type { BackupJob } from "../resources/backup-place.ts"
import { withDatabases } from "./databases.ts"
import { listSnapshot, type Repository } from "./repository.ts"
import type { Restic } from "./restic.ts"
import { fetchTarget, findBackup, makeFolder, rootsOf } from "./restore.ts"
import { Refused, type Run } from "./spool.ts"
import { makeScratch } from "./swap.ts"

export interface Proof {
  /** ISO 8601. */
  readonly at: string
  readonly backup: string
  readonly outcome: "proved" | "failed"
  readonly files: number
  readonly bytes: number
  readonly databases: number
  readonly tables: number
  readonly seconds: number
  readonly message: string
}

export const drill = async (job: BackupJob, restic: Restic, repository: Repository, run: Run): Promise<Proof> => {
  const began = Date.now()
  const { found, manifest } = await findBackup(repository, "latest")
  const proof = { at: new Date(began).toISOString(), backup: found.id, files: 0, bytes: 0, databases: 0, tables: 0 }
  const ended = (outcome: Proof["outcome"], message: string): Proof => ({
    ...proof,
    outcome,
    message,
    seconds: (Date.now() - began) / 1000,
  })
  try {
    const items = await listSnapshot(restic, manifest.files.snapshot, job.home)
    const [own] = rootsOf(job.home, job.excludes)
    if (own === undefined) throw new Refused(`${job.account} has no folder of its own.`)
    const folder = `${makeScratch(job, run.id)}/0`
    makeFolder(folder, { ...own, gid: own.uid }, 0o700)
    const home = { path: "", type: "directory", size: 0, modified: 0, mode: 0o700, gid: own.uid } as const
    const got = await fetchTarget({ job, restic, manifest, items }, home, `${folder}/home`)
    if (
      got.count !== manifest.files.count ||
      got.bytes !== manifest.files.bytes ||
      got.sha256 !== manifest.files.listing
    )
      throw new Refused(
        `${got.count} files of ${got.bytes} bytes came; the manifest has ${manifest.files.count} of ${manifest.files.bytes}.`,
      )
    Object.assign(proof, { files: got.count, bytes: got.bytes })
    await withDatabases(job, async (databases) => {
      for (const member of manifest.databases) {
        const loaded = await databases.load(restic, member, null, run.id)
        proof.databases++
        proof.tables += loaded.tables
        proof.bytes += member.bytes
        await databases.drop(loaded)
      }
    })
    return ended("proved", `The backup ${found.id} comes back whole.`)
  } catch (cause) {
    return ended("failed", cause instanceof Error ? cause.message : String(cause))
  }
}
