// What the controllers of backups and the program that makes them (`reconciler/backups`) agree on: where the files of a policy
// are, and what is in them.
//
// The one thing to know before changing it: what is a secret stands in the file of variables alone, which systemd reads as
// root and gives to restic and to nobody else.

import * as Schema from "effect/Schema"

/** For root alone: what is made, and by which keys. */
export const backupsFolder = "/etc/plumbline/backups"

/** Of each policy a folder: restic's cache, what was last reported. */
export const backupStateFolder = "/var/lib/plumbline/backups"

/** Runs restic, and owns repositories on the host's own disks. */
export const backupUser = "plumb-backup"

export const jobFileOf = (policy: string) => `${backupsFolder}/${policy}.json` as const
export const variablesFileOf = (policy: string) => `${backupsFolder}/${policy}.environment` as const
export const certificatesFileOf = (policy: string) => `${backupsFolder}/${policy}.ca` as const
/** What opens an SFTP server, and what that proves itself by. */
export const identityFileOf = (policy: string) => `${backupsFolder}/${policy}.identity` as const
export const hostKeysFileOf = (policy: string) => `${backupsFolder}/${policy}.hosts` as const
/** How known_hosts and restic call the server. */
export const sftpAlias = "repository"
export const stateFolderOf = (policy: string) => `${backupStateFolder}/${policy}` as const

/** How a repository on the host's disk is called inside of restic's sandbox. */
export const repositoryInside = "/repository"

export const restoreFileOf = (restore: string) => `${backupsFolder}/${restore}.restore` as const

/** What somebody wants back. */
export const RestoreJob = Schema.Struct({
  snapshot: Schema.String,
  what: Schema.Union([
    Schema.Literals(["everything", "files"]),
    Schema.Struct({ path: Schema.String }),
    Schema.Struct({ database: Schema.String, engine: Schema.optionalKey(Schema.String) }),
  ]),
  /** Null: in the place of what is there. */
  beside: Schema.NullOr(Schema.String),
  /** Another database of the account's that takes in what the wanted one held. */
  into: Schema.NullOr(Schema.String),
  /** Only said, not done. */
  preview: Schema.Boolean,
  /** The restore that is to be undone. */
  undo: Schema.NullOr(Schema.String),
})
export type RestoreJob = typeof RestoreJob.Type

export const BackupJob = Schema.Struct({
  /** The identity of the policy's record. */
  record: Schema.String,
  policy: Schema.String,
  account: Schema.String,
  home: Schema.String,
  slice: Schema.String,
  /** There while the account is suspended. */
  suspended: Schema.String,
  /** restic's program. */
  restic: Schema.String,
  /** As restic calls it, without keys. */
  repository: Schema.String,
  /** The folder of a repository on the host's own disk. */
  folder: Schema.NullOr(Schema.String),
  /** The server of a repository that is reached over SFTP. */
  sftp: Schema.optionalKey(Schema.Struct({ host: Schema.String, port: Schema.Int, user: Schema.String })),
  /** Whether there is a file of certificates. */
  certificates: Schema.Boolean,
  /** The socket of MariaDB, where the host has one. */
  mariadb: Schema.NullOr(Schema.String),
  excludes: Schema.Array(Schema.String),
  retention: Schema.Struct({
    daily: Schema.Int,
    weekly: Schema.Int,
    monthly: Schema.Int,
    manual: Schema.Int,
  }),
})
export type BackupJob = typeof BackupJob.Type
