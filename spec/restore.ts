/**
 * Restore: something of a backup that somebody wants back. It is done once, to completion; how it went is the record's status.
 *
 * The one thing to know before changing it: a record that is written with another wish is another restore, with a moment of
 * its own; the same file applied again is none.
 */
import * as Equal from "effect/Equal"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { Moment } from "./backup-names.ts"
import { engines } from "./database.ts"
import { explained, flaw, hiddenFlaw, rule, ruleAcross, show, withDefault } from "./grammar.ts"
import { defineKind } from "./kind.ts"
import { RecordName } from "./names.ts"
import { DatabaseName } from "./sql-names.ts"

const SnapshotId = Schema.String.annotate({ examples: ["latest", "1f2e3d4c"] }).check(
  rule<string>(
    (id) =>
      id === "latest" || /^[0-9a-f]{8}([0-9a-f]{56})?$/.test(id)
        ? undefined
        : flaw(`${show(id)} is no backup.`, "Write latest, or the id as `plumb backups` shows it."),
    { pattern: "^(latest|[0-9a-f]{8}|[0-9a-f]{64})$" },
  ),
)

const PathInHome = Schema.String.annotate({ examples: ["sites/shop/public/index.php"] }).check(
  rule<string>(
    (path) =>
      hiddenFlaw(path) ??
      (path.length <= 1024 &&
      !/^[/-]|\/$/.test(path) &&
      path.split("/").every((part) => part !== "" && part !== "." && part !== "..")
        ? undefined
        : flaw(`${show(path)} is no path of a home.`, "Write it from the home on: sites/shop/public/index.php.")),
    { maxLength: 1024 },
  ),
)

export const RestoreSpec = Schema.Struct({
  policy: RecordName.pipe(explained("The BackupPolicy whose backup it is.")),
  snapshot: SnapshotId.pipe(explained("Which backup: the latest, or one by its id."), withDefault("latest")),
  what: Schema.Union([
    Schema.Literals(["everything", "files"]),
    Schema.Struct({ path: PathInHome.pipe(explained("One file or folder, from the home on.")) }),
    Schema.Struct({
      database: DatabaseName.pipe(explained("One database, by its name on the server.")),
      engine: Schema.optionalKey(
        Schema.Literals(engines).pipe(explained("Of which server, where each has one of the name.")),
      ),
    }),
  ]).pipe(explained("What of it: everything, the files, a path, a database."), withDefault("everything")),
  to: Schema.Union([
    Schema.Literal("place"),
    Schema.Struct({ beside: RecordName.pipe(explained("A new folder below ~/private/restored.")) }),
    Schema.Struct({
      database: DatabaseName.pipe(explained("Another database of the account's, on the same server: of one database.")),
    }),
  ]).pipe(
    explained(
      "In the place of what is there now, which is kept for a week; beside it, in a new folder; or into another database.",
    ),
    withDefault("place"),
  ),
  preview: Schema.Boolean.pipe(
    explained("Whether it is only said what would change. Nothing is fetched then."),
    withDefault(false),
  ),
  undo: Schema.optionalKey(
    RecordName.pipe(
      explained("The Restore that is to be undone: what was there before it comes back, whatever else is said here."),
    ),
  ),
  runNow: Schema.optionalKey(
    Moment.pipe(explained("When it was asked for. Left out, it is the moment at which the record is written.")),
  ),
}).check(
  ruleAcross<{ readonly what: unknown; readonly to: unknown }>(({ to, what }) =>
    typeof to === "object" &&
    to !== null &&
    "database" in to &&
    !(typeof what === "object" && what !== null && "database" in what)
      ? [
          {
            path: ["to", "database"],
            ...flaw("Only one database goes into another.", "Say which in what: { database: NAME }."),
          },
        ]
      : [],
  ),
)
export type RestoreSpec = typeof RestoreSpec.Type

const decode = Schema.decodeUnknownResult(RestoreSpec)

const isSameWish = (one: object, other: object): boolean => {
  const [left, right] = [decode(one), decode(other)]
  return Result.isSuccess(left) && Result.isSuccess(right) && Equal.equals(left.success, right.success)
}

export const Restore = defineKind({
  kind: "Restore",
  description: "Something of a backup that somebody wants back.",
  name: RecordName,
  spec: RestoreSpec,
  references: (spec) => [{ kind: "BackupPolicy", name: spec.policy, field: "spec.policy" }],
  claims: () => [],
  keeps: (written, { runNow, ...before }) => {
    const { runNow: given, ...wish } = written
    return given === undefined && runNow !== undefined && isSameWish(wish, before) ? { ...written, runNow } : written
  },
  runs: { upcoming: () => [], once: true },
})
