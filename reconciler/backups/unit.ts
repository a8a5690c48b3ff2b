// Work of a policy in a unit of its own, in the account's slice: it ends with the program that started it.

import * as fs from "node:fs"
import type { BackupJob } from "../resources/backup-place.ts"

const path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
export const environment = { PATH: path, LC_ALL: "C", TERM: "dumb" }

/** The unit that this process is in: what it starts ends with it, however it ends. */
const ownUnit = (): string | undefined =>
  /\/([^/\n]+\.service)$/m.exec(fs.readFileSync("/proc/self/cgroup", "utf8"))?.[1]

/** Names of records have no dots: no two policies share a unit. */
export const unitOf = (job: BackupJob, role: string): string => `plumb-work.${job.policy}.${role}.service`

/** The call that runs a command in a unit of its own, in the account's slice. */
export const inUnit = (
  job: BackupJob,
  role: string,
  properties: ReadonlyArray<string>,
  argv: ReadonlyArray<string>,
): ReadonlyArray<string> => {
  // In a property a backslash escapes what follows, and the names of units have them for dashes.
  const own = ownUnit()?.replaceAll("\\", "\\\\")
  return [
    ...["systemd-run", "--quiet", "--no-ask-password", "--wait", "--pipe", "--collect"],
    ...[`--unit=${unitOf(job, role)}`, `--slice=${job.slice}`],
    ...(own === undefined ? [] : [`BindsTo=${own}`, `After=${own}`]).map((one) => `--property=${one}`),
    ...properties.map((property) => `--property=${property}`),
    "--",
    // systemd.service(5), command lines: a variable begins with one dollar, a dollar is two.
    ...argv.map((one) => one.replaceAll("$", "$$$$")),
  ]
}
