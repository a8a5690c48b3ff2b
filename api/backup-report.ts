/** What the host of a backup policy tells of it: the backups that there are, and the last proof that one comes back. */
import * as Schema from "effect/Schema"

export const BackupReport = Schema.Struct({
  snapshots: Schema.Array(
    Schema.Struct({
      id: Schema.String,
      at: Schema.String,
      why: Schema.String,
      files: Schema.Number,
      bytes: Schema.Number,
      databases: Schema.Array(Schema.Struct({ name: Schema.String, bytes: Schema.Number })),
    }),
  ),
  drill: Schema.optionalKey(
    Schema.NullOr(
      Schema.Struct({ at: Schema.String, backup: Schema.String, outcome: Schema.String, message: Schema.String }),
    ),
  ),
})

export const decodeBackupReport = Schema.decodeUnknownOption(BackupReport)
