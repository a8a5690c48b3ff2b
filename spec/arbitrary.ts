/**
 * Arbitrary records of every kind, for property tests here and in the folders that render them.
 *
 * The one thing to know before changing it: these reach for the edges of each grammar (the longest name, all fields set,
 * names that YAML would take for numbers), because that is where an encoder breaks.
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import fc from "fast-check"
import { aPublicKey } from "./arbitrary-keys.ts"
import { parseCron } from "./cron.ts"
import { kindNames } from "./kind-names.ts"
import { printBytes } from "./names.ts"
import { Network } from "./network.ts"
import { errorPageStatuses } from "./site.ts"

const matching = (pattern: RegExp) => fc.stringMatching(pattern).filter((text) => !text.includes(".."))
const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined })

/** Leaves out the keys without a value. */
const present = <T extends object>(fields: fc.Arbitrary<T>) =>
  fields.map((given) => Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)))

export const accountName = fc.oneof(
  fc.constantFrom("acme", "null-x", "e10", "a", "y", "no", "true", `a${"b".repeat(30)}`),
  matching(/^[b-z][a-z0-9-]{0,28}[0-9]$/).filter((name) => !/^(plumb|systemd|xn--)/.test(name)),
)
export const recordName = fc.oneof(
  fc.constantFrom("shop", "0", "123", "1e3", "0x10", "null", "true", "on", "12-30", "a".repeat(63)),
  matching(/^[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?$/),
)
const domain = fc.oneof(
  fc.constantFrom(
    "example.org",
    "www.example.org",
    "xn--bcher-kva.example",
    "1.example.org",
    `${"a".repeat(63)}.example.org`,
  ),
  matching(/^[a-z]{1,10}(\.[a-z0-9]{1,10}){0,2}\.example\.org$/),
)
const pattern = fc.oneof(
  { weight: 4, arbitrary: domain },
  { weight: 1, arbitrary: domain.filter((name) => name.length < 250).map((name) => `*.${name}`) },
)
const size = (low: number, high: number) => fc.integer({ min: low, max: high }).map(printBytes)
const urlPath = fc.oneof(
  fc.constantFrom("/", "/a%20b", "/%C3%BCber/x", "/index.php"),
  matching(/^(\/[a-z0-9~_][A-Za-z0-9._~-]{0,8}){1,4}$/),
)
const target = fc.oneof(
  urlPath,
  urlPath.map((path) => `https://www.example.org:8443${path}?a=1&b=%20`),
  fc.constant("http://example.org"),
)
const areaPath = fc.oneof(
  fc.constantFrom("/a%20b", "/%C3%BCber", "/wp-login.php", "/a+b", "/%28x%29"),
  matching(/^(\/[a-z0-9~_][A-Za-z0-9._~-]{0,8}){1,4}$/),
)
const network = fc.oneof(
  fc.constantFrom("192.0.2.7", "192.0.2.0/24", "0.0.0.0/0", "2001:db8::/32", "2001:DB8:0::7", "::/0", "::1"),
  fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255)).map((numbers) => numbers.join(".")),
  fc.ipV6().filter((address) => !address.includes(".")),
)
const canonicalNetwork = Schema.decodeUnknownSync(Network)
/** As the API stores a secret. Nobody here can open it. */
const sealed = fc
  .uint8Array({ minLength: 30, maxLength: 90 })
  .map((bytes) => ({ sealed: Buffer.concat([Buffer.from("age-encryption.org/v1\n"), bytes]).toString("base64") }))
const verifier = fc.oneof(
  sealed,
  fc.constant(`$2y$05$${"./aZ9".repeat(10)}abc`),
  fc
    .tuple(matching(/^[./0-9A-Za-z]{1,16}$/), fc.constantFrom("", "rounds=1000$", "rounds=10000$"))
    .map(([salt, rounds]) => `$6$${rounds}${salt}$${"x./Z".repeat(21)}xy`),
)
const headers = present(
  fc.record({
    "Content-Security-Policy": optional(
      fc.constantFrom("default-src 'self'; img-src * data:", "upgrade-insecure-requests", "script-src 'sha256-ab+/='"),
    ),
    "Permissions-Policy": optional(fc.constantFrom('camera=(self "https://a.example.org"), usb=()', "fullscreen=*")),
    "Referrer-Policy": optional(fc.constantFrom("no-referrer", "same-origin")),
    "X-Frame-Options": optional(fc.constantFrom("DENY", "SAMEORIGIN")),
    "X-Robots-Tag": optional(fc.constantFrom("noindex, nofollow", "googlebot: noindex")),
    "Access-Control-Allow-Origin": optional(fc.constantFrom("*", "https://app.example.org:8443")),
    "Access-Control-Allow-Methods": optional(fc.constant("GET, POST")),
  }),
)
const relativePath = matching(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,9}(\/[A-Za-z0-9_][A-Za-z0-9._-]{0,9}){0,3}$/)
const fileName = matching(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,20}$/)

