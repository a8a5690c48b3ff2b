/**
 * Sample records and facts for the tests of this folder, decoded as the engine decodes them, and a look-up over them.
 *
 * The one thing to know before changing it: the golden files (`golden/`) are rendered from these.
 */
import * as Schema from "effect/Schema"
import type { Controller, Desired, RenderContext, Rendered } from "../../reconciler/contract/controller.ts"
import type { Facts } from "../../reconciler/contract/facts.ts"
import type { Resource } from "../../reconciler/contract/resource.ts"
import { AccountSpec } from "../../spec/account.ts"
import { BackupSpec } from "../../spec/backup.ts"
import { BackupPolicySpec } from "../../spec/backup-policy.ts"
import { CertificateSpec } from "../../spec/certificate.ts"
import { CronJobSpec } from "../../spec/cron-job.ts"
import { DatabaseSpec } from "../../spec/database.ts"
import { NodeSpec } from "../../spec/node.ts"
import { PackageSpec } from "../../spec/package.ts"
import { PhpSpec } from "../../spec/php.ts"
import { RestoreSpec } from "../../spec/restore.ts"
import { SiteSpec } from "../../spec/site.ts"
import { SshKeySpec } from "../../spec/ssh-key.ts"
import { account } from "../account.ts"
import { backup } from "../backup.ts"
import { backupPolicy } from "../backup-policy.ts"
import { certificate } from "../certificate.ts"
import { cronJob } from "../cron-job.ts"
import { database } from "../database.ts"
import { node } from "../node.ts"
import { aPackage } from "../package.ts"
import { php } from "../php.ts"
import { restore } from "../restore.ts"
import { site } from "../site.ts"
import { sshKey } from "../ssh-key.ts"
import { everything } from "./web.ts"

const debianExtensions = [
  "ctype",
  "curl",
  "ffi",
  "gd",
  "intl",
  "mbstring",
  "mysqli",
  "mysqlnd",
  "opcache",
  "pdo",
  "xml",
]

const acme = { directory: "https://acme.example.org/directory", email: null, trust: null, addresses: [] }

export const liveFacts: Facts = {
  root: "",
  host: "live",
  webUser: "www-data",
  nginx: { program: "/usr/sbin/nginx", version: "1.22.1" },
  sendmail: "/usr/sbin/sendmail",
  phpMail: { program: "/usr/bin/msmtp", brings: "to-this-host" },
  php: ["7.4", "8.2"].map((version) => ({
    version,
    fpm: `/usr/sbin/php-fpm${version}`,
    extensions: debianExtensions,
    modsAvailable: `/etc/php/${version}/mods-available`,
  })),
  mariadb: { version: "10.11.14", socket: "/run/mysqld/mysqld.sock" },
  postgresql: { version: "15", socket: "/run/postgresql/.s.PGSQL.5432", hba: "/etc/postgresql/15/main/pg_hba.conf" },
  sshd: { program: "/usr/sbin/sshd", version: "9.2p1", sftpServer: "/usr/lib/openssh/sftp-server" },
  bubblewrap: "/usr/bin/bwrap",
  landlock: 6,
  nftables: "/usr/sbin/nft",
  homes: { filesystem: "btrfs", quotas: "btrfs" },
  http: { port: 80, https: 443, ipv4: "0.0.0.0", ipv6: "::" },
  acme: { ...acme, orders: true, hooks: ["example-dns"] },
  backups: {
    restic: "/usr/bin/restic",
    keeper: { node: "/opt/plumbline/bin/node", program: "/opt/plumbline/reconciler/backups/keeper.main.ts" },
  },
}

export const directoryFacts: Facts = {
  root: "/srv/plumbline test/host",
  host: "directory",
  webUser: null,
  nginx: { program: "/usr/sbin/nginx", version: "1.22.1" },
  php: [
    {
      version: "8.2",
      fpm: "/usr/sbin/php-fpm8.2",
      extensions: ["ctype", "opcache", "phar", "pdo", "tokenizer"],
      modsAvailable: "/etc/php/8.2/mods-available",
    },
  ],
  mariadb: { version: "files", socket: "/run/mysqld/mysqld.sock" },
  postgresql: { version: "files", socket: "/run/postgresql/.s.PGSQL.5432", hba: null },
  sshd: null,
  bubblewrap: null,
  homes: { filesystem: "directory", quotas: null },
  http: { port: 8081, https: 8443, ipv4: "127.0.0.1", ipv6: null },
  acme: { ...acme, orders: false, hooks: ["example-dns"] },
  backups: { restic: "/usr/bin/restic", keeper: { node: "/usr/bin/node", program: "/srv/plumbline/keeper.main.ts" } },
}

