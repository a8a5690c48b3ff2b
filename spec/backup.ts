/**
 * Backup: one backup that somebody asked for. It is made once, to completion; how it went is the record's status.
 *
 * The one thing to know before changing it: `runNow` is written by the API with the record and kept after that. Without a
 * moment of its own a record that is applied to another host would have everything done again.
 */
import * as Schema from "effect/Schema"
import { Moment } from "./backup-names.ts"
import { explained } from "./grammar.ts"
import { defineKind } from "./kind.ts"
import { RecordName } from "./names.ts"

export const BackupSpec = Schema.Struct({
  policy: RecordName.pipe(explained("The BackupPolicy by which it is made.")),
  runNow: Schema.optionalKey(
    Moment.pipe(explained("When it was asked for. Left out, it is the moment at which the record is written.")),
  ),
})
export type BackupSpec = typeof BackupSpec.Type

export const Backup = defineKind({
  kind: "Backup",
  description: "One backup that somebody asked for.",
  name: RecordName,
  spec: BackupSpec,
  references: (spec) => [{ kind: "BackupPolicy", name: spec.policy, field: "spec.policy" }],
  claims: () => [],
  keeps: (written, before) =>
    before.runNow === undefined || written.runNow !== undefined || written.policy !== before.policy
      ? written
      : { ...written, runNow: before.runNow },
  runs: { upcoming: () => [], once: true },
})