const text = fc.oneof(
  fc.constantFrom(
    "",
    "yes",
    "12:30",
    "# no comment",
    "- x",
    "{a",
    "a 'b'",
    "%x",
    "@x",
    "true",
    "~",
    "0o17",
    " lead",
    "trail ",
  ),
  fc.string({ unit: "grapheme-composite", maxLength: 40 }).filter((value) => !/[\p{C}\p{Zl}\p{Zp}\p{DI}]/u.test(value)),
)

const metadata = (name: fc.Arbitrary<string>) =>
  present(
    fc.record({
      name,
      labels: optional(
        fc.dictionary(
          matching(/^[a-z][a-z0-9.-]{0,10}[a-z0-9]$/),
          matching(/^([A-Za-z0-9][A-Za-z0-9._-]{0,10}[a-z0-9])?$/),
          { maxKeys: 4 },
        ),
      ),
      annotations: optional(
        fc.oneof(
          fc.constant({ "plumbline.dev/adopt": "true" }),
          fc.dictionary(matching(/^[a-z]{1,8}\.example\/[a-z0-9]{1,8}$/), text, { maxKeys: 3 }),
        ),
      ),
    }),
  )

const envelope = (kind: string, name: fc.Arbitrary<string>, spec: fc.Arbitrary<object>) =>
  fc.record({
    apiVersion: fc.constant("plumbline.dev/v1"),
    kind: fc.constant(kind),
    metadata: metadata(name),
    spec: present(spec),
  })

