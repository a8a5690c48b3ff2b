import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { serverDatabaseName } from "./database.ts"
import { examine } from "./examine.ts"
import { claimsOf, decodeEnvelope, keptOf, secretsOf } from "./kinds.ts"
import { DatabaseHost, DatabaseName, DatabaseUserName, PasswordVerifier, serverHost } from "./sql-names.ts"

const database = (name: string, spec: object = {}) => ({
  apiVersion: "plumbline.dev/v1",
  kind: "Database",
  metadata: { name },
  spec: { account: "acme", ...spec },
})

/** The fields that are wrong, with what is said of each. */
const flaws = (name: string, spec: object = {}): ReadonlyArray<string> =>
  Result.match(examine(database(name, spec)), {
    onFailure: (mistakes) => mistakes.map(({ field, message, mend }) => `${field}: ${message} ${mend}`),
    onSuccess: () => [],
  })

const accepts = (schema: Schema.Codec<string, string>, text: string): boolean =>
  Result.isSuccess(Schema.decodeUnknownResult(schema)(text))

describe("names on the server", () => {
  it.each(["mysql", "sys", "information_schema", "performance_schema", "plumb_x", "a`b", "a'b", 'a"b', "a%b", "A", ""])(
    "refuses %j as a database",
    (name) => expect(accepts(DatabaseName, name)).toBe(false),
  )

  it.each(["root", "mysql", "debian-sys-maint", "public", "plumb", "a b", "a@b", "%", "", "x".repeat(33)])(
    "refuses %j as a user",
    (name) => expect(accepts(DatabaseUserName, name)).toBe(false),
  )

  it("has room for the escapes of a grant", () => {
    expect(accepts(DatabaseName, "a".repeat(64))).toBe(true)
    expect(accepts(DatabaseName, "a".repeat(65))).toBe(false)
    expect(accepts(DatabaseName, "_a".repeat(21).slice(1))).toBe(true)
    expect(accepts(DatabaseName, "a_".repeat(22))).toBe(false)
  })

  it("lets nothing through but its own letters", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 70 }), (text) => {
        if (accepts(DatabaseName, text) || accepts(DatabaseUserName, text))
          expect(text).toMatch(/^[a-z0-9][a-z0-9_-]*$/)
      }),
    )
  })

  it("follow from the record's, and never meet", () => {
    expect(serverDatabaseName("acme-shop", {})).toBe("acme_shop")
    const record = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/)
    fc.assert(
      fc.property(record, record, (a, b) => {
        expect(serverDatabaseName(a, {}) === serverDatabaseName(b, {})).toBe(a === b)
      }),
    )
    fc.assert(
      fc.property(record, (name) => {
        const server = serverDatabaseName(name, {})
        expect(server.length + server.split("_").length - 1).toBeLessThanOrEqual(64)
      }),
    )
  })
})

describe("on PostgreSQL", () => {
  const wrong = (spec: object) =>
    flaws("acme-wiki", { engine: "postgresql", ...spec }).map((flaw) => flaw.split(": ")[0])

  it("has nothing of MariaDB's, and users from networks of both families", () => {
    expect(wrong({ users: [{ name: "wiki", hosts: ["localhost"] }] })).toEqual([])
    expect(wrong({ characterSet: "utf8mb4" })).toEqual(["spec.characterSet"])
    expect(wrong({ collation: "utf8mb4_bin" })).toContain("spec.collation")
    const hosts = ["localhost", "192.0.2.7", "2001:db8::/32"]
    expect(wrong({ users: [{ name: "wiki", hosts }] })).toEqual([])
    expect(wrong({ engine: "mariadb", users: [{ name: "wiki", hosts }] })).toEqual(["spec.users[0].hosts[2]"])
  })

  it.each([
    "postgres",
    "template0",
    "pg_x",
    "plumb_x",
    "all",
    "samerole",
    "replication",
    "a-b",
    'a"b',
    "A",
    "x".repeat(52),
  ])("refuses %j as a database and as a user", (name) => {
    expect(wrong({ name })).toEqual(["spec.name"])
    expect(wrong({ users: [{ name }] })).toEqual(["spec.users[0].name"])
  })

  it("has one namespace for databases and users", () => {
    expect(wrong({ name: "wiki", users: [{ name: "wiki" }] })).toEqual(["spec.users[0].name"])
    const claims = (name: string, spec: object) =>
      Result.getOrThrow(Result.map(decodeEnvelope(database(name, { engine: "postgresql", ...spec })), claimsOf)).map(
        ({ key }) => key,
      )
    expect(claims("acme-wiki", { users: [{ name: "wiki" }] })).toEqual([
      "database:postgresql/acme_wiki",
      "database user:postgresql/acme_wiki",
      "database user:postgresql/wiki",
    ])
  })

  it("takes the verifier of its own server, and says of none what it is", () => {
    const scram = `SCRAM-SHA-256$4096:${"s".repeat(22)}==$${"k".repeat(43)}=:${"v".repeat(43)}=`
    const native = `*${"0A".repeat(20)}`
    const users = (passwordVerifier: string) => ({ users: [{ name: "wiki", passwordVerifier }] })
    expect(wrong(users(scram))).toEqual([])
    expect(wrong(users(native))).toEqual(["spec.users[0].passwordVerifier"])
    expect(flaws("acme-wiki", { engine: "postgresql", ...users(native) }).join()).not.toContain("0A0A")
    expect(flaws("shop", users(scram)).join()).toMatch(/^spec\.users\[0\]\.passwordVerifier: (?!.*kkk)/)
  })
})

