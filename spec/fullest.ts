/**
 * Records in which every field for text has one: the ground that tests of bad input put their values on.
 *
 * The one thing to know before changing it: a kind may need several, since some fields exclude each other. A test names the
 * fields that none of them has.
 */
import type { KindName } from "./kind-names.ts"
import { scramVerifier } from "./scram.ts"
import { type Place, placesOf, type TextField } from "./text-fields.ts"

const sealed = { sealed: Buffer.from(`age-encryption.org/v1\n${"-".repeat(62)}`).toString("base64") }
const digest = `$6$saltsaltsalt$${"x./Z".repeat(21)}xy`
const sqlDigest = "*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19"
const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH Ada's laptop"
const moment = "2031-04-05T18:00:00.000Z"
const pem = "-----BEGIN CERTIFICATE-----\nTUlJ\n-----END CERTIFICATE-----\n"
const bytes = { readBandwidth: "10M", writeBandwidth: "10M", memory: "256M", disk: "10G" }
const onFailure = (secret: unknown) => ({
  mail: ["ada@example.org"],
  webhook: { url: "https://hooks.example.org/cron?of=acme", secret },
})
const s3 = {
  endpoint: "https://fsn1.example.org",
  bucket: "acme-backups",
  prefix: "backups/acme",
  region: "fsn1",
  accessKey: "EXAMPLEKEY",
  ca: pem,
}
const sftp = { host: "sftp.example.org", port: 23, user: "u123456", path: "backups/acme", hostKeys: [key] }
/** In the shape of a private key of OpenSSH's: no cipher, no key derivation, one key; it opens nothing. */
const identity = `-----BEGIN OPENSSH PRIVATE KEY-----\n${Buffer.from(
  "openssh-key-v1\0\0\0\0\x04none\0\0\0\x04none\0\0\0\0\0\0\0\x01",
  "latin1",
).toString("base64")}\n-----END OPENSSH PRIVATE KEY-----\n`
const statuses = [400, 401, 403, 404, 405, 410, 413, 429, 500, 502, 503, 504]

