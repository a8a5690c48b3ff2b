// One backup: the home, every database as it streams by, the manifest, and then what the policy does not keep is forgotten.
//
// The one thing to know before changing it: until the manifest is there, nothing has happened that anybody sees. Killed at any
// instruction, the next run forgets what this one has left.

import { spawn } from "node:child_process"
import { pipeline } from "node:stream/promises"
import * as Schema from "effect/Schema"
import type { BackupJob } from "../resources/backup-place.ts"
import { type AccountDatabase, databasesOf } from "./account-databases.ts"
import { type Dump, withDatabases } from "./databases.ts"
import { listingOf } from "./listing.ts"
import { commit, listSnapshot, type Repository, thinOut } from "./repository.ts"
import { measured, type Restic } from "./restic.ts"
import { dumpFile, type Manifest, runTag, type Told } from "./snapshots.ts"
import { Refused, type Run } from "./spool.ts"
import { environment, inUnit } from "./unit.ts"

const Summary = Schema.Struct({
  message_type: Schema.Literal("summary"),
  total_files_processed: Schema.Number,
  total_bytes_processed: Schema.Number,
  data_added: Schema.Number,
  snapshot_id: Schema.String,
})
const isSummary = Schema.is(Summary)

const summaryOf = (lines: ReadonlyArray<unknown>) => {
  const summary = lines.find(isSummary)
  if (summary === undefined) throw new Refused("restic did not say what it has done.")
  return summary
}

/** A problem with single files: one that went while it was read, say. The rest is there. */
const someUnread = 3

export const makeBackup = async (
  job: BackupJob,
  restic: Restic,
  repository: Repository,
  run: Run,
  why: Told["why"],
) => {
  const began = Date.now()
  const left = await repository.forgetOrphans()
  if (left > 0) run.say(`${left} snapshots of a run that was cut short were forgotten.`)

  const tags = [`--host=${job.account}`, `--tag=${runTag(run.id)}`]
  const files = await restic.run(
    [
      "backup",
      "--json",
      ...tags,
      "--tag=files",
      "--one-file-system",
      ...job.excludes.map((one) => `--exclude=${one}`),
      job.home,
    ],
    { home: true, codes: [0, someUnread] },
  )
  const summary = summaryOf(files.out.split("\n").flatMap((line) => (line.startsWith("{") ? [JSON.parse(line)] : [])))
  for (const line of files.err
    .split("\n")
    .filter((text) => text !== "")
    .slice(0, 20))
    run.say(wordsOf(line))
  run.say(`${summary.total_files_processed} files, ${summary.total_bytes_processed} bytes.`)

  let added = summary.data_added
  const databases: Array<Manifest["databases"][number]> = []
  for (const { engine, name } of databasesOf(job.account)) {
    const dump = await withDatabases(job, (servers) =>
      dumpInto(job, restic, { engine, name }, servers.dump(engine, name), [...tags, `--tag=database`]),
    )
    databases.push({ name, engine, ...dump.member })
    added += dump.added
    run.say(`Database ${name}, ${dump.member.bytes} bytes.`)
  }

  const before = await repository.snapshots()
  const idOf = (short: string) => {
    const found = before.find(({ id }) => id.startsWith(short))
    if (found === undefined) throw new Refused(`The repository does not have the snapshot ${short} that was just made.`)
    return found
  }
  const { id, tree } = idOf(summary.snapshot_id)
  const listed = listingOf(await listSnapshot(restic, id, job.home))
  const manifest: Manifest = {
    version: 1,
    run: run.id,
    account: job.account,
    at: new Date(began).toISOString(),
    files: { snapshot: id, tree, count: listed.count, bytes: listed.bytes, listing: listed.sha256 },
    databases: databases.map((one) => ({ ...one, snapshot: idOf(one.snapshot).id })),
  }
  await commit(job, restic, manifest, why)
  await thinOut(job, restic)
  await repository.forgetOrphans()
  return { run: run.id, added, seconds: (Date.now() - began) / 1000 }
}

/** restic's complaint, without what it is wrapped in. */
const wordsOf = (line: string): string => {
  const found = /"message":"([^"]*)"/.exec(line)?.[1]
  return found ?? line.slice(0, 500)
}

/** A dump that breaks off ends restic before it can take what came for the whole. */
const dumpInto = async (
  job: BackupJob,
  restic: Restic,
  database: AccountDatabase,
  { argv, properties }: Dump,
  tags: ReadonlyArray<string>,
) => {
  const [program = "", ...args] = inUnit(job, "dump", properties, argv)
  const child = spawn(program, args, { env: environment, stdio: ["ignore", "pipe", "pipe"] })
  const ended = new Promise<number>((resolve, reject) => {
    child.once("error", reject)
    child.once("exit", (code) => resolve(code ?? 128))
  })
  let words = ""
  child.stderr.on("data", (part) => {
    words = `${words}${part}`.slice(-2000)
  })
  const measure = measured()
  const whole = async function* (source: AsyncIterable<Buffer>) {
    yield* measure.through(source)
    if ((await ended) !== 0) throw new Refused(`The database ${database.name} cannot be kept: ${words.trim()}`)
  }
  const lines = await restic.lines(["backup", ...tags, "--stdin", `--stdin-filename=${dumpFile(database)}`], {
    input: (stdin) => pipeline(child.stdout, whole, stdin),
  })
  const summary = summaryOf(lines)
  return { member: { snapshot: summary.snapshot_id, ...measure.result() }, added: summary.data_added }
}