const perSecond = optional(size(64 * 1024, 64 * 1024 ** 3))
const operations = optional(fc.integer({ min: 10, max: 10_000_000 }))
const count = optional(fc.integer({ min: 0, max: 100_000 }))
const limits = present(
  fc.record({
    memory: optional(size(64 * 1024 ** 2, 1024 ** 4)),
    cpu: optional(fc.integer({ min: 1, max: 12800 })),
    tasks: optional(fc.integer({ min: 16, max: 32768 })),
    readBandwidth: perSecond,
    writeBandwidth: perSecond,
    readOperations: operations,
    writeOperations: operations,
    disk: optional(size(16 * 1024 ** 2, 512 * 1024 ** 4)),
    files: optional(fc.integer({ min: 1000, max: 1_000_000_000 })),
    sites: count,
    phps: optional(fc.integer({ min: 0, max: 100 })),
    databases: count,
    cronJobs: count,
    sshKeys: count,
  }),
)
const aPackage = fc.record({ description: optional(text), limits: optional(limits) })
const account = fc.record({
  uid: optional(fc.integer({ min: 10000, max: 59999 })),
  package: optional(recordName),
  limits: optional(limits),
  access: optional(
    present(
      fc.record({
        shell: fc.constantFrom("none", "sftp", "jail"),
        passwordVerifier: optional(fc.oneof(fc.constantFrom("none", `$6$${"s".repeat(16)}$${"h".repeat(86)}`), sealed)),
        endSessions: optional(fc.boolean()),
      }),
    ).filter((access) => access["shell"] === "sftp" || !("passwordVerifier" in access)),
  ),
  suspended: optional(fc.boolean()),
  suspension: optional(present(fc.record({ reason: optional(text.filter((value) => value.trim() !== "")) }))),
  comment: optional(text.filter((value) => !/[:,="\\]/.test(value))),
})

const php = fc.record({
  account: accountName,
  version: fc.constantFrom("7.4", "8.0", "8.1", "8.2", "8.3", "8.4"),
  ini: optional(
    present(
      fc.record({
        memory_limit: optional(size(16 * 1024 ** 2, 16 * 1024 ** 3)),
        upload_max_filesize: optional(size(1024 ** 2, 5 * 1024 ** 3)),
        post_max_size: optional(size(5 * 1024 ** 3, 10 * 1024 ** 3)),
        display_errors: optional(fc.boolean()),
        max_input_vars: optional(fc.integer({ min: 100, max: 100000 })),
        error_reporting: optional(fc.constantFrom("E_ALL", "E_ALL & ~E_NOTICE & ~E_DEPRECATED")),
        "date.timezone": optional(fc.constantFrom("UTC", "Europe/Vienna", "America/Argentina/Buenos_Aires")),
        "opcache.enable": optional(fc.boolean()),
      }),
    ),
  ),
  pool: optional(
    present(
      fc.record({
        mode: optional(fc.constantFrom("ondemand", "dynamic")),
        maxChildren: optional(fc.integer({ min: 1, max: 500 })),
        maxRequests: optional(fc.integer({ min: 0, max: 1000000 })),
        slowRequest: optional(fc.integer({ min: 1, max: 3600 })),
      }),
    ),
  ),
  extensions: optional(fc.dictionary(matching(/^[a-z][a-z0-9_]{0,10}$/), fc.boolean(), { maxKeys: 5 })),
})

const site = fc
  .record({
    account: accountName,
    primary: domain,
    names: fc.uniqueArray(pattern, { maxLength: 7 }),
    share: fc.nat(),
    redirects: optional(
      present(
        fc.record({
          www: optional(fc.constantFrom("add", "remove", "keep")),
          https: optional(fc.boolean()),
          paths: optional(
            fc.uniqueArray(
              present(
                fc.record({ from: urlPath, to: target, status: optional(fc.constantFrom(301, 302, 307, 308)) }),
              ).filter((one) => one["from"] !== one["to"]),
              { maxLength: 4, selector: (one) => decodeURIComponent(String(one["from"])) },
            ),
          ),
        }),
      ),
    ),
    documentRoot: optional(relativePath),
    php: optional(recordName),
    suspended: optional(fc.boolean()),
    indexFiles: optional(fc.uniqueArray(fileName, { maxLength: 5 })),
    errorPages: optional(fc.dictionary(fc.constantFrom(...errorPageStatuses), urlPath, { maxKeys: 5 })),
    maxUpload: optional(size(1024, 10 * 1024 ** 3)),
    protect: optional(
      fc.uniqueArray(
        present(
          fc.record({
            path: fc.oneof(fc.constant("/"), areaPath),
            realm: optional(fc.constantFrom("Members", "Only for us (staff), please")),
            users: fc.uniqueArray(fc.record({ name: matching(/^[A-Za-z0-9][A-Za-z0-9._@-]{0,12}$/), verifier }), {
              maxLength: 3,
              selector: ({ name }) => name,
            }),
          }),
        ),
        { maxLength: 3, selector: (area) => area["path"] },
      ),
    ),
    access: optional(
      present(
        fc.record({
          allow: optional(fc.uniqueArray(network, { maxLength: 3, selector: canonicalNetwork })),
          deny: optional(fc.uniqueArray(network, { maxLength: 3, selector: canonicalNetwork })),
        }),
      ),
    ),
    limits: optional(
      present(
        fc.record({
          requestsPerSecond: optional(fc.integer({ min: 1, max: 10_000 })),
          burst: optional(fc.integer({ min: 0, max: 10_000 })),
          connections: optional(fc.integer({ min: 1, max: 1000 })),
        }),
      ),
    ),
    securityHeaders: optional(fc.constantFrom("standard", "none")),
    headers: optional(headers),
    compression: optional(fc.boolean()),
    noPhp: optional(fc.uniqueArray(areaPath, { maxLength: 3 })),
    cache: optional(
      present(
        fc.record({
          seconds: fc.integer({ min: 1, max: 3600 }),
          bypassCookies: optional(fc.uniqueArray(matching(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,12}$/), { maxLength: 3 })),
        }),
      ),
    ),
    logs: optional(present(fc.record({ days: optional(fc.integer({ min: 1, max: 400 })) }))),
    tls: optional(present(fc.record({ minimumVersion: optional(fc.constantFrom("1.2", "1.3")) }))),
  })
  .map(({ primary, names: more, share, ...rest }) => {
    const names = [primary, ...more.filter((name) => name !== primary)]
    const domains = names.slice(0, 1 + (share % names.length))
    return { ...rest, domains, aliases: names.slice(domains.length) }
  })

const databaseName = fc.oneof(
  fc.constantFrom("acme_shop", "a-b", "0", "1e3", "null", "x".repeat(64), `${"a_".repeat(21)}a`),
  matching(/^[a-z0-9][a-z0-9_-]{0,20}[0-9]$/).filter((name) => !name.startsWith("plumb")),
)
const databaseUser = present(
  fc.record({
    name: matching(/^[a-z0-9][a-z0-9_-]{0,20}[0-9]$/).filter((name) => !name.startsWith("plumb")),
    access: optional(fc.constantFrom("read-only", "read-write", "admin")),
    passwordVerifier: optional(fc.oneof(matching(/^\*[0-9A-F]{40}$/), sealed)),
    hosts: optional(
      fc.uniqueArray(fc.constantFrom("localhost", "192.0.2.7", "192.0.2.0/24", "10.0.0.0/8", "2001:db8::7", "::1"), {
        minLength: 1,
        maxLength: 4,
      }),
    ),
  }),
)
const database = fc
  .record({
    account: accountName,
    name: optional(databaseName),
    encoding: fc.constantFrom<object>(
      {},
      { engine: "mariadb" },
      { characterSet: "latin1" },
      { characterSet: "utf8mb4", collation: "utf8mb4_german2_ci" },
      { characterSet: "ascii", collation: "ascii_bin" },
    ),
    users: optional(fc.uniqueArray(databaseUser, { maxLength: 3, selector: (user) => user["name"] })),
  })
  .map(({ encoding, ...rest }) => ({ ...rest, ...encoding }))

const node = fc.record({
  mode: optional(fc.constantFrom("enforce", "observe")),
  selfHeal: optional(fc.boolean()),
  selfHealExcept: optional(fc.subarray([...kindNames])),
  prune: optional(present(fc.record({ maxShare: optional(fc.integer({ min: 1, max: 100 })) }))),
  trashRetentionDays: optional(fc.integer({ min: 1, max: 3650 })),
  http: optional(
    present(
      fc.record({
        port: optional(fc.integer({ min: 1, max: 65535 })),
        httpsPort: optional(fc.oneof(fc.constant("none"), fc.integer({ min: 1, max: 65535 }))),
      }),
    ),
  ),
  trustedProxies: optional(fc.uniqueArray(network, { maxLength: 3, selector: canonicalNetwork })),
  acme: optional(present(fc.record({ email: optional(fc.constant("hostmaster@example.org")) }))),
})

// A record gives its database the name, which must not be one of the server's own.
const databaseRecordName = recordName.filter(
  (name) => !/^(plumb.*|mysql|sys|test|innodb|phpmyadmin|lost-found|(information|performance)-schema)$/.test(name),
)
const sshKey = fc.record({
  account: accountName,
  publicKey: aPublicKey,
  expires: optional(fc.constantFrom("2027-01-31", "2028-02-29T23:59:59Z")),
})

const cronItem = (low: number, high: number) =>
  fc
    .tuple(
      fc.integer({ min: low, max: high }),
      fc.integer({ min: low, max: high }),
      fc.nat(3),
      fc.integer({ min: 1, max: Math.min(high, 12) }),
    )
    .map(([a, b, shape, step]) => {
      const range = `${Math.min(a, b)}-${Math.max(a, b)}`
      return [`${a}`, range, `${range}/${step}`, `${a}`][shape] ?? ""
    })
const cronField = (low: number, high: number) =>
  fc.oneof(
    { weight: 3, arbitrary: fc.constant("*") },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: high }).map((step) => `*/${step}`) },
    {
      weight: 3,
      arbitrary: fc.array(cronItem(low, high), { minLength: 1, maxLength: 3 }).map((items) => items.join(",")),
    },
  )
