/**
 * The names of all kinds, apart from the kinds themselves: for a spec that names kinds and is one.
 *
 * The one thing to know before changing it: the registry (`kinds.ts`) has exactly these, and does not compile otherwise.
 */
import * as Schema from "effect/Schema"

export const kindNames = [
  "Account",
  "Backup",
  "BackupPolicy",
  "Certificate",
  "CronJob",
  "Database",
  "Node",
  "Package",
  "Php",
  "Restore",
  "Site",
  "SshKey",
] as const
export const KindName = Schema.Literals(kindNames)
export type KindName = typeof KindName.Type