describe("where a user may come from", () => {
  it.each([
    ["localhost", "localhost"],
    ["192.0.2.7", "192.0.2.7"],
    ["192.0.2.0/24", "192.0.2.0/255.255.255.0"],
    ["192.0.2.128/25", "192.0.2.128/255.255.255.128"],
    ["10.0.0.0/8", "10.0.0.0/255.0.0.0"],
    ["2001:db8::7", "2001:db8::7"],
  ])("%s is %s to the server", (host, server) => {
    expect(serverHost(Schema.decodeUnknownSync(DatabaseHost)(host))).toBe(server)
  })

  it.each([
    "%",
    "192.0.2.%",
    "",
    "example.org",
    "192.0.2.7/24",
    "0.0.0.0/0",
    "192.0.2.07",
    "192.0.2.256",
    "192.0.2.7/32",
    "::ffff:192.0.2.7",
    "fe80::1%eth0",
  ])("refuses %j", (host) => expect(accepts(DatabaseHost, host)).toBe(false))

  it("says how to write what it refuses", () => {
    const users = (host: string) => flaws("shop", { users: [{ name: "shop", hosts: [host] }] })[0]
    expect(users("192.0.2.7/24")).toContain("spec.users[0].hosts[0]")
    expect(users("192.0.2.7/24")).toContain("Write 192.0.2.0/24 for the network")
    expect(users("2001:DB8:0::7")).toContain("Write 2001:db8::7.")
    expect(users("%")).toContain('"localhost" is the host itself.')
  })
})

describe("a database", () => {
  it("is refused under a name of the server's own, also where the record gives it", () => {
    expect(flaws("mysql")[0]).toContain("metadata.name")
    expect(flaws("shop", { name: "mysql" })[0]).toContain("spec.name")
    expect(flaws("shop")).toEqual([])
  })

  it("has a collation of its character set, and users once", () => {
    expect(flaws("shop", { characterSet: "latin1", collation: "utf8mb4_bin" })[0]).toContain("spec.collation")
    expect(flaws("shop", { users: [{ name: "shop" }, { name: "shop" }] })[0]).toContain("spec.users[1].name")
    expect(flaws("shop", { users: [{ name: "shop", hosts: [] }] })[0]).toContain("spec.users[0].hosts")
  })

  it("takes a verifier and never a password, and does not repeat what it refuses", () => {
    const password = "correct horse battery"
    const said = flaws("shop", { users: [{ name: "shop", passwordVerifier: password }] })
    expect(said[0]).toContain("spec.users[0].passwordVerifier")
    expect(said.join()).not.toContain(password)
    expect(accepts(PasswordVerifier, `*${"0A".repeat(20)}`)).toBe(true)
  })

  it("claims its name and its users on the server", () => {
    const decoded = Result.getOrThrow(decodeEnvelope(database("acme-shop", { users: [{ name: "shop" }] })))
    expect(claimsOf(decoded).map(({ key }) => key)).toEqual([
      "database:mariadb/acme_shop",
      "database user:mariadb/shop",
    ])
  })

  it("keeps the verifier of a user when a write leaves it out, and no other user's", () => {
    const verifier = `*${"0A".repeat(20)}`
    const decoded = (spec: object) => Result.getOrThrow(decodeEnvelope(database("shop", spec)))
    const before = { users: [{ name: "shop", passwordVerifier: verifier }, { name: "report" }] }
    const kept = (written: object) => keptOf("Database", written, secretsOf(decoded(written)), decoded(before), before)
    expect(kept({ users: [{ name: "new" }, { name: "shop", access: "admin" }] })).toEqual({
      users: [{ name: "new" }, { name: "shop", access: "admin", passwordVerifier: verifier }],
    })
    const other = { users: [{ name: "shop", passwordVerifier: `*${"1B".repeat(20)}` }] }
    expect(kept(other)).toBe(other)
    expect(kept({})).toEqual({})
  })
})
