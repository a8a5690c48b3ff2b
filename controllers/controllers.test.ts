import { describe, expect, it } from "vitest"
import type { Controller } from "../reconciler/contract/controller.ts"
import type { Facts } from "../reconciler/contract/facts.ts"
import type { Resource } from "../reconciler/contract/resource.ts"
import type { AccountSpec } from "../spec/account.ts"
import type { DatabaseSpec } from "../spec/database.ts"
import type { PhpSpec } from "../spec/php.ts"
import type { SiteSpec } from "../spec/site.ts"
import { account } from "./account.ts"
import { cronJob } from "./cron-job.ts"
import { database } from "./database.ts"
import { controllers } from "./index.ts"
import { node } from "./node.ts"
import { php } from "./php.ts"
import {
  aCronJob,
  aDatabase,
  aNode,
  anAccount,
  anSshKey,
  aPhp,
  aSite,
  desired,
  directoryFacts,
  liveFacts,
  renderOf,
  resourcesOf,
} from "./samples/records.ts"
import { site } from "./site.ts"
import { sshKey } from "./ssh-key.ts"

const acme = anAccount("acme")
const sampleVerifier = `$6$${"s".repeat(16)}$${"h".repeat(86)}`
const contentOf = (resources: ReturnType<typeof resourcesOf>, id: string): string => {
  const spec = resources.find((resource) => resource.id === id)?.spec
  return typeof spec === "object" && spec !== null && "content" in spec ? String(spec.content) : ""
}

describe("the controllers", () => {
  it("are one a kind", () => {
    expect(controllers.map(({ kind }) => kind)).toEqual([
      "Node",
      "Package",
      "Account",
      "Php",
      "Site",
      "Certificate",
      "Database",
      "CronJob",
      "SshKey",
      "BackupPolicy",
      "Backup",
      "Restore",
    ])
  })
})

/** What differs between two renders of one record, and the fields that it says explain it. */
const touched = (before: ReadonlyArray<Resource>, after: ReadonlyArray<Resource>) => {
  const known = new Set(before.map(({ id, kind, spec }) => JSON.stringify([kind, id, spec])))
  return after.filter(({ id, kind, spec }) => !known.has(JSON.stringify([kind, id, spec])))
}