export const desired = <Spec>(kind: string, name: string, spec: Spec): Desired<Spec> => ({
  kind,
  name,
  id: `00000000-0000-4000-8000-${Buffer.from(`${kind}${name}`).toString("hex").slice(-12).padStart(12, "0")}`,
  generation: 1,
  annotations: {},
  spec,
})

export const anAccount = (name: string, spec: typeof AccountSpec.Encoded = {}) =>
  desired("Account", name, Schema.decodeUnknownSync(AccountSpec)({ uid: 10001, ...spec }))
export const aPackageOf = (name: string, spec: typeof PackageSpec.Encoded = {}) =>
  desired("Package", name, Schema.decodeUnknownSync(PackageSpec)(spec))
export const aPhp = (name: string, spec: Partial<typeof PhpSpec.Encoded> = {}) =>
  desired("Php", name, Schema.decodeUnknownSync(PhpSpec)({ account: "acme", version: "8.2", ...spec }))
export const aSite = (name: string, spec: Partial<typeof SiteSpec.Encoded> = {}) =>
  desired("Site", name, Schema.decodeUnknownSync(SiteSpec)({ account: "acme", domains: ["shop.example.org"], ...spec }))
export const aDatabase = (name: string, spec: Partial<typeof DatabaseSpec.Encoded> = {}) =>
  desired("Database", name, Schema.decodeUnknownSync(DatabaseSpec)({ account: "acme", ...spec }))
export const samplePublicKey =
  "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH ada@example.org"
export const anSshKey = (name: string, spec: Partial<typeof SshKeySpec.Encoded> = {}) =>
  desired(
    "SshKey",
    name,
    Schema.decodeUnknownSync(SshKeySpec)({ account: "acme", publicKey: samplePublicKey, ...spec }),
  )
export const aCronJob = (name: string, spec: Partial<typeof CronJobSpec.Encoded> = {}) =>
  desired(
    "CronJob",
    name,
    Schema.decodeUnknownSync(CronJobSpec)({ account: "acme", schedule: "30 4 * * *", command: "true", ...spec }),
  )
export const aCertificate = (name: string, spec: Partial<typeof CertificateSpec.Encoded> = {}) =>
  desired("Certificate", name, Schema.decodeUnknownSync(CertificateSpec)({ site: name, ...spec }))
export const aBackupPolicy = (name: string, spec: Partial<typeof BackupPolicySpec.Encoded> = {}) =>
  desired(
    "BackupPolicy",
    name,
    Schema.decodeUnknownSync(BackupPolicySpec)({
      account: "acme",
      repository: { local: { path: `/var/backups/${name}` } },
      password: "correct-horse-battery",
      ...spec,
    }),
  )
export const aRestore = (name: string, spec: Partial<typeof RestoreSpec.Encoded> = {}) =>
  desired("Restore", name, Schema.decodeUnknownSync(RestoreSpec)({ policy: "acme", ...spec }))
export const aBackup = (name: string, spec: Partial<typeof BackupSpec.Encoded> = {}) =>
  desired("Backup", name, Schema.decodeUnknownSync(BackupSpec)({ policy: "acme", ...spec }))
export const aNode = (name = "web1.example.org") => desired("Node", name, Schema.decodeUnknownSync(NodeSpec)({}))

export const renderOf = <Spec>(
  controller: Controller<Spec>,
  record: Desired<Spec>,
  facts: Facts,
  others: ReadonlyArray<Desired<unknown>> = [],
): Rendered => {
  const lookup: RenderContext["lookup"] = <Other>(kind: string, name: string) =>
    others.find((other) => other.kind === kind && other.name === name) as Desired<Other> | undefined
  const concerning: RenderContext["concerning"] = <Other>(kind: string) =>
    others.filter(
      (other) => other.kind === kind && Reflect.get(other.spec ?? {}, record.kind.toLowerCase()) === record.name,
    ) as ReadonlyArray<Desired<Other>>
  return controller.render(record, { facts, lookup, concerning })
}

