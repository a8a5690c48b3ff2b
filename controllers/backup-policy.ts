/**
 * BackupPolicy: what the host's program for backups reads (what to keep and where, and apart from it the keys), and the
 * timers that start it.
 *
 * The one thing to know before changing it: as with cron jobs, timers start one program which reads the files anew each time.
 * It runs restic as a user of its own; the tenant's processes never have the keys (`reconciler/backups/restic.ts`).
 */
import type { Resource } from "../reconciler/contract/resource.ts"
import { sftpAlias } from "../reconciler/resources/backup-place.ts"
import { directory } from "../reconciler/resources/directory.ts"
import { file } from "../reconciler/resources/file.ts"
import { pathKey, userKey } from "../reconciler/resources/place.ts"
import { run } from "../reconciler/resources/run.ts"
import { timer } from "../reconciler/resources/timer.ts"
import type { BackupPolicySpec } from "../spec/backup-policy.ts"
import { plainOf } from "../spec/secret.ts"
import { asked } from "./backups/asked.ts"
import { jobFile, repositoryOf, variablesFile } from "./backups/job.ts"
import * as to from "./encode/backup.ts"
import { calendarOf } from "./encode/calendar.ts"
import * as sftp from "./encode/sftp.ts"
import { accountLayout, backupLayout, backups } from "./layout.ts"
import { cannotTell, toldOnFailure } from "./on-failure.ts"
import { guarded, resources, stalled, waiting } from "./outcome.ts"
import { ownerOf, restsWith } from "./suspension.ts"

const rootOnly = { owner: "root", group: "root", mode: 0o600 }

const sftpFiles = (
  layout: ReturnType<typeof backupLayout>,
  { repository }: BackupPolicySpec,
): ReadonlyArray<Resource> => {
  if (!("sftp" in repository)) return []
  const explained = { fields: ["spec.repository"], after: [pathKey(backups.folder)] }
  const { hostKeys, privateKey } = repository.sftp
  return [
    file(layout.hostKeys, { ...rootOnly, content: sftp.knownHosts(sftpAlias, hostKeys) }, explained),
    file(layout.identity, { ...rootOnly, content: sftp.privateKey(plainOf(privateKey)), secret: true }, explained),
  ]
}

export const backupPolicy = guarded<BackupPolicySpec>("BackupPolicy", ({ id, kind, name, spec }, context) => {
  const { facts } = context
  const account = ownerOf(context, spec.account)
  if (account === undefined) return waiting("Account", spec.account, `There is no account ${spec.account} yet.`)
  if (facts.backups === null) return stalled("ResticAbsent", "This node has no restic.", "Install restic on the node.")
  if (spec.password === undefined)
    return stalled(
      "NoPassword",
      "The repository has no password.",
      "Give one, of 16 characters or more, in spec.password.",
    )

  // What does not change needs no backup, and nothing of the account is to run.
  const rests = restsWith(account)
  const mute = rests === undefined ? cannotTell(spec, facts) : undefined
  if (mute !== undefined) return mute
  const layout = backupLayout(name)
  const owner = accountLayout(spec.account)
  const repository = repositoryOf(layout.name, spec)
  const certificates = "s3" in spec.repository ? spec.repository.s3.ca : undefined
  const inFolder = [pathKey(backups.folder)]
  const files = [
    file(
      layout.job,
      { ...rootOnly, content: jobFile(id, layout.name, spec, facts) },
      { fields: ["spec.account", "spec.repository", "spec.excludes", "spec.retention"], after: inFolder },
    ),
    file(
      layout.variables,
      { ...rootOnly, content: variablesFile(repository, spec), secret: true },
      { fields: ["spec.repository", "spec.password", "spec.timeZone"], after: inFolder },
    ),
    ...(certificates === undefined
      ? []
      : [
          file(
            layout.certificates,
            { ...rootOnly, mode: 0o644, content: to.certificates(certificates) },
            { fields: ["spec.repository"], after: inFolder },
          ),
        ]),
    ...sftpFiles(layout, spec),
    directory(
      layout.state,
      { owner: "root", group: "root", mode: 0o700 },
      { fields: ["metadata.name"], after: [pathKey(backups.state)] },
    ),
    ...(repository.folder === null
      ? []
      : [
          // What is in it is all that is left of an account that is gone.
          directory(
            repository.folder,
            { owner: backups.user, group: backups.user, mode: 0o700 },
            { fields: ["spec.repository"], after: [userKey(backups.user)], onDelete: "retain" },
          ),
        ]),
  ]
  const ready = [
    ...files.map((each) => pathKey(each.id)),
    ...[backups.unitFile, backups.checkUnitFile, backups.drillUnitFile].map(pathKey),
    ...[pathKey(owner.home), userKey(owner.name), userKey(backups.user)],
  ]
  const at = (unit: `${string}.timer`, field: "schedule" | "check" | "drill") =>
    timer(
      unit,
      { calendar: rests === undefined ? calendarOf(spec[field], spec.timeZone) : [] },
      { fields: [`spec.${field}`, "spec.timeZone", "spec.paused"], after: ready },
    )
  const all = [
    ...files,
    ...toldOnFailure(kind, layout.name, spec),
    ...(spec.paused
      ? []
      : [at(layout.timer, "schedule"), at(layout.checkTimer, "check"), at(layout.drillTimer, "drill")]),
    ...(spec.runNow === undefined
      ? []
      : [
          run(
            `${kind}.${layout.name}`,
            asked("backup", { id, kind, name }, layout.name, spec.runNow, facts.backups, rests !== undefined),
            {
              fields: ["spec.runNow"],
              after: ready,
            },
          ),
        ]),
  ]
  return resources(all, rests)
})