describe("every field that changes a resource is among those that explain it", () => {
  const others = [acme, anAccount("blue-fern"), aPhp("acme"), aPhp("other"), aPhp("fern", { account: "blue-fern" })]
  const check = <Spec>(
    controller: Controller<Spec>,
    name: string,
    [before, after]: readonly [Spec, Spec],
    field: string,
  ) => {
    const render = (spec: Spec) =>
      resourcesOf(renderOf(controller, desired(controller.kind, name, spec), liveFacts, others))
    const changed = touched(render(before), render(after))
    expect(changed.length).toBeGreaterThan(0)
    const explains = (one: string) => field === one || field.startsWith(`${one}.`)
    expect(changed.filter(({ fields }) => !fields.some(explains)).map(({ id }) => id)).toEqual([])
    for (const { fields } of changed) expect(fields).not.toContain("spec")
  }

  it.each<readonly [string, Partial<typeof SiteSpec.Encoded>]>([
    ["spec.domains", { domains: ["other.example.org"] }],
    ["spec.aliases", { aliases: ["alias.example.org"] }],
    ["spec.redirects.www", { redirects: { www: "add" } }],
    ["spec.redirects.https", { redirects: { https: true } }],
    ["spec.redirects.paths", { redirects: { paths: [{ from: "/a", to: "/b" }] } }],
    ["spec.documentRoot", { documentRoot: "web/app" }],
    ["spec.php", { php: "other" }],
    ["spec.account", { account: "blue-fern", php: "fern" }],
    ["spec.suspended", { suspended: true }],
    ["spec.indexFiles", { indexFiles: ["start.html"] }],
    ["spec.errorPages", { errorPages: { "404": "/404.html" } }],
    ["spec.maxUpload", { maxUpload: "1G" }],
    ["spec.protect", { protect: [{ path: "/admin", users: [] }] }],
    ["spec.access", { access: { deny: ["192.0.2.7"] } }],
    ["spec.limits", { limits: { requestsPerSecond: 9, connections: 9 } }],
    ["spec.securityHeaders", { securityHeaders: "none" }],
    ["spec.headers", { headers: { "X-Frame-Options": "DENY" } }],
    ["spec.compression", { compression: false }],
    ["spec.noPhp", { noPhp: ["/uploads"] }],
    ["spec.cache", { cache: { seconds: 5 } }],
    ["spec.logs", { logs: { days: 3 } }],
  ])("Site, %s", (field, change) => {
    const base = { php: "acme" }
    check(site, "shop", [aSite("shop", base).spec, aSite("shop", { ...base, ...change }).spec], field)
    if (!/domains|aliases|www/.test(field)) return
    const suspended = { ...base, suspended: true }
    check(site, "shop", [aSite("shop", suspended).spec, aSite("shop", { ...suspended, ...change }).spec], field)
  })

  it.each<readonly [string, typeof AccountSpec.Encoded]>([
    ["spec.uid", { uid: 10002 }],
    ["spec.comment", { comment: "Acme" }],
    ["spec.limits.memory", { limits: { memory: "1G" } }],
    ["spec.limits.cpu", { limits: { cpu: 50 } }],
    ["spec.limits.tasks", { limits: { tasks: 50 } }],
    ["spec.access.shell", { access: { shell: "sftp" } }],
    ["spec.access.shell", { access: { shell: "jail" } }],
    ["spec.access.endSessions", { access: { endSessions: false } }],
  ])("Account, %s", (field, change) => {
    check(account, "acme", [acme.spec, anAccount("acme", change).spec], field)
  })

  it.each<readonly [string, Partial<typeof DatabaseSpec.Encoded>]>([
    ["spec.name", { name: "other" }],
    ["spec.characterSet", { characterSet: "latin1" }],
    ["spec.collation", { collation: "utf8mb4_bin" }],
    ["spec.users", { users: [{ name: "shop", access: "admin" }] }],
    ["spec.users", { users: [{ name: "shop", hosts: ["192.0.2.7"] }] }],
  ])("Database, %s", (field, change) => {
    const base = { users: [{ name: "shop" }] }
    check(database, "shop", [aDatabase("shop", base).spec, aDatabase("shop", { ...base, ...change }).spec], field)
  })

  it.each<readonly [string, Partial<typeof PhpSpec.Encoded>]>([
    ["spec.account", { account: "blue-fern" }],
    ["spec.version", { version: "7.4" }],
    ["spec.ini", { ini: { memory_limit: "64M" } }],
    ["spec.pool.maxChildren", { pool: { maxChildren: 9 } }],
    ["spec.pool.slowRequest", { pool: { slowRequest: 9 } }],
    ["spec.extensions", { extensions: { gd: false } }],
  ])("Php, %s", (field, change) => {
    check(php, "acme", [aPhp("acme").spec, aPhp("acme", change).spec], field)
  })
})

describe("Database", () => {
  const shop = { users: [{ name: "shop" }] }

  it("stalls where there is no server, and says what to install", () => {
    const facts = { ...liveFacts, mariadb: null }
    expect(renderOf(database, aDatabase("shop"), facts, [acme])).toMatchObject({
      outcome: "stalled",
      reason: "MariadbAbsent",
      mend: "Install mariadb-server on the node.",
    })
  })

  it("waits for its account", () => {
    expect(renderOf(database, aDatabase("shop"), liveFacts)).toMatchObject({ outcome: "waiting", name: "acme" })
  })

  it("gives nobody a right to pass rights on, to files, or to anything beyond the database", () => {
    for (const access of ["read-only", "read-write", "admin"] as const) {
      const record = aDatabase("shop", { users: [{ name: "shop", access }] })
      const [, user] = resourcesOf(renderOf(database, record, liveFacts, [acme]))
      expect(JSON.stringify(user)).not.toMatch(/GRANT OPTION|FILE|SUPER|ALL|PROCESS|SET USER/)
    }
  })

  it("lets nobody in before there is a password", () => {
    const [, user] = resourcesOf(renderOf(database, aDatabase("shop", shop), liveFacts, [acme]))
    expect(user?.spec).toMatchObject({ verifier: null, hosts: ["localhost"] })
  })

  it("stalls on names that are the server's, or mean more than they say, wherever the record comes from", () => {
    for (const name of ["mysql", "sys", "a`b", "a'b", "a%", "A", "", "a".repeat(65), "a_".repeat(32), "../x"]) {
      const record = aDatabase("shop", shop)
      const tampered = { ...record, spec: { ...record.spec, name: name as never } }
      expect(renderOf(database, tampered, liveFacts, [acme])).toMatchObject({ reason: "UnsafeValue" })
    }
  })
})

