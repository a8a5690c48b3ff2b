import { describe, expect, it } from "vitest"
import { type Allowed, endOfFile, markOf, markOfFile, mayGoOn, parseSession, type Session } from "./sessions.ts"

const key = "AAAAC3NzaC1lZDI1NTE5AAAAIAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH"
const session = (unit: string): Session => {
  const found = parseSession(unit)
  if (found === undefined) throw new Error(`${unit} is no session`)
  return found
}
const withKey = session(`plumb-ssh:jail:acme-shop:adas-laptop:${markOf(key)}:4711.scope`)
const withPassword = session("plumb-ssh:sftp:acme-shop:-:password:4711.scope")
const now = (changes: Partial<Allowed>): Allowed => ({ groups: new Set(), keys: new Map(), keep: false, ...changes })

describe("a session", () => {
  it("says in its name what it was opened with", () => {
    expect(withKey).toMatchObject({ access: "jail", account: "acme-shop", key: "adas-laptop", mark: markOf(key) })
    expect(withPassword).toMatchObject({ access: "sftp", key: "-", mark: "password" })
    for (const other of ["session-1.scope", "plumb-ssh:jail:acme.scope", "plumb-php8.2@acme.service", ""])
      expect(parseSession(other)).toBeUndefined()
  })

  it("goes on while its key is the one that is there", () => {
    const groups = new Set(["plumb-jail"])
    expect(mayGoOn(withKey, now({ groups, keys: new Map([["adas-laptop", markOf(key)]]) }))).toBe(true)
    expect(mayGoOn(withKey, now({ groups, keys: new Map([["adas-laptop", markOf("AAAAother")]]) }))).toBe(false)
    expect(mayGoOn(withKey, now({ groups, keys: new Map([["other", markOf(key)]]) }))).toBe(false)
    expect(mayGoOn(withKey, now({ groups, keep: true }))).toBe(true)
  })

  it("ends when the access is another, whatever is said of keys", () => {
    const keys = new Map([["adas-laptop", markOf(key)]])
    expect(mayGoOn(withKey, now({ groups: new Set(["plumb-sftp"]), keys, keep: true }))).toBe(false)
    expect(mayGoOn(withPassword, now({ groups: new Set(["plumb-sftp", "plumb-password"]) }))).toBe(true)
    expect(mayGoOn(withPassword, now({ groups: new Set(["plumb-sftp"]) }))).toBe(false)
  })

  it("is found by the key in a file, with options before it and a comment behind", () => {
    for (const line of [
      `ssh-ed25519 ${key}`,
      `restrict,pty,expiry-time="20270131000000Z" ssh-ed25519 ${key} ada@example.org`,
      `sk-ssh-ed25519@openssh.com ${key}\n`,
    ])
      expect(markOfFile(line)).toBe(markOf(key))
    expect(markOfFile("nothing")).toBeUndefined()
  })

  it("ends with its key, in the moment that the file says", () => {
    const line = `restrict,pty,expiry-time="20270131120000Z" ssh-ed25519 ${key} expiry-time="20990101000000Z"`
    expect(endOfFile(line)).toBe(Date.UTC(2027, 0, 31, 12, 0, 1))
    expect(endOfFile(`restrict,pty ssh-ed25519 ${key} expiry-time="20270131120000Z"`)).toBeUndefined()
  })
})
