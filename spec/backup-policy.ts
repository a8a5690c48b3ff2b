/**
 * BackupPolicy: where the backups of one account are, when they are made, and which of them are kept.
 *
 * The one thing to know before changing it: an account has one policy and a repository has one account. Hence a snapshot is
 * always looked up by its policy, and another account's is not found.
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import {
  Certificates,
  Exclude,
  Moment,
  RepositoryPassword,
  RepositoryPath,
  S3Bucket,
  S3Endpoint,
  S3Key,
  S3Prefix,
  S3Region,
} from "./backup-names.ts"
import { nextRuns, parseCron } from "./cron.ts"
import { CronExpression } from "./cron-job.ts"
import { explained, intBetween, withDefault } from "./grammar.ts"
import { TimeZone } from "./ini.ts"
import { defineKind } from "./kind.ts"
import { atLeast, atMost, noneTwice } from "./lists.ts"
import { AccountName, Port, RecordName } from "./names.ts"
import { OnFailure, secretsOnFailure } from "./on-failure.ts"
import { type SecretPlace, secret } from "./secret.ts"
import { SftpHost, SftpPath, SftpUser } from "./sftp-names.ts"
import { SshPrivateKey } from "./ssh-private-key.ts"
import { SshPublicKey } from "./ssh-public-key.ts"

const Local = Schema.Struct({
  local: Schema.Struct({
    path: RepositoryPath.pipe(explained("The folder of the repository; the one above it is there and root's.")),
  }).pipe(explained("A folder of the host, or of a disk that is mounted there.")),
})

const S3 = Schema.Struct({
  s3: Schema.Struct({
    endpoint: S3Endpoint.pipe(explained("The server of the object storage.")),
    bucket: S3Bucket.pipe(explained("The bucket, which is there.")),
    prefix: Schema.optionalKey(S3Prefix.pipe(explained("What the objects' names begin with. Left out: the policy's."))),
    region: Schema.optionalKey(S3Region.pipe(explained("The region, where the provider asks for one."))),
    accessKey: S3Key.pipe(explained("The name of the key.")),
    secretKey: secret(S3Key).pipe(explained("The key.")),
    ca: Schema.optionalKey(
      Certificates.pipe(explained("Who vouches for the server, in PEM. Left out: whom the host trusts.")),
    ),
  }).pipe(explained("An object storage that speaks S3.")),
})

const Sftp = Schema.Struct({
  sftp: Schema.Struct({
    host: SftpHost.pipe(explained("The server.")),
    port: Port.pipe(explained("Where its sshd listens."), withDefault(22)),
    user: SftpUser.pipe(explained("Whom the host logs in as.")),
    path: SftpPath.pipe(
      explained("The folder of the repository. Without a slash in front it is where the user arrives."),
    ),
    hostKeys: Schema.Array(SshPublicKey)
      .check(atLeast(1, "key"), atMost(8, "keys"), noneTwice("key"))
      .pipe(explained("What the server proves itself by, as `ssh-keyscan` prints them. No other is believed.")),
    privateKey: secret(SshPrivateKey).pipe(
      explained("What opens it: a private key in OpenSSH's format, without a passphrase."),
    ),
  }).pipe(explained("A server that speaks SFTP.")),
})

const Retention = Schema.Struct({
  daily: intBetween(1, 366, "days").pipe(explained("Of how many days the last backup is kept."), withDefault(7)),
  weekly: intBetween(0, 260, "weeks").pipe(explained("Of how many weeks."), withDefault(4)),
  monthly: intBetween(0, 120, "months").pipe(explained("Of how many months."), withDefault(0)),
  manual: intBetween(1, 100, "backups").pipe(
    explained("How many of those that somebody asked for are kept, beside the others."),
    withDefault(5),
  ),
})

export const BackupPolicySpec = Schema.Struct({
  account: AccountName.pipe(explained("The account whose files and databases are kept.")),
  repository: Schema.Union([Local, S3, Sftp]).pipe(explained("Where the backups are.")),
  password: Schema.optionalKey(
    secret(RepositoryPassword).pipe(explained("What the repository is encrypted with. Left out, one is made up.")),
  ),
  schedule: CronExpression.pipe(explained("When a backup is made."), withDefault("0 2 * * *")),
  timeZone: TimeZone.pipe(explained("Whose clocks the schedules are read by."), withDefault("UTC")),
  retention: Retention.pipe(explained("Which backups are kept."), withDefault({})),
  excludes: Schema.Array(Exclude)
    .check(atMost(100, "patterns"), noneTwice("pattern"))
    .pipe(explained("What is left out, besides ~/tmp."), withDefault([])),
  check: CronExpression.pipe(
    explained("When the repository is tidied up and its whole structure checked."),
    withDefault("0 4 * * sun"),
  ),
  drill: CronExpression.pipe(
    explained("When the latest backup is restored into a scratch place and compared with what was kept, as a proof."),
    withDefault("0 5 1 * *"),
  ),
  paused: Schema.Boolean.pipe(
    explained("Whether the schedules rest. What somebody asks for is done all the same."),
    withDefault(false),
  ),
  onFailure: Schema.optionalKey(
    OnFailure.pipe(explained("Who is told when a backup, a check or a drill of the policy fails.")),
  ),
  runNow: Schema.optionalKey(
    Moment.pipe(explained("When somebody last asked for a backup beside the schedule. `plumb run` writes it.")),
  ),
})
export type BackupPolicySpec = typeof BackupPolicySpec.Type

const placeOf = (name: string, { repository }: BackupPolicySpec): string => {
  if ("local" in repository) return `local:${repository.local.path}`
  if ("s3" in repository) return `s3:${repository.s3.endpoint}/${repository.s3.bucket}/${repository.s3.prefix ?? name}`
  const { host, path, port, user } = repository.sftp
  return `sftp:${user}@${host}:${port}:${path}`
}

const repositorySecret = ({ repository }: BackupPolicySpec): ReadonlyArray<SecretPlace> => {
  if ("s3" in repository) return [{ path: ["repository", "s3", "secretKey"], label: "secretKey" }]
  return "sftp" in repository ? [{ path: ["repository", "sftp", "privateKey"], label: "privateKey" }] : []
}

export const BackupPolicy = defineKind({
  kind: "BackupPolicy",
  description: "Where the backups of one account are, when they are made, and which of them are kept.",
  name: RecordName,
  spec: BackupPolicySpec,
  references: (spec) => [{ kind: "Account", name: spec.account, field: "spec.account" }],
  claims: (name, spec) => [
    { key: `backups of:${spec.account}`, field: "spec.account" },
    { key: `repository:${placeOf(name, spec)}`, field: "spec.repository" },
  ],
  // What a file does not say of it stands: applying the file again takes back no wish.
  keeps: (written, before) =>
    before.runNow === undefined || written.runNow !== undefined ? written : { ...written, runNow: before.runNow },
  runs: {
    upcoming: (spec, after, count) =>
      spec.paused ? [] : nextRuns(Result.getOrThrow(parseCron(spec.schedule)), spec.timeZone, after, count),
  },
  secrets: (spec) => [
    { path: ["password"], label: "password", make: "password" },
    ...repositorySecret(spec),
    ...secretsOnFailure(spec),
  ],
})