describe("Database on PostgreSQL", () => {
  const wiki = (spec: Partial<typeof DatabaseSpec.Encoded> = {}) =>
    aDatabase("acme-wiki", { engine: "postgresql", users: [{ name: "wiki" }], ...spec })

  it("stalls where there is no server, and says what to install", () => {
    for (const facts of [{ ...liveFacts, postgresql: null }, (({ postgresql: _, ...rest }) => rest)(liveFacts)])
      expect(renderOf(database, wiki(), facts, [acme])).toMatchObject({
        reason: "PostgresqlAbsent",
        mend: "Install postgresql on the node.",
      })
  })

  it("writes down for the backups whose it is, and where", () => {
    expect(renderOf(database, wiki(), liveFacts, [acme])).toMatchObject({
      resources: expect.arrayContaining([
        expect.objectContaining({
          id: "/etc/plumbline/databases/acme.acme_wiki.postgresql",
          spec: expect.objectContaining({ content: "postgresql wiki" }),
        }),
      ]),
    })
  })

  it("stalls on names and hosts that mean more than they say, wherever the record comes from", () => {
    const { spec } = wiki()
    const [user] = spec.users
    for (const tampered of [
      ...[
        "postgres",
        "template1",
        "pg_x",
        "plumb_sql",
        "all",
        "samerole",
        "a-b",
        'a"b',
        "A",
        "",
        "x".repeat(52),
      ].flatMap((name) => [{ name }, { users: [{ ...user, name }] }]),
      { users: [{ ...user, name: "acme_wiki" }] },
      ...["all", "samenet", "example.org", "0.0.0.0/0 trust", "192.0.2.7/24\nlocal all all trust", "", "%"].map(
        (host) => ({
          users: [{ ...user, hosts: [host] }],
        }),
      ),
      { users: [{ ...user, passwordVerifier: `*${"0A".repeat(20)}` }] },
      { engine: "constructor" },
    ])
      expect(
        renderOf(database, { ...wiki(), spec: { ...spec, ...tampered } as never }, liveFacts, [acme]),
      ).toMatchObject({ reason: "UnsafeValue" })
  })
})

describe("Account", () => {
  it("stalls without a user id instead of choosing one", () => {
    const { uid: _, ...spec } = acme.spec
    expect(renderOf(account, { ...acme, spec }, liveFacts)).toMatchObject({ outcome: "stalled", reason: "NoUid" })
  })

  it("stalls on a name or number that no account can have, wherever the record comes from", () => {
    for (const name of ["root", "www-data", "../etc", "a/b", "a\nb", ""])
      expect(renderOf(account, { ...acme, name }, liveFacts)).toMatchObject({ reason: "UnsafeValue" })
    for (const uid of [0, 33, 1000, 60000, 10000.5, Number.NaN])
      expect(renderOf(account, { ...acme, spec: { ...acme.spec, uid: uid as never } }, liveFacts)).toMatchObject({
        reason: "UnsafeValue",
      })
  })
})

