import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { Controller, Desired } from "../reconciler/contract/controller.ts"
import type { Resource } from "../reconciler/contract/resource.ts"
import { account } from "./account.ts"
import { backupPolicy } from "./backup-policy.ts"
import { certificate } from "./certificate.ts"
import { cronJob } from "./cron-job.ts"
import { database } from "./database.ts"
import { php } from "./php.ts"
import { restore } from "./restore.ts"
import { hostile } from "./samples/hostile.ts"
import { type Directive, parseNginx } from "./samples/nginx-tokens.ts"
import {
  aBackupPolicy,
  aCertificate,
  aCronJob,
  aDatabase,
  anAccount,
  anSshKey,
  aPhp,
  aRestore,
  aSite,
  liveFacts,
  overSftp,
  renderOf,
  resourcesOf,
} from "./samples/records.ts"
import { everything } from "./samples/web.ts"
import { site } from "./site.ts"
import { sshKey } from "./ssh-key.ts"

const site1 = aSite("shop", {
  php: "acme",
  aliases: ["alias.example.org"],
  redirects: { www: "add", paths: [{ from: "/a", to: "/b" }] },
  errorPages: { "404": "/404.html" },
})
const secure = aSite("secure", {
  domains: ["secure.example.org"],
  redirects: { https: true },
  tls: { minimumVersion: "1.3", hsts: { maxAge: 31_536_000, includeSubDomains: true, preload: true } },
})
const others = [anAccount("acme"), aPhp("acme"), secure, aCertificate("secure")]
const php1 = aPhp("acme", { ini: { memory_limit: "64M", "date.timezone": "UTC" }, pool: { mode: "dynamic" } })

/** The record with one of its strings or numbers, or its name, replaced; `at` counts them. */
const tampered = <Spec>(record: Desired<Spec>, at: number, value: string): Desired<Spec> => {
  let seen = 1
  const visit = (inner: unknown): unknown => {
    if (typeof inner === "string" || typeof inner === "number") return seen++ === at ? value : inner
    if (Array.isArray(inner)) return inner.map(visit)
    if (typeof inner === "object" && inner !== null)
      return Object.fromEntries(Object.entries(inner).map(([key, deeper]) => [key, visit(deeper)]))
    return inner
  }
  return { ...record, name: at === 0 ? value : record.name, spec: visit(record.spec) as Spec }
}

const contentOf = ({ spec }: Resource): string =>
  typeof spec === "object" && spec !== null && "content" in spec ? String(spec.content) : ""

/** Everything that is rendered from such records, one resource at a time. */
const everyResource = <Spec>(
  controller: Controller<Spec>,
  record: Desired<Spec>,
  check: (resource: Resource, content: string) => void,
) =>
  fc.assert(
    fc.property(fc.nat(60), hostile, (at, value) => {
      const rendered = renderOf(controller, tampered(record, at, value), liveFacts, others)
      if (rendered.outcome === "resources") for (const each of rendered.resources) check(each, contentOf(each))
    }),
    { numRuns: 2000 },
  )

/** What a vhost may say beside its servers. */
const atTop = ["log_format", "server", "map", "limit_req_zone", "limit_conn_zone", "fastcgi_cache_path"]

const namesOf = (directives: ReadonlyArray<Directive>): ReadonlyArray<string> =>
  directives.flatMap(({ block, words }) => [
    words[0] ?? "",
    // What stands in a map is data: pairs.
    ...(block === undefined || words[0] === "map" ? [] : namesOf(block)),
  ])
const blocksOf = (directives: ReadonlyArray<Directive>): number =>
  directives.reduce((sum, { block }) => sum + (block === undefined ? 0 : 1 + blocksOf(block)), 0)

const linesOf = (content: string): ReadonlyArray<string> =>
  content.split("\n").map((line) => (line.startsWith("[") ? "[section]" : line.replace(/ = .*/, "")))