const specs = ({ root, ...pair }: Trusted): ReadonlyArray<readonly [kind: string, name: string, spec: object]> => [
  [
    "Account",
    "acme",
    {
      customer: "acme-outfitters",
      package: "starter",
      limits: bytes,
      access: { shell: "sftp", passwordVerifier: digest },
      suspended: true,
      suspension: { reason: "unpaid since March" },
      comment: "Acme Outfitters",
    },
  ],
  ["Account", "fern", { access: { shell: "sftp", passwordVerifier: sealed } }],
  ...["away", "far", "moss"].map((name) => ["Account", name, {}] as const),
  ["Backup", "before", { policy: "acme", runNow: moment }],
  [
    "BackupPolicy",
    "acme",
    {
      account: "acme",
      repository: { local: { path: "/var/backups/acme" } },
      password: "correct-horse-battery",
      schedule: "0 2 * * *",
      timeZone: "Europe/Vienna",
      excludes: ["*.log", "sites/*/public/cache"],
      check: "0 4 * * sun",
      drill: "0 5 1 * *",
      onFailure: onFailure("0123456789abcdef"),
      runNow: moment,
    },
  ],
  [
    "BackupPolicy",
    "fern",
    {
      account: "fern",
      repository: { s3: { ...s3, secretKey: "secret/Key+2=" } },
      password: sealed,
      onFailure: onFailure(sealed),
    },
  ],
  ["BackupPolicy", "far", { account: "far", repository: { sftp: { ...sftp, privateKey: identity } } }],
  [
    "BackupPolicy",
    "away",
    { account: "away", repository: { sftp: { ...sftp, path: "backups/away", privateKey: sealed } } },
  ],
  [
    "BackupPolicy",
    "moss",
    { account: "moss", repository: { s3: { ...s3, prefix: "backups/moss", secretKey: sealed } } },
  ],
  [
    "Certificate",
    "shop",
    {
      site: "shop",
      issuer: {
        acme: {
          directory: "https://acme.example.org/directory",
          email: "hostmaster@example.org",
          challenge: { dns01: "example-dns" },
        },
      },
    },
  ],
  ["Certificate", "own", { site: "own", issuer: { uploaded: { chain: pair.chain, privateKey: pair.key } } }],
  ["Certificate", "kept", { site: "kept", issuer: { uploaded: { chain: pair.chain, privateKey: sealed } } }],
  [
    "CronJob",
    "feed",
    {
      account: "acme",
      schedule: "*/15 8-18 * * mon-fri",
      timeZone: "Europe/Vienna",
      command: "true",
      environment: { MODE: "full" },
      secrets: { FEED_KEY: "secret" },
      onFailure: onFailure("0123456789abcdef"),
      runNow: moment,
    },
  ],
  [
    "CronJob",
    "sealed",
    {
      account: "acme",
      schedule: "@daily",
      command: "true",
      secrets: { FEED_KEY: sealed },
      onFailure: onFailure(sealed),
    },
  ],
  [
    "Database",
    "shop",
    {
      account: "acme",
      name: "acme_shop",
      users: [{ name: "shop", passwordVerifier: sqlDigest, hosts: ["localhost", "192.0.2.0/24", "2001:db8::7"] }],
    },
  ],
  ["Database", "kept", { account: "acme", users: [{ name: "kept", passwordVerifier: sealed }] }],
  [
    "Database",
    "wiki",
    {
      account: "acme",
      engine: "postgresql",
      name: "wiki",
      users: [{ name: "wiki_editor", passwordVerifier: scramVerifier("a long enough password", Buffer.alloc(16, 7)) }],
    },
  ],
  [
    "Node",
    "web1.example.org",
    {
      http: { addresses: ["192.0.2.1"] },
      trustedProxies: ["192.0.2.0/24"],
      acme: { directory: "https://acme.example.org/directory", email: "hostmaster@example.org", trust: root },
      webhooks: { allow: ["10.0.0.0/8"] },
    },
  ],
  ["Package", "starter", { description: "One site.", limits: bytes }],
  [
    "Php",
    "acme",
    {
      account: "acme",
      version: "8.2",
      ini: {
        memory_limit: "256M",
        upload_max_filesize: "64M",
        post_max_size: "64M",
        "date.timezone": "Europe/Vienna",
        "intl.default_locale": "de_AT",
      },
      extensions: { intl: true },
    },
  ],
  ["Restore", "path", { policy: "acme", snapshot: "0a1b2c3d", what: { path: "sites/shop/a b" }, runNow: moment }],
  ["Restore", "database", { policy: "acme", what: { database: "acme_shop" }, to: { beside: "copy" } }],
  [
    "Restore",
    "into",
    { policy: "acme", what: { database: "acme_shop", engine: "mariadb" }, to: { database: "acme_shop" } },
  ],
  ["Restore", "undone", { policy: "acme", undo: "path" }],
  [
    "Site",
    "shop",
    {
      account: "acme",
      domains: ["shop.example.org"],
      aliases: ["alias.example.org"],
      php: "acme",
      documentRoot: "public/web",
      redirects: { paths: [{ from: "/old", to: "https://new.example.org/a?b=1" }] },
      indexFiles: ["index.php"],
      errorPages: Object.fromEntries(statuses.map((status) => [`${status}`, "/sorry.html"])),
      maxUpload: "32M",
      protect: [{ path: "/admin", realm: "Members (staff)", users: [{ name: "editor", verifier: digest }] }],
      access: { allow: ["192.0.2.0/24"], deny: ["2001:db8:bad::/48"] },
      headers: {
        "Content-Security-Policy": "default-src 'self'",
        "Content-Security-Policy-Report-Only": "default-src 'self'",
        "Permissions-Policy": "camera=(self)",
        "X-Robots-Tag": "noindex",
        "Access-Control-Allow-Origin": "https://app.example.org",
        "Access-Control-Allow-Methods": "GET, POST",
        "Access-Control-Allow-Headers": "X-One",
      },
      noPhp: ["/uploads"],
      cache: { seconds: 10, bypassCookies: ["session"] },
    },
  ],
  ["Site", "own", { account: "acme", domains: ["own.example.org"] }],
  [
    "Site",
    "kept",
    {
      account: "acme",
      domains: ["kept.example.org"],
      protect: [{ path: "/", users: [{ name: "editor", verifier: sealed }] }],
    },
  ],
  ["SshKey", "laptop", { account: "acme", publicKey: key, expires: "2031-01-31T12:00:00Z" }],
]

/** What the certificate that is uploaded is for. */
export const certified = ["kept.example.org", "own.example.org", "shop.example.org"]

/** A certificate for those with its key, and whose it is, in PEM. */
export interface Trusted {
  readonly chain: string
  readonly key: string
  readonly root: string
}

export const fullest = (trusted: Trusted) =>
  specs(trusted).map(([kind, name, spec]) => ({
    apiVersion: "plumbline.dev/v1",
    kind,
    metadata: { name, labels: { "example.org/team": "web" }, annotations: { "example.org/note": "a word" } },
    spec,
  }))

export type Written = ReturnType<typeof fullest>[number]

export interface Found {
  readonly record: Written
  readonly place: Place
}

/** The first of them that has a text in the field. */
export const findWith = (records: ReadonlyArray<Written>, kind: KindName, field: TextField): Found | undefined => {
  for (const record of records) {
    const [place] = record.kind === kind ? placesOf(record, field) : []
    if (place !== undefined) return { record, place }
  }
  return undefined
}