describe("Php", () => {
  it("names the versions that are there when its own is not", () => {
    expect(renderOf(php, aPhp("acme", { version: "8.4" }), liveFacts, [acme])).toMatchObject({
      outcome: "stalled",
      reason: "PhpVersionAbsent",
      mend: "Install it, or choose one of those present: 7.4, 8.2.",
    })
  })

  it("names the extensions that are there when one is not, and passes over one that is switched off", () => {
    const rendered = renderOf(php, aPhp("acme", { extensions: { imagick: true, swoole: false } }), liveFacts, [acme])
    expect(rendered).toMatchObject({ outcome: "stalled", reason: "ExtensionAbsent" })
    expect(rendered).toMatchObject({ message: expect.stringContaining("imagick") })
    expect(rendered).not.toMatchObject({ message: expect.stringContaining("swoole") })
    expect(rendered).toMatchObject({ mend: expect.stringContaining("intl, mbstring") })
  })

  it("loads what others need first, leaves out what slows all down, and heeds the record", () => {
    const spec = { extensions: { ffi: true, gd: false } }
    const ini = contentOf(
      resourcesOf(renderOf(php, aPhp("acme", spec), liveFacts, [acme])),
      "/etc/plumbline/php/8.2/acme.ini",
    )
    expect(
      ini
        .split("\n")
        .filter((line) => /extension = /.test(line))
        .map((line) => line.split(" = ")[1]),
    ).toEqual(["opcache", "pdo", "mysqlnd", "xml", "ctype", "curl", "ffi", "intl", "mbstring", "mysqli"])
    expect(ini).toContain("zend_extension = opcache")
  })

  it("waits for its account", () => {
    expect(renderOf(php, aPhp("acme"), liveFacts)).toMatchObject({ outcome: "waiting", kind: "Account", name: "acme" })
  })

  it("stalls where the socket's path would be cut off by the kernel", () => {
    const facts = { ...directoryFacts, root: `/srv/${"long/".repeat(20)}host` }
    expect(renderOf(php, aPhp("acme"), facts, [acme])).toMatchObject({ outcome: "stalled", reason: "UnsafeValue" })
  })

  it("keeps the site's view of it when its version changes", () => {
    const member = (version: "7.4" | "8.2") =>
      renderOf(site, aSite("shop", { php: "acme" }), liveFacts, [acme, aPhp("acme", { version })])
    expect(member("7.4")).toEqual(member("8.2"))
  })
})

describe("Site", () => {
  it("waits for its account and for its Php record", () => {
    expect(renderOf(site, aSite("shop"), liveFacts)).toMatchObject({
      outcome: "waiting",
      kind: "Account",
      name: "acme",
    })
    expect(renderOf(site, aSite("shop", { php: "gone" }), liveFacts, [acme])).toMatchObject({
      outcome: "waiting",
      kind: "Php",
      name: "gone",
    })
  })

  it("never runs as another account", () => {
    const others = [acme, anAccount("blue-fern"), aPhp("blue-fern", { account: "blue-fern" })]
    expect(renderOf(site, aSite("shop", { php: "blue-fern" }), liveFacts, others)).toMatchObject({
      outcome: "stalled",
      reason: "PhpOfAnotherAccount",
    })
  })

  it("makes a deeper document root as the tenant, and checks links from the folder that root made", () => {
    const resources = resourcesOf(renderOf(site, aSite("shop", { documentRoot: "app/web" }), liveFacts, [acme]))
    expect(resources.map(({ id, kind }) => [kind, id])).toContainEqual([
      "tenant-directory",
      "/home/acme/sites/shop/app/web",
    ])
    expect(contentOf(resources, "sites/shop.conf")).toContain(
      "disable_symlinks if_not_owner from=/home/acme/sites/shop/app;",
    )
  })
})

describe("CronJob", () => {
  it("says on a folder as host that nothing runs there, and nothing of it on a server", () => {
    const on = (facts: typeof liveFacts) => renderOf(cronJob, aCronJob("feed"), facts, [acme])
    expect(on(directoryFacts)).toMatchObject({ notices: [expect.stringContaining("no job runs")] })
    expect(on(liveFacts)).not.toHaveProperty("notices")
  })
})

describe("mail of PHP", () => {
  const on = (facts: Partial<typeof liveFacts>) => renderOf(php, aPhp("acme"), { ...liveFacts, ...facts }, [acme])

  it("is said to go nowhere where the only program for it has to gain rights, and where there is none", () => {
    expect(on({})).not.toHaveProperty("notices")
    expect(on({ phpMail: null })).toMatchObject({ notices: [expect.stringContaining("Install msmtp beside it")] })
    expect(on({ phpMail: null, sendmail: null })).toMatchObject({
      notices: [expect.stringContaining("no mail server")],
    })
  })
})

