/**
 * The two files of a policy: the job, and the variables by which restic finds and opens the repository.
 *
 * The one thing to know before changing it: the job is read by root's program, which makes arguments of it. Whatever is
 * secret is in the variables alone.
 */
import type { Facts } from "../../reconciler/contract/facts.ts"
import { type BackupJob, repositoryInside, sftpAlias } from "../../reconciler/resources/backup-place.ts"
import type { BackupPolicySpec } from "../../spec/backup-policy.ts"
import { plainOf } from "../../spec/secret.ts"
import { environment } from "../encode/arguments.ts"
import * as to from "../encode/backup.ts"
import * as sftp from "../encode/sftp.ts"
import { shaped, UnsafeValue, whole } from "../encode/unsafe.ts"
import { accountLayout, type HostPath } from "../layout.ts"

interface Repository {
  /** As restic calls it. */
  readonly name: string
  readonly folder: HostPath | null
}

export const repositoryOf = (policy: string, { repository }: BackupPolicySpec): Repository => {
  if ("local" in repository) return { name: repositoryInside, folder: to.repositoryPath(repository.local.path) }
  if ("sftp" in repository) return { name: `sftp:${sftpAlias}:${sftp.path(repository.sftp.path)}`, folder: null }
  const { bucket, endpoint, prefix = policy } = repository.s3
  return { name: `s3:${to.endpoint(endpoint)}/${to.bucket(bucket)}/${to.prefix(prefix)}`, folder: null }
}

const serverOf = ({ repository }: BackupPolicySpec): Pick<BackupJob, "sftp"> => {
  if (!("sftp" in repository)) return {}
  const { host, port, user } = repository.sftp
  return { sftp: { host: sftp.host(host), port: sftp.port(port), user: sftp.user(user) } }
}

const count = (value: number, least: number): number => Number(whole("a number of backups", value, least, 1000))

export const jobFile = (record: string, policy: string, spec: BackupPolicySpec, facts: Facts): string => {
  if (facts.backups === null) throw new UnsafeValue("a backup", policy, "Install restic on the node.")
  const account = accountLayout(spec.account)
  const repository = repositoryOf(policy, spec)
  const { daily, manual, monthly, weekly } = spec.retention
  const job: BackupJob = {
    record: shaped("the identity of a record", record, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, "Use a UUID."),
    policy,
    account: account.name,
    home: account.home,
    slice: account.slice,
    suspended: account.suspended,
    restic: facts.backups.restic,
    repository: repository.name,
    folder: repository.folder,
    ...serverOf(spec),
    certificates: "s3" in spec.repository && spec.repository.s3.ca !== undefined,
    mariadb: facts.mariadb?.socket ?? null,
    excludes: [
      `${account.tmp}`,
      `${account.home}/dev`,
      `${account.home}/.plumbline`,
      ...spec.excludes.map((pattern) => to.exclude(pattern, account.home)),
    ],
    retention: {
      daily: count(daily, 1),
      weekly: count(weekly, 0),
      monthly: count(monthly, 0),
      manual: count(manual, 1),
    },
  }
  return `${JSON.stringify(job, null, 2)}\n`
}

export const variablesFile = (repository: Repository, spec: BackupPolicySpec): string => {
  const s3 = "s3" in spec.repository ? spec.repository.s3 : undefined
  return environment({
    RESTIC_REPOSITORY: repository.name,
    RESTIC_PASSWORD: to.password(plainOf(spec.password ?? "")),
    // Of which days and weeks a backup is.
    TZ: shaped("a time zone", spec.timeZone, /^[A-Za-z_]+(\/[A-Za-z0-9_+-]+){0,2}$/, "Use an IANA name."),
    ...(s3 === undefined
      ? {}
      : {
          AWS_ACCESS_KEY_ID: to.key(s3.accessKey),
          AWS_SECRET_ACCESS_KEY: to.key(plainOf(s3.secretKey)),
          ...(s3.region === undefined ? {} : { AWS_DEFAULT_REGION: to.region(s3.region) }),
        }),
  })
}
