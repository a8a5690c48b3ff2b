/** Backup: one run of its policy's program, for the moment at which it was asked for. */
import { pathKey } from "../reconciler/resources/place.ts"
import { task } from "../reconciler/resources/task.ts"
import type { BackupSpec } from "../spec/backup.ts"
import { asked } from "./backups/asked.ts"
import { askable } from "./backups/policy.ts"
import { backupLayout } from "./layout.ts"
import { guarded, resources } from "./outcome.ts"

export const backup = guarded<BackupSpec>("Backup", ({ id, kind, name, spec }, context) => {
  const found = askable(context, spec)
  if (found.outcome !== "askable") return found
  const policy = backupLayout(spec.policy)
  return resources(
    [
      task(
        `${kind}.${name}`,
        asked("backup", { id, kind, name }, policy.name, found.moment, found.backups, found.rests !== undefined),
        {
          fields: ["spec.policy", "spec.runNow"],
          after: [policy.job, policy.variables, policy.state].map(pathKey),
        },
      ),
    ],
    found.rests,
  )
})
