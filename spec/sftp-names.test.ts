import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { describe, expect, it } from "vitest"
import { SftpHost, SftpPath, SftpUser } from "./sftp-names.ts"
import { SshPrivateKey } from "./ssh-private-key.ts"

const takes = (schema: Schema.Codec<unknown, unknown>, value: unknown): boolean =>
  Result.isSuccess(Schema.decodeUnknownResult(schema)(value))

/** What has broken out of a value somewhere: of a line, an option, a token, a shell, a path. */
const poison = [
  "\n",
  "\r",
  "\0",
  "\u2028",
  "\u202e",
  " ",
  "\t",
  "%h",
  "%",
  '"',
  "'",
  "\\",
  ";",
  "$(id)",
  "`",
  "|",
  "@",
  ",",
]

describe.each([
  ["a server", SftpHost, ["sftp.example.org", "backup", "192.0.2.1", "2001:db8::1", "xn--bcher-kva.example"]],
  ["a user", SftpUser, ["u123456", "u123456-sub1", "Backup.User", "_x"]],
  ["a folder", SftpPath, ["/backups/acme", "backups/acme", "acme", "/a.b/c_d-e"]],
] as const)("%s of SFTP", (_, schema, good) => {
  it.each(good)("may be %s", (value) => {
    expect(takes(schema, value)).toBe(true)
    for (const piece of poison)
      for (const hostile of [`${piece}${value}`, `${value}${piece}`, `${value}${piece}${value}`])
        expect([hostile, takes(schema, hostile)]).toEqual([hostile, false])
  })
  it.each(["", "-oProxyCommand=id", "-", "a".repeat(10_000_000)])("is not %j", (value) => {
    expect(takes(schema, value)).toBe(false)
  })
})

it.each(["../x", "/a/../b", "/./a", "a/", "//a", "/", "~/a", "a//b", "a/-b", "/.ssh"])("%s is no folder", (value) => {
  expect(takes(SftpPath, value)).toBe(false)
})
it.each(["Sftp.example.org", "a..b", "a.", "fe80::1%eth0", "[::1]", "sftp://a", "a:22", `${"a".repeat(64)}.org`])(
  "%s is no server",
  (value) => {
    expect(takes(SftpHost, value)).toBe(false)
  },
)

describe("a private key", () => {
  const part = (value: string) => {
    const length = Buffer.alloc(4)
    length.writeUInt32BE(value.length)
    return Buffer.concat([length, Buffer.from(value, "latin1")])
  }
  const key = (cipher: string, count = 1, magic = "openssh-key-v1\0") => {
    const blob = [Buffer.from(magic), part(cipher), part("none"), part(""), Buffer.from([0, 0, 0, count])]
    return `-----BEGIN OPENSSH PRIVATE KEY-----\n${Buffer.concat(blob).toString("base64")}\n-----END OPENSSH PRIVATE KEY-----\n`
  }
  const mistake = (value: string) =>
    Result.match(Schema.decodeUnknownResult(SshPrivateKey)(value), {
      onFailure: (error) => error.message,
      onSuccess: () => "",
    })

  it("is one, in OpenSSH's format, that opens without a passphrase", () => {
    expect(mistake(key("none"))).toBe("")
    expect(mistake(key("none").trimEnd())).toBe("")
    expect(mistake(key("aes256-ctr"))).toContain("passphrase")
    expect(mistake(key("none", 2))).toContain("several")
  })
  it.each([
    ...["", "canary", key("none", 1, "openssh-key-v2\0"), key("none").replaceAll("OPENSSH", "RSA")],
    ...[`${key("none")}${key("none")}`, `\n${key("none")}`, key("none").replaceAll("\n", "\r\n")],
    ...[
      `${key("none")}ProxyCommand id`,
      "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n",
    ],
    "a".repeat(10_000_000),
  ])("is not %j", (value) => {
    expect(mistake(value)).toMatch(/no private key|characters/)
    expect(mistake(value)).not.toContain("canary")
  })
})
