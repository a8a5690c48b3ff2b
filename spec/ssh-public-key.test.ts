import { execFileSync } from "node:child_process"
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import fc from "fast-check"
import { afterAll, describe, expect, it } from "vitest"
import { aKey, aPublicKey } from "./arbitrary-keys.ts"
import { fingerprintOf, type ParsedKey, parsePublicKey, printPublicKey, SshPublicKey } from "./ssh-public-key.ts"

const parsed = (text: string): ParsedKey => {
  const found = parsePublicKey(text)
  if ("mend" in found) throw new Error(`${found.message} ${found.mend}`)
  return found
}
const refused = (text: string): string => {
  const found = parsePublicKey(text)
  return "mend" in found ? `${found.message} ${found.mend}` : `taken: ${printPublicKey(found)}`
}
const decode = Schema.decodeUnknownResult(SshPublicKey)

const text = (value: string | Buffer): Buffer => {
  const bytes = Buffer.from(value)
  const length = Buffer.alloc(4)
  length.writeUInt32BE(bytes.length)
  return Buffer.concat([length, bytes])
}
const lineOf = (type: string, ...fields: ReadonlyArray<Buffer>): string =>
  `${type} ${Buffer.concat([text(type), ...fields]).toString("base64")}`
const modulus = (bits: number): Buffer => {
  const bytes = Buffer.alloc(bits / 8, 0xff)
  return Buffer.concat([Buffer.from([0]), bytes])
}
const e65537 = text(Buffer.from([1, 0, 1]))
const ed25519 = lineOf("ssh-ed25519", text(Buffer.alloc(32, 7)))

const hasKeygen = existsSync("/usr/bin/ssh-keygen")
const folder = mkdtempSync(join(tmpdir(), "plumb-keys-"))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const generate = (type: string, bits: string): string => {
  const file = join(folder, `${type}-${bits}`)
  execFileSync("/usr/bin/ssh-keygen", ["-q", "-t", type, "-b", bits, "-N", "", "-C", "ada@example.org", "-f", file])
  return readFileSync(`${file}.pub`, "utf8")
}

describe.skipIf(!hasKeygen)("keys of ssh-keygen", () => {
  it.each([
    ["ed25519", "256"],
    ["ecdsa", "256"],
    ["ecdsa", "384"],
    ["ecdsa", "521"],
    ["rsa", "3072"],
  ])("of type %s with %s bits are taken as they are, and have the fingerprint that it shows", (type, bits) => {
    const line = generate(type, bits)
    expect(printPublicKey(parsed(line))).toBe(line.trim())
    const shown = execFileSync("/usr/bin/ssh-keygen", ["-l", "-f", join(folder, `${type}-${bits}.pub`)], {
      encoding: "utf8",
    })
    expect(shown.split(" ")[1]).toBe(fingerprintOf(line))
  })

  it("with 2048 bits of RSA are refused, with the reason", () => {
    expect(refused(generate("rsa", "2048"))).toBe(
      "The RSA key has 2048 bits: too few for a key that is to be used for years. At least 3072 are needed. Make another " +
        "with `ssh-keygen -t ed25519`, and give the line in its .pub file.",
    )
  })
})

