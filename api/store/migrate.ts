/**
 * Brings a database to the tables of this program: the numbered files of `migrations/`, each once, in order, forward only.
 *
 * The one thing to know before changing it: a file that has run anywhere is never edited. Its checksum is kept with it, and
 * a difference stops the start, because two databases with the same number would then differ.
 */
import { createHash } from "node:crypto"
import { readdirSync, readFileSync } from "node:fs"
import * as PgClient from "@effect/sql-pg/PgClient"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Reactivity from "effect/reactivity/Reactivity"
import * as Schema from "effect/Schema"
import type { SqlError } from "effect/sql/SqlError"

export class MigrationRefused extends Schema.TaggedError<MigrationRefused>()("MigrationRefused", {
  reason: Schema.Literals(["edited", "newer-database", "out-of-order"]),
  file: Schema.String,
  message: Schema.String,
}) {}

export interface Migration {
  readonly number: number
  readonly file: string
  readonly text: string
  readonly checksum: string
}

/** The files that this program brings. */
export const shipped = (folder = new URL("./migrations/", import.meta.url)): ReadonlyArray<Migration> =>
  readdirSync(folder)
    .filter((file) => /^\d{4}_[a-z0-9_]+\.sql$/.test(file))
    .sort()
    .map((file) => {
      const text = readFileSync(new URL(file, folder), "utf8")
      return { number: Number(file.slice(0, 4)), file, text, checksum: createHash("sha256").update(text).digest("hex") }
    })

interface Applied {
  readonly number: number
  readonly file: string
  readonly checksum: string
}

/** Which of the files are still to run, or why none may. */
export const pending = (
  files: ReadonlyArray<Migration>,
  applied: ReadonlyArray<Applied>,
): ReadonlyArray<Migration> | MigrationRefused => {
  for (const done of applied) {
    const file = files.find(({ number }) => number === done.number)
    if (file === undefined)
      return new MigrationRefused({
        reason: "newer-database",
        file: done.file,
        message: `The database has migration ${done.file}, which this program does not know: it belongs to a newer Plumbline. Start that one.`,
      })
    if (file.checksum !== done.checksum)
      return new MigrationRefused({
        reason: "edited",
        file: file.file,
        message: `${file.file} is not the file that this database was migrated with. Restore it, and put the change into a new file.`,
      })
  }
  const newest = Math.max(0, ...applied.map(({ number }) => number))
  const missing = files.filter(({ number }) => applied.every((done) => done.number !== number))
  const late = missing.find(({ number }) => number < newest)
  return late === undefined
    ? missing
    : new MigrationRefused({
        reason: "out-of-order",
        file: late.file,
        message: `${late.file} comes before what this database has already. Give it the next free number.`,
      })
}

/** Runs what is missing and answers with the names of what ran. Several processes may do so at once: one works, the others wait. */
export const migrate = (
  url: string,
  files: ReadonlyArray<Migration> = shipped(),
): Effect.Effect<ReadonlyArray<string>, SqlError | MigrationRefused> =>
  Effect.gen(function* () {
    const sql = yield* PgClient.makeClient({
      url: Redacted.make(url),
      applicationName: "plumbline-migrate",
      connectTimeout: "5 seconds",
      prepare: false,
    })
    // Held by the session: it ends with this connection, also when the process is killed.
    yield* sql`select pg_advisory_lock(7205759404)`
    // Made here and not in a file of its own: it says which of the files ran.
    yield* sql`
      create table if not exists migrations (
        number integer primary key, file text not null, checksum text not null, applied_at timestamptz not null default now()
      )`
    const todo = pending(files, yield* sql<Applied>`select number, file, checksum from migrations order by number`)
    if (todo instanceof MigrationRefused) return yield* todo
    for (const { number, file, text, checksum } of todo) {
      // A prepared statement takes one command; EXECUTE takes a whole file.
      const run = sql.unsafe(`do $migration$ begin execute $statements$${text}$statements$; end $migration$`)
      const note = sql`insert into migrations (number, file, checksum) values (${number}, ${file}, ${checksum})`
      yield* sql.withTransaction(Effect.andThen(run, note))
    }
    return todo.map(({ file }) => file)
  }).pipe(Effect.scoped, Effect.provide(Reactivity.layer))
