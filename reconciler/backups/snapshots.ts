// What a repository holds. A backup is several snapshots of restic's: one of the files, one of each database's dump as it
// streamed by, since restic takes one tree or one stream at a time and nothing may need room for a second copy. They share
// the tag of their run, and the last of them is the manifest, which names the others.
//
// The one thing to know before changing it: the manifest is the commit point. Snapshots of a run without one are no backup:
// nobody is shown them, and the next run forgets them.

import * as Schema from "effect/Schema"

const Measured = { bytes: Schema.Number, sha256: Schema.String }

export const Manifest = Schema.Struct({
  version: Schema.Literal(1),
  run: Schema.String,
  account: Schema.String,
  /** ISO 8601: when the backup began. */
  at: Schema.String,
  /** restic's snapshot of the home, by its id and the hash of its whole tree. */
  files: Schema.Struct({
    snapshot: Schema.String,
    tree: Schema.String,
    count: Schema.Number,
    /** Of each path with its type and size (`listing.ts`). */
    listing: Schema.String,
    bytes: Schema.Number,
  }),
  databases: Schema.Array(
    Schema.Struct({ name: Schema.String, engine: Schema.String, snapshot: Schema.String, ...Measured }),
  ),
})
export type Manifest = typeof Manifest.Type
export const manifestText = Schema.fromJsonString(Manifest)

/** As `restic snapshots --json` lists it. */
export const Snapshot = Schema.Struct({
  id: Schema.String,
  time: Schema.String,
  tree: Schema.String,
  tags: Schema.optionalKey(Schema.NullOr(Schema.Array(Schema.String))),
})
export type Snapshot = typeof Snapshot.Type
export const decodeSnapshots = Schema.decodeUnknownSync(Schema.fromJsonString(Schema.NullOr(Schema.Array(Snapshot))))

export const manifestFile = "manifest.json"
/** Statements, or what PostgreSQL's pg_restore reads. */
export const dumpFile = ({ engine, name }: { readonly engine: string; readonly name: string }): string =>
  `${name}.${engine === "postgresql" ? "pgdump" : "sql"}`

export const runTag = (run: string): string => `run=${run}`

const runOf = ({ tags }: Snapshot): string | undefined =>
  tags?.find((tag) => tag.startsWith("run="))?.slice("run=".length)

export const isManifest = ({ tags }: Snapshot): boolean => tags?.includes("manifest") ?? false

/** Those of ours that belong to no backup. Somebody's own snapshots in the same repository are theirs. */
export const orphansOf = (snapshots: ReadonlyArray<Snapshot>): ReadonlyArray<string> => {
  const whole = new Set(snapshots.filter(isManifest).map(runOf))
  return snapshots.flatMap((one) => {
    const run = runOf(one)
    return run === undefined || whole.has(run) ? [] : [one.id]
  })
}

/** One backup, as it is told to people. */
export const Told = Schema.Struct({
  /** What a restore names it by. */
  id: Schema.String,
  run: Schema.String,
  at: Schema.String,
  why: Schema.Literals(["scheduled", "manual"]),
  files: Schema.Number,
  bytes: Schema.Number,
  databases: Schema.Array(Schema.Struct({ name: Schema.String, bytes: Schema.Number })),
})
export type Told = typeof Told.Type

export const shortId = (id: string): string => id.slice(0, 8)

export const toldOf = (snapshot: Snapshot, manifest: Manifest): Told => ({
  id: shortId(snapshot.id),
  run: manifest.run,
  at: manifest.at,
  why: snapshot.tags?.includes("manual") === true ? "manual" : "scheduled",
  files: manifest.files.count,
  bytes: manifest.files.bytes + manifest.databases.reduce((sum, { bytes }) => sum + bytes, 0),
  databases: manifest.databases.map(({ bytes, name }) => ({ name, bytes })),
})