describe("a record that was tampered with", () => {
  it.each([site1, aSite("all", everything), secure, { ...site1, spec: { ...site1.spec, suspended: true } }])(
    "gives a vhost of the same directives, or none",
    (record) => {
      const sound = resourcesOf(renderOf(site, record, liveFacts, others))
        .filter(({ kind }) => kind === "nginx-member")
        .map(contentOf)
        .map(parseNginx)
      const known = new Set(sound.flatMap(namesOf))
      const most = Math.max(...sound.map(blocksOf))
      everyResource(site, record, ({ id }, content) => {
        if (id.startsWith("/etc/plumbline/nginx/passwords/"))
          return expect(content).toMatch(/^(?:[\w.@-]+:\$[26][\w./$=-]+\n)*$/)
        if (id.startsWith("/etc/plumbline/logrotate/"))
          return expect(content).toMatch(
            /^"\/var\/log\/plumbline\/sites\/[\w-]+\/\*\.log" \{\n\s+rotate \d+\n\s+maxage \d+\n\s+ifempty\n\}\n$/,
          )
        expect(id).toMatch(
          /^(?:\/home\/acme\/sites|\/var\/log\/plumbline\/sites|\/var\/lib\/plumbline\/nginx\/cache|sites)\/[\w./-]+$/,
        )
        const parsed = parseNginx(content)
        expect(namesOf(parsed).filter((name) => !known.has(name))).toEqual([])
        // At most one server more than before, with its location: another name may have to be redirected.
        expect(blocksOf(parsed)).toBeLessThanOrEqual(most + 2)
        for (const { block = [], words } of parsed) {
          expect(atTop).toContain(words[0])
          if (words[0] === "map") for (const pair of block) expect(pair).toEqual({ words: expect.anything() })
        }
      })
    },
  )

  it("gives a pool and a php.ini of the same lines, or none", () => {
    const sound = [php1, aPhp("acme")].flatMap((record) => resourcesOf(renderOf(php, record, liveFacts, others)))
    const known = new Set(sound.map(contentOf).flatMap(linesOf))
    everyResource(php, php1, ({ id }, content) => {
      expect(id).toMatch(
        /^(?:\/etc\/plumbline\/php\/\d\.\d\/acme\.\w+|\/etc\/plumbline\/logrotate\/php-\d\.\d-acme|plumb-php\d\.\d@acme\.service|php\/[\w-]+\.conf)$/,
      )
      if (id.startsWith("php/")) expect(namesOf(parseNginx(content))).toEqual(["upstream", "server"])
      else expect(linesOf(content).filter((line) => !known.has(line))).toEqual([])
    })
  })

  it("gives a database and users of a plain name, with hosts and rights of no wildcard, or none", () => {
    const record = aDatabase("shop", {
      name: "acme_shop",
      users: [{ name: "shop", passwordVerifier: `*${"0A".repeat(20)}`, hosts: ["192.0.2.0/24", "2001:db8::1"] }],
    })
    everyResource(database, record, ({ id, spec }) => {
      expect(id).toMatch(/^(\/etc\/plumbline\/databases\/[a-z0-9-]+\.)?[a-z0-9][a-z0-9_-]{0,63}$/)
      expect(["mysql", "root", "sys"]).not.toContain(id)
      // The name of the record is a text of the note beside the database, and nothing that the server reads.
      expect(JSON.stringify({ ...(spec as object), record: "" })).not.toMatch(/%|`|'|\\/)
    })
  })

  it("gives a cron job's files of the same arguments, or none", () => {
    const onFailure = {
      mail: ["ada@example.org"],
      webhook: { url: "https://hooks.example.org/", secret: "0123456789abcdef" },
    }
    const record = aCronJob("feed", { environment: { KEY: "value" }, onFailure, runNow: "2026-01-02T03:04:05.678Z" })
    const argumentsOf = (content: string) =>
      content.split("\n").map((line) => line.replace(/^(?:[0-9a-f-]{36}|skip|queue|allow)$|=[^=]*$/, ""))
    const known = new Set(
      resourcesOf(renderOf(cronJob, record, liveFacts, others)).flatMap((each) => argumentsOf(contentOf(each))),
    )
    everyResource(cronJob, record, ({ id, kind, spec }, content) => {
      expect(id).toMatch(
        /^(?:\/etc\/plumbline\/(?:cron\/[a-z0-9-]+\.(?:job|command|environment)|notify\/CronJob\.[a-z0-9-]+)|plumb-cron(?:-each)?@[a-z0-9\\x]+\.timer|CronJob\.[a-z0-9-]+)$/,
      )
      if (id.includes("/notify/"))
        expect(JSON.parse(content)).toEqual({
          mail: [expect.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._+-]*@[A-Za-z0-9.-]+$/)],
          webhook: {
            url: expect.stringMatching(/^https?:\/\/[!-~]+$/),
            secret: expect.stringMatching(/^[!-~]{16,200}$/),
          },
        })
      if (id.endsWith(".job")) expect(argumentsOf(content).filter((line) => !known.has(line))).toEqual([])
      if (id.endsWith(".environment")) expect(content).toMatch(/^[A-Za-z_][A-Za-z0-9_]*="(?:[^"\\$`\n]|\\["\\$`])*"\n$/)
      if (kind === "timer")
        expect(JSON.stringify(spec)).toMatch(
          /^\{"calendar":\["[A-Za-z0-9 .,:*_/+-]+"(?:,"[A-Za-z0-9 .,:*_/+-]+")?\]\}$/,
        )
    })
  })

  it("gives a certificate for plain names, ordered from a plain address, or none", () => {
    const record = aCertificate("secure", {
      issuer: { acme: { email: "hostmaster@example.org", challenge: { dns01: "example-dns" } } },
    })
    everyResource(certificate, record, ({ id, spec }) => {
      expect(id).toBe("secure")
      expect(JSON.stringify(spec)).toMatch(
        /^\{"group":"www-data","names":\["secure.example.org"\],"source":\{"by":"order","wish":\{"names":\["secure.example.org"\],"directory":"https:\/\/[a-z0-9.:/-]+","email":"[A-Za-z0-9._+-]+@[a-z0-9.-]+","trust":null,"hook":"example-dns","addresses":\[\],"group":"www-data"\}\}\}$/,
      )
    })
  })

  it("gives a policy's files for root alone, of arguments that restic takes for none of its options, or none", () => {
    const record = aBackupPolicy("acme", {
      repository: {
        s3: {
          endpoint: "https://s3.example.org",
          bucket: "acme",
          prefix: "a/b",
          accessKey: "key",
          secretKey: "secret",
        },
      },
      excludes: ["*.log", "sites/*/cache"],
      onFailure: { mail: ["ada@example.org"] },
      runNow: "2026-01-02T03:04:05.678Z",
    })
    everyResource(backupPolicy, record, ({ id, spec }, content) => {
      expect(id).toMatch(
        /^(?:\/etc\/plumbline\/(?:backups\/[a-z0-9-]+\.(?:json|environment|ca)|notify\/BackupPolicy\.[a-z0-9-]+)|\/var\/lib\/plumbline\/backups\/[a-z0-9-]+|plumb-(?:backup|check|drill)@[a-z0-9\\x]+\.timer|BackupPolicy\.[a-z0-9-]+)$/,
      )
      if (id.endsWith(".environment"))
        for (const line of content.trimEnd().split("\n")) expect(line).toMatch(/^[A-Z_]+="(?:[^"\\$`]|\\["\\$`])*"$/)
      if (id.endsWith(".json")) {
        const { excludes, repository } = JSON.parse(content)
        expect(repository).toMatch(/^s3:https:\/\/[a-z0-9.:-]+\/[a-z0-9-]+\/[A-Za-z0-9._/-]+$/)
        for (const one of excludes) expect(one).not.toMatch(/^[-!#]|[$\p{Cc}]|(^|\/)\.\.(\/|$)/u)
      }
      expect(JSON.stringify({ ...(spec as object), content: "" })).not.toContain("correct-horse-battery")
    })
  })

  it("gives a repository on an SFTP server as options, lines and a key of their own grammars, or none", () => {
    const record = aBackupPolicy("acme", { repository: overSftp })
    everyResource(backupPolicy, record, ({ id }, content) => {
      if (id.endsWith(".hosts")) expect(content).toMatch(/^(?:repository [a-z0-9@.-]+ [A-Za-z0-9+/]+=*\n)+$/)
      if (id.endsWith(".identity"))
        expect(content).toMatch(/^-----BEGIN [A-Z ]+-----\n(?:[A-Za-z0-9+/]+=*\n)+-----END [A-Z ]+-----\n$/)
      if (!id.endsWith(".json")) return
      const { repository, sftp } = JSON.parse(content)
      expect(repository).toMatch(/^sftp:repository:\/?[A-Za-z0-9_][A-Za-z0-9._/-]*$/)
      expect(repository).not.toMatch(/\/\.|\/-/)
      expect(sftp).toEqual({
        host: expect.stringMatching(/^[a-z0-9:][a-z0-9:.-]*$/),
        port: expect.any(Number),
        user: expect.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9._-]*$/),
      })
      expect(content).not.toContain("PRIVATE KEY")
    })
  })

  // Found by a property test: it was taken, and restic was given it behind --exclude=.
  it("gives nothing for a pattern that begins with a dash", () => {
    const record = aBackupPolicy("acme")
    for (const pattern of ["-", "-x", "--exclude-file=x", "-x/y"])
      expect(
        renderOf(backupPolicy, { ...record, spec: { ...record.spec, excludes: [pattern] } }, liveFacts, others),
      ).toMatchObject({ outcome: "stalled", reason: "UnsafeValue" })
  })

  it("gives a restore of one backup, into the home and nowhere else, or none", () => {
    const policy = aBackupPolicy("acme")
    const record = aRestore("back", {
      what: { path: "sites/shop" },
      to: { beside: "copy" },
      runNow: "2026-01-02T03:04:05.678Z",
    })
    fc.assert(
      fc.property(fc.nat(12), hostile, (at, value) => {
        const rendered = renderOf(restore, tampered(record, at, value), liveFacts, [...others, policy])
        if (rendered.outcome !== "resources") return
        for (const { id, kind, spec } of rendered.resources) {
          expect(id).toMatch(/^(?:\/etc\/plumbline\/backups\/[a-z0-9-]+\.restore|Restore\.[a-z0-9-]+)$/)
          if (kind !== "file") continue
          const { beside, snapshot, what } = JSON.parse(contentOf({ spec } as Resource))
          expect(snapshot).toMatch(/^(latest|[0-9a-f]{8}|[0-9a-f]{64})$/)
          expect(beside ?? "none").toMatch(/^[a-z0-9-]+$/)
          if (what.path !== undefined) expect(what.path).not.toMatch(/^[-/]|\p{Cc}|(^|\/)\.{0,2}(\/|$)/u)
        }
      }),
    )
  })

  it("gives an account's own things, or none", () => {
    everyResource(account, anAccount("acme", { comment: "Acme", access: { shell: "jail" } }), ({ id, spec }) => {
      expect(id).toMatch(/^(?:\/home\/|\/etc\/plumbline\/ssh\/keys\/|\/var\/log\/plumbline\/accounts\/)?[\w.@/\\-]+$/)
      expect(id).not.toContain("..")
      expect(JSON.stringify(spec)).not.toMatch(/\\n|\\u0000/)
    })
  })

  it("gives one key of one line behind our own options, or none", () => {
    everyResource(sshKey, anSshKey("laptop", { expires: "2027-01-31" }), ({ id }, content) => {
      expect(id).toMatch(/^\/etc\/plumbline\/ssh\/keys\/acme\/[a-z0-9-]+\.pub$/)
      expect(content).toMatch(
        /^restrict,pty(,expiry-time="\d{14}Z")? (sk-)?(ssh|ecdsa)-[a-z0-9@.-]+ [A-Za-z0-9+/]+=*( [^\p{Cc}\p{Zl}\p{Zp}]+)?\n$/u,
      )
    })
  })
})