export const resourcesOf = (rendered: Rendered): ReadonlyArray<Resource> => {
  if (rendered.outcome !== "resources") throw new Error(`${rendered.outcome}: ${rendered.message}`)
  return rendered.resources
}

const packages = [
  aPackageOf("starter", { description: "One site.", limits: { memory: "256M", tasks: 100, disk: "1G", sites: 1 } }),
  aPackageOf("studio", {
    limits: {
      ...{ memory: "2G", cpu: 300, tasks: 800, disk: "20G", files: 500_000 },
      ...{ readBandwidth: "100M", writeBandwidth: "50M", readOperations: 2000, writeOperations: 1000 },
      ...{ sites: 20, databases: 20, cronJobs: 50, sshKeys: 50, phps: 3 },
    },
  }),
]
const accounts = [
  anAccount("acme", { uid: 10001, comment: "Acme Outfitters", access: { shell: "jail" }, package: "studio" }),
  anAccount("blue-fern", { uid: 10002, limits: { memory: "1G", cpu: 200, tasks: 400 } }),
]
const phps = [
  aPhp("acme", {
    ini: { memory_limit: "256M", upload_max_filesize: "128M", "date.timezone": "Europe/Vienna" },
    extensions: { ctype: true },
    pool: { slowRequest: 5 },
  }),
  aPhp("blue-fern", { account: "blue-fern", pool: { mode: "dynamic", maxChildren: 9, requestTimeout: 60 } }),
]
const tls = { minimumVersion: "1.3", hsts: { maxAge: 31_536_000, includeSubDomains: true, preload: true } } as const
const certificates = [
  aCertificate("acme-secure"),
  aCertificate("acme-members", { issuer: { acme: { challenge: { dns01: "example-dns" }, email: "ada@example.org" } } }),
  aCertificate("fern-old"),
]
const sites = [
  aSite("acme-shop", {
    php: "acme",
    aliases: ["acme.example.org"],
    redirects: { www: "remove", paths: [{ from: "/old", to: "/new" }] },
    maxUpload: "128M",
  }),
  aSite("acme-docs", {
    domains: ["docs.example.org", "bücher.example.org"],
    documentRoot: "public/build",
    indexFiles: ["index.html"],
    errorPages: { "404": "/missing.html" },
    redirects: { paths: [{ from: "/stra%C3%9Fe", to: "https://maps.example.org/?q=1&z=2", status: 308 }] },
  }),
  aSite("acme-secure", { domains: ["secure.example.org"], redirects: { www: "add", https: true }, tls }),
  aSite("acme-members", everything),
  aSite("fern-old", { account: "blue-fern", domains: ["old.example.org"], php: "blue-fern", suspended: true }),
]

const databases = [
  aDatabase("acme-shop", {
    users: [
      {
        name: "acme_shop",
        access: "admin",
        passwordVerifier: "*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19",
        hosts: ["localhost", "192.0.2.0/24", "2001:db8::7"],
      },
      { name: "acme-report", access: "read-only" },
    ],
  }),
  aDatabase("acme-wiki", {
    engine: "postgresql",
    users: [
      {
        name: "wiki_owner",
        access: "admin",
        passwordVerifier: `SCRAM-SHA-256$4096:${"s".repeat(22)}==$${"k".repeat(43)}=:${"v".repeat(43)}=`,
      },
      { name: "wiki", hosts: ["2001:db8::/32", "192.0.2.7"] },
      { name: "wiki_report", access: "read-only" },
    ],
  }),
  aDatabase("fern", {
    account: "blue-fern",
    name: "fern-old",
    characterSet: "latin1",
    collation: "latin1_german2_ci",
    users: [{ name: "fern" }],
  }),
]

const sshKeys = [
  anSshKey("acme-laptop", { publicKey: `command="/bin/false" ${samplePublicKey}` }),
  anSshKey("fern-agency", { account: "blue-fern", expires: "2027-01-31" }),
]

