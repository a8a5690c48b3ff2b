// Project quotas of ext4 and XFS: a home is a project, by the number of its user, and what is made in it inherits that.
// chattr(1), setquota(8), repquota(8).

import type { Argv } from "./quota-qgroup.ts"
import type { QuotaLimits } from "./quotas.ts"

/** The folder itself: what is put into it from then on follows. Root goes no deeper. */
export const assign = (path: string, project: number | undefined): Argv => [
  ...(["chattr", "-p", String(project ?? 0)] as const),
  ...[project === undefined ? "-P" : "+P", "--", path],
]

export const attributesOf = (path: string): Argv => ["lsattr", "-d", "-p", "--", path]

/** "20001 -----------------P---- /home/acme" */
export const idOf = (text: string): number | undefined => {
  const [, number, flags] = /^ *(\d+) ([A-Za-z-]+) /.exec(text) ?? []
  return flags?.includes("P") === true && Number(number) > 0 ? Number(number) : undefined
}

/** Blocks of 1 KiB and inodes, each with a soft limit that is not used. 0 is none. */
export const limit = (mount: string, project: number, { disk, files }: QuotaLimits): Argv => [
  ...(["setquota", "-P", String(project)] as const),
  ...["0", String(Math.ceil((disk ?? 0) / 1024)), "0", String(files ?? 0), mount],
]

export const report = (mount: string): Argv => ["repquota", "-P", "-n", "-p", "-O", "csv", mount]

export interface Row extends QuotaLimits {
  readonly usedDisk: number
  readonly usedFiles: number
}

/**
 * "Project,BlockStatus,FileStatus,BlockUsed,BlockSoftLimit,BlockHardLimit,BlockGrace,FileUsed,FileSoftLimit,FileHardLimit,
 * FileGrace", and a project as "#20001".
 */
export const parse = (text: string): ReadonlyMap<number, Row> => {
  const rows = new Map<number, Row>()
  for (const line of text.split("\n")) {
    const cells = line.split(",")
    const project = /^#(\d+)$/.exec(cells[0] ?? "")?.[1]
    if (project === undefined || cells.length < 10) continue
    const at = (place: number) => Number(cells[place])
    rows.set(Number(project), {
      disk: at(5) === 0 ? undefined : at(5) * 1024,
      files: at(9) === 0 ? undefined : at(9),
      usedDisk: at(3) * 1024,
      usedFiles: at(7),
    })
  }
  return rows
}
