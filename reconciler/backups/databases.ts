// Databases of a backup and out of one, on whichever server they are. What came out of a backup was written by a tenant, so
// nobody loads it who may do anything elsewhere, and it is whole in a database of its own before it changes places with the
// one that is there.

import { createHash } from "node:crypto"
import * as fs from "node:fs"
import * as Schema from "effect/Schema"
import { type BackupJob, stateFolderOf } from "../resources/backup-place.ts"
import { databasesOf } from "./account-databases.ts"
import { mariadb } from "./mariadb.ts"
import { postgresql } from "./postgresql.ts"
import { measured, type Restic } from "./restic.ts"
import { dumpFile, type Manifest } from "./snapshots.ts"
import { Refused } from "./spool.ts"

export type Member = Manifest["databases"][number]

export const Swap = Schema.Struct({
  /** Left out it is MariaDB: as it was written down before there was another. */
  engine: Schema.optionalKey(Schema.String),
  database: Schema.String,
  /** Where what is wanted is. */
  fresh: Schema.String,
  /** Where what was there goes. */
  former: Schema.String,
  /** How many tables `fresh` had. */
  tables: Schema.Int,
})
export type Swap = typeof Swap.Type

/** Names that no record may have. `into` is null where the database is only looked at. */
interface Loading {
  readonly fresh: string
  readonly former: string
  readonly into: string | null
}

export interface Dump {
  readonly argv: ReadonlyArray<string>
  /** Of the unit that it runs in. */
  readonly properties: ReadonlyArray<string>
}

/** One server of the host's, as backups need it. */
export interface Server {
  /** Writes the whole database to stdout. */
  readonly dump: (database: string) => Dump
  /** Loads the dump into `fresh`, ready to take the place of `into`. Gives how many tables came. */
  readonly load: (loading: Loading, read: (into: Loader) => Promise<void>) => Promise<number>
  /** Each step may be done already: it is begun again after a crash. */
  readonly swap: (swap: Swap) => Promise<void>
  /** Prepares the way back of a swap that was done. */
  readonly back: (swap: Swap) => Promise<number>
  /** Absent is success. */
  readonly drop: (database: string) => Promise<void>
  readonly close: () => Promise<void>
}

type Loader = (source: AsyncIterable<Buffer>) => Promise<void>

const servers: Readonly<Record<string, (job: BackupJob) => Server | undefined>> = { mariadb, postgresql }

export interface Databases {
  readonly dump: (engine: string, database: string) => Dump
  /** Beside the one that is there. */
  readonly load: (restic: Restic, member: Member, into: string | null, run: string) => Promise<Swap>
  readonly swap: (swap: Swap) => Promise<void>
  readonly back: (swap: Swap, run: string) => Promise<Swap>
  /** What was loaded only to be looked at. */
  readonly drop: (swap: Swap) => Promise<void>
  /** What was made on the way and has no name in `stays`. */
  readonly dropOthers: (stays: ReadonlySet<string>) => Promise<void>
}

const short = (text: string): string => createHash("sha256").update(text).digest("hex").slice(0, 16)

const engineOf = (swap: Pick<Swap, "engine">): string => swap.engine ?? "mariadb"

/** Those that were made on the way, one a line. */
const loadingFile = (job: BackupJob, engine: string): string =>
  `${stateFolderOf(job.policy)}/loading${engine === "mariadb" ? "" : `.${engine}`}`

const loadingOf = (job: BackupJob, engine: string): ReadonlyArray<string> => {
  const file = loadingFile(job, engine)
  return fs.existsSync(file)
    ? fs
        .readFileSync(file, "utf8")
        .split("\n")
        .filter((name) => name.startsWith("plumb_"))
    : []
}

/** Whoever tidies up knows of them before they are there. */
const noteLoading = (job: BackupJob, engine: string, ...names: ReadonlyArray<string>): void =>
  fs.appendFileSync(loadingFile(job, engine), names.map((name) => `${name}\n`).join(""), { mode: 0o600, flush: true })

/** Connects to the servers that are asked for, and parts from them at the end. */
export const withDatabases = async <A>(job: BackupJob, work: (databases: Databases) => Promise<A>): Promise<A> => {
  const open = new Map<string, Server>()
  const serverOf = (engine: string): Server => {
    const server = open.get(engine) ?? servers[engine]?.(job)
    if (server === undefined) throw new Refused(`This host has no server for databases of ${engine}.`)
    open.set(engine, server)
    return server
  }
  /** A name on the server may have become another account's since. */
  const isOurs = (database: string, engine: string): boolean =>
    databasesOf(job.account).some((one) => one.name === database && one.engine === engine)
  const databases: Databases = {
    dump: (engine, database) => serverOf(engine).dump(database),
    load: async (restic, member, into, run) => {
      const server = serverOf(member.engine)
      if (into !== null && !isOurs(into, member.engine))
        throw new Refused(
          `${job.account} has no database ${into} of the engine ${member.engine} on this host.`,
          "Write its record, or restore it beside.",
        )
      const id = short((into ?? member.name) + run)
      const loading = { fresh: `plumb_new_${id}`, former: `plumb_old_${id}`, into }
      noteLoading(job, member.engine, loading.fresh, loading.former)
      const measure = measured()
      const tables = await server.load(loading, async (loader) => {
        await restic.run(["dump", "--no-lock", member.snapshot, `/${dumpFile(member)}`], {
          output: (stdout) => loader(measure.through(stdout)),
        })
      })
      if (measure.result().sha256 !== member.sha256)
        throw new Refused(`The dump of ${member.name} is not the one that was made.`)
      return {
        engine: member.engine,
        database: into ?? member.name,
        fresh: loading.fresh,
        former: loading.former,
        tables,
      }
    },
    swap: async (swap) => {
      const server = serverOf(engineOf(swap))
      // Its record went meanwhile: there is no place any more.
      if (!isOurs(swap.database, engineOf(swap))) return server.drop(swap.fresh)
      await server.swap(swap)
    },
    back: async (done, run) => {
      const engine = engineOf(done)
      if (!isOurs(done.database, engine))
        throw new Refused(`${job.account} has no database ${done.database} any more.`, "Write its record first.")
      const former = `plumb_old_${short(done.database + run)}`
      noteLoading(job, engine, former)
      const swap = { engine, database: done.database, fresh: done.former, former, tables: 0 }
      return { ...swap, tables: await serverOf(engine).back(swap) }
    },
    drop: (swap) => serverOf(engineOf(swap)).drop(swap.fresh),
    dropOthers: async (stays) => {
      for (const engine of Object.keys(servers)) {
        const names = loadingOf(job, engine)
        const gone = names.filter((name) => !stays.has(name))
        if (gone.length === 0) continue
        if (servers[engine]?.(job) === undefined) continue
        const dropped = new Set<string>()
        for (const name of gone)
          await serverOf(engine)
            .drop(name)
            .then(
              () => dropped.add(name),
              // A server that is away holds up nobody who wants his files. The next one drops it.
              () => undefined,
            )
        const file = loadingFile(job, engine)
        const left = names.filter((name) => !dropped.has(name))
        fs.writeFileSync(`${file}.new`, left.map((name) => `${name}\n`).join(""), { mode: 0o600, flush: true })
        fs.renameSync(`${file}.new`, file)
      }
    },
  }
  try {
    return await work(databases)
  } finally {
    for (const server of open.values()) await server.close()
  }
}