const cronJobs = [
  aCronJob("acme-feed", {
    schedule: "*/15 8-18 13 * mon-fri",
    timeZone: "Europe/Vienna",
    command: "echo \"100% of $HOME\" 'it is' $$ \\\\\nexec php sites/acme-shop/public/feed.php",
    environment: { TOKEN: 'a "b" $c `d` \\e', MODE: "full" },
    secrets: { FEED_KEY: "canary $feed" },
    onFailure: {
      mail: ["ada@example.org"],
      webhook: { url: "https://hooks.example.org/cron?of=acme", secret: "0123456789abcdef" },
    },
    runNow: "2026-01-02T03:04:05.678Z",
  }),
  aCronJob("blue-fern-clean", { account: "blue-fern", schedule: "@weekly", overlap: "queue", timeLimit: 60 }),
  aCronJob("resting", { paused: true }),
]

const text = (value: string): Buffer => {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(value.length)
  return Buffer.concat([length, Buffer.from(value, "latin1")])
}

/** In the shape of a private key of OpenSSH's; it opens nothing. */
export const anIdentity = `-----BEGIN OPENSSH PRIVATE KEY-----\n${Buffer.concat([
  ...[Buffer.from("openssh-key-v1\0"), text("none"), text("none"), text("")],
  Buffer.from([0, 0, 0, 1]),
]).toString("base64")}\n-----END OPENSSH PRIVATE KEY-----\n`

/** A repository on an SFTP server. */
export const overSftp = {
  sftp: {
    host: "sftp.example.org",
    port: 23,
    user: "u123456",
    path: "/backups/acme",
    hostKeys: ["sftp.example.org ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIM4cUkjZ5EPfFqqPQgZDqPIVvTqK6p+mMKe3UvzXjYcT"],
    privateKey: anIdentity,
  },
}

const backupPolicies = [
  aBackupPolicy("far", { account: "blue-fern", repository: overSftp }),
  aBackupPolicy("acme", {
    repository: {
      s3: {
        endpoint: "https://fsn1.example.org",
        bucket: "acme-backups",
        region: "fsn1",
        accessKey: "ACCESS/KEY+1",
        secretKey: "secret/Key+2=",
        ca: "-----BEGIN CERTIFICATE-----\nTUlJ\n-----END CERTIFICATE-----\n",
      },
    },
    excludes: ["*.log", "sites/*/public/cache"],
    timeZone: "Europe/Vienna",
    onFailure: { mail: ["ada@example.org"] },
    runNow: "2026-01-02T03:04:05.678Z",
  }),
  aBackupPolicy("fern", { account: "blue-fern", retention: { daily: 3, weekly: 0 }, paused: true }),
]
const restores = [
  aRestore("shop-back", {
    what: { path: "sites/acme-shop/public/a b" },
    to: { beside: "shop-back" },
    runNow: "2026-01-02T03:04:05.678Z",
  }),
  aRestore("all-back", { snapshot: "0a1b2c3d", runNow: "2026-01-02T03:04:05.678Z" }),
]
const backups = [aBackup("before-update", { runNow: "2026-01-02T03:04:05.678Z" })]

/** Everything that a node with the sample records has, by the record it came from; `changed` of each account. */
export const renderSamples = (
  facts: Facts,
  changed: Partial<AccountSpec> = {},
): ReadonlyArray<readonly [record: string, rendered: Rendered]> => {
  const owners = accounts.map((each) => ({ ...each, spec: { ...each.spec, ...changed } }))
  const others = [...packages, ...owners, ...phps, ...sites, ...certificates, ...backupPolicies]
  const all = <Spec>(controller: Controller<Spec>, records: ReadonlyArray<Desired<Spec>>) =>
    records.map((record) => [`${record.kind}/${record.name}`, renderOf(controller, record, facts, others)] as const)
  return [
    ...all(node, [aNode()]),
    ...all(aPackage, packages),
    ...all(account, owners),
    ...all(php, phps),
    ...all(site, sites),
    ...all(certificate, certificates),
    ...all(sshKey, sshKeys),
    ...all(database, databases),
    ...all(cronJob, cronJobs),
    ...all(backupPolicy, backupPolicies),
    ...all(backup, backups),
    ...all(restore, restores),
  ]
}
