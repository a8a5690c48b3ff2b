/** Restore: what is wanted back, in a file, and one run of the policy's program that reads it. */
import type { RestoreJob } from "../reconciler/resources/backup-place.ts"
import { file } from "../reconciler/resources/file.ts"
import { pathKey } from "../reconciler/resources/place.ts"
import { task } from "../reconciler/resources/task.ts"
import type { RestoreSpec } from "../spec/restore.ts"
import { asked } from "./backups/asked.ts"
import { askable } from "./backups/policy.ts"
import * as to from "./encode/backup.ts"
import { backupLayout, backups, restoreFile } from "./layout.ts"
import { guarded, resources } from "./outcome.ts"

export const restore = guarded<RestoreSpec>("Restore", ({ id, kind, name, spec }, context) => {
  const found = askable(context, spec)
  if (found.outcome !== "askable") return found
  const policy = backupLayout(spec.policy)
  const wish: RestoreJob = {
    snapshot: to.snapshot(spec.snapshot),
    what: to.what(spec.what),
    beside: typeof spec.to === "object" && "beside" in spec.to ? to.folderName(spec.to.beside) : null,
    into: typeof spec.to === "object" && "database" in spec.to ? to.databaseName(spec.to.database) : null,
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
        asked("restore", { id, kind, name }, policy.name, found.moment, found.backups, found.rests !== undefined),
        {
          fields: ["spec.policy", "spec.runNow"],
          after: [told.id, policy.job, policy.variables, policy.state].map(pathKey),
        },
      ),
    ],
    found.rests,
  )
})
