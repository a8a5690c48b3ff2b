// What the timers of backups start, and the agent for whoever asks: does one thing for one policy, and leaves how it went in the
// agent's spool. It needs neither the agent nor the store: what it has to know is in the policy's files.
//
//   backup POLICY [RUN ASKED RECORD ID]    one backup
//   restore POLICY RUN ASKED RECORD ID     what the record wants back
//   drill POLICY                           a proof that the latest backup comes back
//   check POLICY                           gives back the room of what is forgotten, and checks the structure of the rest
//
// The one thing to know before changing it: it is root, and touches nothing that a tenant can write. Whoever starts it holds a
// lock of the policy (flock), so it is alone.

import * as fs from "node:fs"
import * as Schema from "effect/Schema"
import { ResourceFailure } from "../contract/resource.ts"
import { BackupJob, jobFileOf, RestoreJob, restoreFileOf, stateFolderOf } from "../resources/backup-place.ts"
import { makeBackup } from "./backup.ts"
import { drill } from "./drill.ts"
import { openRepository, type Repository } from "./repository.ts"
import { prepare, resticOf } from "./restic.ts"
import { restore, undo } from "./restore.ts"
import { type Asked, begin, isFirst, Refused, type Run } from "./spool.ts"
import { finish, readKept, tidyUp } from "./swap.ts"

const [verb = "", policy = "", run, asked, record, recordId] = process.argv.slice(2)

const readJob = (): BackupJob | undefined => {
  if (!/^[a-z0-9][a-z0-9-]*$/.test(policy)) throw new Error(`${JSON.stringify(policy)} is no policy`)
  // A timer that elapses while its policy goes.
  if (!fs.existsSync(jobFileOf(policy))) return undefined
  return Schema.decodeUnknownSync(Schema.fromJsonString(BackupJob))(fs.readFileSync(jobFileOf(policy), "utf8"))
}

const askedOf = (): Asked | undefined => {
  if (run === undefined || asked === undefined || record === undefined || recordId === undefined) return undefined
  return { run, askedAt: Number(asked), record, recordId }
}

const readWish = (record: string): RestoreJob => {
  const text = fs.readFileSync(restoreFileOf(record.slice(record.indexOf("/") + 1)), "utf8")
  return Schema.decodeUnknownSync(Schema.fromJsonString(RestoreJob))(text)
}

interface Ended {
  readonly message: string
  readonly details: unknown
}

const proofFile = (): string => `${stateFolderOf(policy)}/drill.json`
const lastProof = (): unknown => (fs.existsSync(proofFile()) ? JSON.parse(fs.readFileSync(proofFile(), "utf8")) : null)

/** What the policy has, for people to see. */
const reportOf = async (job: BackupJob, repository: Repository) => ({
  record: `BackupPolicy/${job.policy}`,
  recordId: job.record,
  report: { snapshots: (await repository.told()).map(({ snapshot: _, ...told }) => told), drill: lastProof() },
})

/** A drill that failed has found out something all the same. */
class Unproved extends Refused {
  readonly details: unknown
  readonly report: unknown
  constructor(message: string, details: unknown, report: unknown) {
    super(message)
    this.details = details
    this.report = report
  }
}

const wordsOf = (got: Awaited<ReturnType<typeof restore>>): string => {
  if ("preview" in got) {
    const { changed, missing, newer } = got.preview.counts
    const databases = got.databases.length === 0 ? "" : ` The tables of ${got.databases.join(", ")} would be replaced.`
    return `${missing} would come back, ${changed} would be as they were, ${newer} are newer.${databases}`
  }
  const databases = got.databases.length === 0 ? "" : ` and ${got.databases.join(", ")}`
  return `Restored ${got.files} files${databases} of the backup ${got.backup}${got.place === null ? "" : ` to ${got.place}`}.`
}