/** Five fields, of which each may be anything. */
export const cronExpression = fc
  .tuple(cronField(0, 59), cronField(0, 23), cronField(1, 31), cronField(1, 12), cronField(0, 6))
  .map((all) => all.join(" "))
  .filter((text) => Result.isSuccess(parseCron(text)))

const cronJob = fc.record({
  account: accountName,
  schedule: fc.oneof(cronExpression, fc.constantFrom("@daily", "@weekly", "*/5 8-18 * jan,Jul-SEP mon-fri")),
  timeZone: optional(fc.constantFrom("UTC", "Europe/Vienna", "America/Argentina/Buenos_Aires")),
  command: fc.oneof(
    fc.constantFrom("true", "php -r 'echo \"100%\n\";'", "echo $HOME\n\n\techo `date +%F` # no\n", " lead", "trail "),
    text.filter((value) => value.trim() !== ""),
  ),
  environment: optional(fc.dictionary(matching(/^[A-Za-z_][A-Za-z0-9_]{0,10}$/), text, { maxKeys: 3 })),
  // Longer than any name above, so that none stands in both.
  secrets: optional(fc.dictionary(matching(/^SECRET_[A-Z]{5}$/), fc.oneof(text, sealed), { maxKeys: 3 })),
  timeLimit: optional(fc.integer({ min: 1, max: 604_800 })),
  overlap: optional(fc.constantFrom("skip", "queue", "allow")),
  paused: optional(fc.boolean()),
  onFailure: optional(
    fc.constantFrom(
      {},
      { mail: ["ada@example.org", "a.b+c_d-e@sub.example.org"] },
      { webhook: { url: "https://hooks.example.org:8443/a?b=%20&c", secret: "0123456789abcdef" } },
      { mail: ["no@example.org"], webhook: { url: "http://[2001:db8::1]/", secret: "whsec_MDEyMzQ1Njc4OWFiY2RlZg==" } },
    ),
  ),
  runNow: optional(fc.constantFrom("2031-04-05T18:00:00.000Z", "1999-12-31T23:59:59.999Z")),
})