describe("a line of authorized_keys", () => {
  it("loses its options and keeps its comment", () => {
    for (const options of [
      'command="rm -rf \\"/\\" ssh-rsa",no-pty',
      'from="192.0.2.0/24,*.example.org"',
      "restrict,pty",
      'environment="A=b c"',
      "cert-authority",
    ])
      expect(printPublicKey(parsed(`${options} ${ed25519}  ada's laptop, 2026 `))).toBe(`${ed25519} ada's laptop, 2026`)
  })

  it("may have blanks around it, and a tab between", () => {
    expect(printPublicKey(parsed(`\n  ${ed25519.replace(" ", "\t")}\tada\n`))).toBe(`${ed25519} ada`)
    expect(Result.getOrThrow(decode(` ${ed25519} `))).toBe(ed25519)
  })

  it("of a security key is taken", () => {
    const application = text("ssh:laptop")
    const line = lineOf("sk-ssh-ed25519@openssh.com", text(Buffer.alloc(32, 9)), application)
    expect(printPublicKey(parsed(`no-touch-required ${line}`))).toBe(line)
    expect(refused(lineOf("sk-ssh-ed25519@openssh.com", text(Buffer.alloc(32, 9)), text("web:x")))).toContain("ssh:")
  })

  it("is refused with the reason when no such key is taken", () => {
    expect(refused(lineOf("ssh-dss", text(Buffer.alloc(128, 1))))).toContain("DSA keys have 1024 bits and are broken")
    expect(refused(lineOf("ssh-ed25519-cert-v01@openssh.com", text("x")))).toContain("is a certificate")
    expect(refused(lineOf("ssh-ed448", text(Buffer.alloc(57))))).toContain("is no type of key that is taken")
    expect(refused(lineOf("ssh-rsa", e65537, text(modulus(1024))))).toContain("has 1024 bits")
    expect(refused(lineOf("ssh-rsa", e65537, text(modulus(32768))))).toMatch(/has 32768 bits|characters/)
    expect(refused("-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEA\n")).toContain("private key")
    expect(refused("---- BEGIN SSH2 PUBLIC KEY ----\nAAAA\n")).toContain("ssh-keygen -i")
    expect(refused(`${ed25519}\n${ed25519}`)).toContain("several lines")
    expect(refused("x".repeat(10_000_000))).toContain("10000000 characters")
    for (const none of ["", "ssh-ed25519", "hello", "hello world", '" ssh-rsa AAAA', `ssh-ed25519 \u2028`])
      expect(refused(none)).not.toContain("taken: ")
  })

  it("is refused when its key is damaged", () => {
    const [type = "", base64 = ""] = ed25519.split(" ")
    expect(refused(`${type} ${base64.slice(0, -4)}`)).toContain("32 bytes")
    expect(refused(`${type} ${base64}=`)).toContain("not whole base64")
    expect(refused(`ssh-rsa ${base64}`)).toContain("another type")
    expect(refused(lineOf("ssh-ed25519", text(Buffer.alloc(32, 7)), text("more")))).toContain("something follows")
    expect(refused(lineOf("ecdsa-sha2-nistp256", text("nistp384"), text(Buffer.alloc(65, 4))))).toContain(
      "another curve",
    )
    expect(refused(lineOf("ecdsa-sha2-nistp256", text("nistp256"), text(Buffer.alloc(65, 4))))).toContain(
      "on the curve",
    )
    expect(refused(lineOf("ssh-rsa", text(Buffer.from([2])), text(modulus(3072))))).toContain("RSA key")
    expect(refused(lineOf("ssh-rsa", e65537, text(Buffer.alloc(384, 0xff))))).toContain("RSA key")
  })

  it("is the same key under its canonical form, whatever stood around it", () => {
    fc.assert(
      fc.property(aPublicKey, fc.constantFrom("", "restrict ", 'command="a b" '), (line, before) => {
        const once = Result.getOrThrow(decode(`${before}${line}`))
        expect(Result.getOrThrow(decode(once))).toBe(once)
        expect(fingerprintOf(once)).toBe(fingerprintOf(line))
      }),
    )
  })

  it("never becomes more than one line of plain words, whatever is pasted", () => {
    const piece = fc.oneof(
      fc.constantFrom(
        "\n",
        "\r",
        "\0",
        "\u2028",
        '"',
        "'",
        ";",
        "}",
        "$",
        "|",
        "&",
        "`",
        "../",
        "%2e%2e/",
        "\t",
        " ",
        ",",
      ),
      fc.constantFrom('command="', "ssh-ed25519", "restrict", "#", "\\"),
      aKey,
      fc.string({ unit: "binary", maxLength: 5 }),
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        const found = parsePublicKey(pieces.join(""))
        if ("mend" in found) return
        expect(printPublicKey(found)).toMatch(/^[a-z0-9@.-]+ [A-Za-z0-9+/]+={0,2}( [^\p{Cc}\p{Zl}\p{Zp}]+)?$/u)
      }),
      { numRuns: 2000 },
    )
  })
})