const act = async (
  job: BackupJob,
  log: Run,
  wish: Asked | undefined,
): Promise<Ended & { readonly report: unknown }> => {
  await prepare(job)
  // Whatever a killed process had begun: what had begun to change places does so, the rest goes.
  const finished = await finish(job)
  if (finished !== undefined) log.say(`What the run ${finished} had begun was finished.`)
  await tidyUp(job, Date.now())
  const restic = resticOf(job)
  const repository = await openRepository(job, restic, verb === "backup")
  switch (verb) {
    case "backup": {
      const made = await makeBackup(job, restic, repository, log, wish === undefined ? "scheduled" : "manual")
      const report = await reportOf(job, repository)
      const told = report.report.snapshots.find((one) => one.run === made.run)
      if (told === undefined) throw new Refused("The backup was made, and is not in the list of the repository.")
      const details = { ...told, added: made.added, seconds: made.seconds }
      return { message: `Backup ${told.id}: ${told.files} files, ${told.databases.length} databases.`, details, report }
    }
    case "restore": {
      if (wish === undefined) throw new Error("a restore is asked for")
      const wanted = readWish(wish.record)
      if (wanted.undo !== null) {
        const undone = await undo(job, wanted.undo, log, wish.record)
        return { message: `The restore ${wanted.undo} is undone.`, details: undone, report: undefined }
      }
      const got = await restore(job, wanted, restic, repository, log, wish.record)
      return { message: wordsOf(got), details: got, report: undefined }
    }
    case "drill": {
      const proof = await drill(job, restic, repository, log)
      fs.writeFileSync(`${proofFile()}.new`, JSON.stringify(proof), { mode: 0o600, flush: true })
      fs.renameSync(`${proofFile()}.new`, proofFile())
      await tidyUp(job, Date.now())
      const report = await reportOf(job, repository)
      if (proof.outcome === "failed") throw new Unproved(proof.message, proof, report)
      log.say(`${proof.files} files, ${proof.bytes} bytes, ${proof.databases} databases of ${proof.tables} tables.`)
      return { message: proof.message, details: proof, report }
    }
    case "check": {
      await repository.forgetOrphans()
      const pruned = await restic.run(["prune"])
      for (const line of pruned.out.trim().split("\n").slice(-8)) log.say(line)
      const checked = await restic.run(["check"])
      for (const line of checked.out.trim().split("\n").slice(-8)) log.say(line)
      return { message: "The repository is whole.", details: null, report: await reportOf(job, repository) }
    }
    default:
      throw new Error(`${JSON.stringify(verb)} is nothing that can be done`)
  }
}

const main = async (): Promise<void> => {
  const job = readJob()
  if (job === undefined) return
  const wish = askedOf()
  // Nothing of the account runs; and of what does not change the backups are there.
  if (wish === undefined && fs.existsSync(job.suspended)) return
  const again = wish !== undefined && !isFirst(stateFolderOf(policy), wish.run)
  const log = begin(wish ?? { record: `BackupPolicy/${policy}`, recordId: job.record }, wish)
  try {
    if (again) {
      // Never twice. What the killed process has left is no backup, and a restore whose places had begun to change is done.
      await prepare(job)
      const finished = (await finish(job)) === wish.run || readKept(job).some((one) => one.run === wish.run)
      await tidyUp(job, Date.now())
      if (finished) log.end("succeeded", "It was interrupted, and finished.")
      else log.end("interrupted", "It was interrupted, and nothing of it is left.")
      return
    }
    if (fs.existsSync(job.suspended)) throw new Refused(`The account ${job.account} is suspended.`, "Lift that first.")
    const { details, message, report } = await act(job, log, wish)
    log.end("succeeded", message, { details, report })
  } catch (cause) {
    await tidyUp(job, Date.now()).catch((failure) => log.say(`It was not tidied up: ${failure}`))
    const isKnown = cause instanceof Refused || cause instanceof ResourceFailure
    const mend = isKnown ? cause.mend : undefined
    const words = isKnown ? cause.message : `It failed: ${cause instanceof Error ? cause.stack : cause}`
    const found = cause instanceof Unproved ? { details: cause.details, report: cause.report } : {}
    log.end("failed", words, { ...found, ...(mend === undefined ? {} : { mend }) })
  }
}

await main()