const certificate = fc.record({
  site: recordName,
  issuer: optional(
    fc.record({
      acme: present(
        fc.record({
          directory: optional(fc.constantFrom("https://acme.example.org/directory", "https://ca.example:14000/dir")),
          email: optional(fc.constant("hostmaster@example.org")),
          challenge: optional(fc.constantFrom("http-01", { dns01: "example-dns" })),
        }),
      ),
    }),
  ),
})
const moment = fc.constantFrom("2031-04-05T18:00:00.000Z", "1999-12-31T23:59:59.999Z")
const repository = fc.oneof(
  recordName.map((name) => ({ local: { path: `/var/backups/plumbline/${name}` } })),
  fc
    .record({
      endpoint: fc.constantFrom("https://fsn1.example.org", "https://192.0.2.7:9000"),
      bucket: matching(/^[a-z0-9][a-z0-9-]{1,20}[a-z0-9]$/),
      prefix: optional(fc.constantFrom("backups/acme", "_x", "a.b_c")),
      region: optional(fc.constantFrom("fsn1", "eu-central-1")),
      accessKey: matching(/^[A-Za-z0-9+/=]{1,20}$/),
      secretKey: matching(/^[A-Za-z0-9+/=]{1,20}$/),
    })
    .map((s3) => ({ s3: Object.fromEntries(Object.entries(s3).filter(([, value]) => value !== undefined)) })),
)
const backupPolicy = fc.record({
  account: accountName,
  repository,
  password: optional(matching(/^[!-~]{16,40}$/)),
  schedule: optional(cronExpression),
  timeZone: optional(fc.constantFrom("UTC", "Europe/Vienna")),
  retention: optional(
    fc.record({ daily: fc.integer({ min: 1, max: 366 }), monthly: fc.integer({ min: 0, max: 120 }) }),
  ),
  excludes: optional(
    fc.uniqueArray(fc.constantFrom("*.log", "sites/*/public/cache", "größe", "a b/c"), { maxLength: 3 }),
  ),
  check: optional(cronExpression),
  paused: optional(fc.boolean()),
  runNow: optional(moment),
})
const restore = fc.record({
  policy: recordName,
  snapshot: optional(fc.constantFrom("latest", "0a1b2c3d")),
  what: optional(
    fc.constantFrom("everything", "files", { path: "sites/shop/public/a größe" }, { database: "acme_shop" }),
  ),
  to: optional(
    fc.oneof(
      fc.constant("place"),
      recordName.map((beside) => ({ beside })),
    ),
  ),
  runNow: optional(moment),
})
const backup = fc.record({ policy: recordName, runNow: optional(moment) })

const nodeName = fc.oneof(recordName, fc.constantFrom("web1.example.org", "0.0", "1.5"))

/** Records as people write them, of each kind. They are valid, but nothing has checked that. */
export const writtenRecord = fc.oneof(
  envelope("Account", accountName, account),
  envelope("Certificate", recordName, certificate),
  envelope("Backup", recordName, backup),
  envelope("BackupPolicy", recordName, backupPolicy),
  envelope("CronJob", recordName, cronJob),
  envelope("Database", databaseRecordName, database),
  envelope("Node", nodeName, node),
  envelope("Package", recordName, aPackage),
  envelope("Php", recordName, php),
  envelope("Restore", recordName, restore),
  envelope("Site", recordName, site),
  envelope("SshKey", recordName, sshKey),
)