describe("Node", () => {
  it("leaves out nginx's unit where there is no nginx, and still has its configuration", () => {
    const ids = resourcesOf(renderOf(node, aNode(), { ...directoryFacts, nginx: null, php: [] })).map(({ id }) => id)
    expect(ids).toContain("nginx.conf")
    expect(ids.filter((id) => id.includes("plumb-nginx"))).toEqual([])
  })
})

describe("the ports of accounts", () => {
  const filters = (facts: Facts) => {
    const rendered = renderOf(node, aNode(), facts)
    return { rendered, kinds: resourcesOf(rendered).filter(({ kind }) => kind === "packet-filter") }
  }

  it("are kept apart on a real host, and where it cannot be done that is said", () => {
    expect(filters(liveFacts).kinds).toMatchObject([{ id: "plumb_loopback" }])
    expect(filters(liveFacts).rendered).not.toHaveProperty("notices")
    const without = filters({ ...liveFacts, nftables: null })
    expect(without.kinds).toEqual([])
    expect(without.rendered).toMatchObject({ notices: [expect.stringContaining("apt-get install nftables")] })
    expect(filters(directoryFacts).kinds).toEqual([])
    expect(filters(directoryFacts).rendered).not.toHaveProperty("notices")
  })
})

describe("access", () => {
  const withAccess = (access: typeof AccountSpec.Encoded.access, facts = liveFacts) =>
    renderOf(account, anAccount("acme", access === undefined ? {} : { access }), facts)

  it("stalls on what the node lacks for it, with what to install", () => {
    expect(withAccess({ shell: "sftp" }, { ...liveFacts, sshd: null })).toMatchObject({
      outcome: "stalled",
      reason: "SshdAbsent",
      mend: "Install it: apt-get install openssh-server.",
    })
    expect(withAccess({ shell: "jail" }, { ...liveFacts, bubblewrap: null })).toMatchObject({
      reason: "BubblewrapAbsent",
    })
    for (const { landlock, ...unknown } of [liveFacts])
      for (const facts of [unknown, { ...unknown, landlock: 5 }]) {
        expect([landlock, withAccess({ shell: "jail" }, facts)]).toMatchObject([6, { reason: "PastaAbsent" }])
        expect(withAccess({ shell: "jail" }, { ...facts, pasta: "/usr/bin/pasta" })).toMatchObject({
          outcome: "resources",
        })
        expect(withAccess({ shell: "sftp" }, facts)).toMatchObject({ outcome: "resources" })
      }
    expect(withAccess({ shell: "sftp" }, { ...liveFacts, bubblewrap: null })).toMatchObject({ outcome: "resources" })
    expect(withAccess(undefined, { ...liveFacts, sshd: null })).toMatchObject({ outcome: "resources" })
  })

  it("gives groups and a login shell, and none to who has no access", () => {
    const userOf = (access: typeof AccountSpec.Encoded.access) =>
      resourcesOf(withAccess(access)).find(({ kind }) => kind === "user")?.spec
    expect(userOf({})).toMatchObject({ shell: "/usr/sbin/nologin", groups: [] })
    expect(userOf({ shell: "sftp", passwordVerifier: sampleVerifier })).toMatchObject({
      shell: "/usr/sbin/nologin",
      groups: ["plumb-sftp", "plumb-password"],
      verifier: sampleVerifier,
    })
    expect(userOf({ shell: "jail" })).toMatchObject({ shell: "/etc/plumbline/ssh/jail", groups: ["plumb-jail"] })
  })

  it("has keys wait for their account, and stall on an end that sshd cannot read", () => {
    expect(renderOf(sshKey, anSshKey("laptop"), liveFacts)).toMatchObject({ outcome: "waiting", name: "acme" })
    const old = { ...liveFacts, sshd: { program: "/usr/sbin/sshd", version: "8.4p1", sftpServer: null } }
    const ending = anSshKey("laptop", { expires: "2027-01-31" })
    expect(renderOf(sshKey, ending, old, [acme])).toMatchObject({ outcome: "stalled", reason: "SshdTooOld" })
    expect(renderOf(sshKey, anSshKey("laptop"), old, [acme])).toMatchObject({ outcome: "resources" })
  })
})
