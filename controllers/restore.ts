/** Restore: what is wanted back, in a file, and one run of the policy's program that reads it. */
import type { RestoreJob } from "../reconciler/resources/backup-place.ts"
import { file } from "../reconciler/resources/file.ts"
import { pathKey } from "../reconciler/resources/place.ts"
import { task } from "../reconciler/resources/task.ts"
import type { RestoreSpec } from "../spec/restore.ts"
import { asked } from "./backups/asked.ts"
import { policyOf } from "./backups/policy.ts"
import * as to from "./encode/backup.ts"
import { backupLayout, backups, restoreFile } from "./layout.ts"
import { guarded, resources, stalled, waiting } from "./outcome.ts"

export const restore = guarded<RestoreSpec>("Restore", ({ id, kind, name, spec }, context) => {
  const { facts } = context
  const found = policyOf(context, spec.policy)
  if (found === undefined) return waiting("BackupPolicy", spec.policy, `There is no backup policy ${spec.policy} yet.`)
  if (facts.backups === null) return stalled("ResticAbsent", "This node has no restic.", "Install restic on the node.")
  if (spec.runNow === undefined)
    return stalled("NoMoment", "The record does not say when it was asked for.", "Write it through the API.")
  const policy = backupLayout(spec.policy)
  const wish: RestoreJob = {
    snapshot: to.snapshot(spec.snapshot),
    what: to.what(spec.what),
    beside: spec.to === "place" ? null : to.folderName(spec.to.beside),
    preview: spec.preview === true,
    undo: spec.undo === undefined ? null : to.folderName(spec.undo),
  }
  const told = file(
    restoreFile(name),
    { owner: "root", group: "root", mode: 0o600, content: `${JSON.stringify(wish, null, 2)}\n` },
    {
      fields: ["spec.snapshot", "spec.what", "spec.to", "spec.preview", "spec.undo"],
      after: [pathKey(backups.folder)],
    },
  )
  return resources(
    [
      told,
      task(
        `${kind}.${name}`,
        asked("restore", { id, kind, name }, policy.name, spec.runNow, facts.backups, found.rests !== undefined),
        {
          fields: ["spec.policy", "spec.runNow"],
          after: [told.id, policy.job, policy.variables, policy.state].map(pathKey),
        },
      ),
    ],
    found.rests,
  )
})
