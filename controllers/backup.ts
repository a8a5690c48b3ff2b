/** Backup: one run of its policy's program, for the moment at which it was asked for. */
import { pathKey } from "../reconciler/resources/place.ts"
import { task } from "../reconciler/resources/task.ts"
import type { BackupSpec } from "../spec/backup.ts"
import { asked } from "./backups/asked.ts"
import { policyOf } from "./backups/policy.ts"
import { backupLayout } from "./layout.ts"
import { guarded, resources, stalled, waiting } from "./outcome.ts"

export const backup = guarded<BackupSpec>("Backup", ({ id, kind, name, spec }, context) => {
  const { facts } = context
  const found = policyOf(context, spec.policy)
  if (found === undefined) return waiting("BackupPolicy", spec.policy, `There is no backup policy ${spec.policy} yet.`)
  if (facts.backups === null) return stalled("ResticAbsent", "This node has no restic.", "Install restic on the node.")
  if (spec.runNow === undefined)
    return stalled("NoMoment", "The record does not say when it was asked for.", "Write it through the API.")
  const policy = backupLayout(spec.policy)
  return resources(
    [
      task(
        `${kind}.${name}`,
        asked("backup", { id, kind, name }, policy.name, spec.runNow, facts.backups, found.rests !== undefined),
        {
          fields: ["spec.policy", "spec.runNow"],
          after: [policy.job, policy.variables, policy.state].map(pathKey),
        },
      ),
    ],
    found.rests,
  )
})
