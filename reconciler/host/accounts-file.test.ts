import { assert, describe, it } from "@effect/vitest"
import { parseUsers } from "./accounts-file.ts"

const passwd = "acme:x:20001:20001:Acme Outfitters:/home/acme:/usr/sbin/nologin\n"

describe("a user's password", () => {
  it.each([
    ["!", true],
    ["!$6$salt$hash", true],
    ["*", true],
    ["$6$salt$hash", false],
    ["", false],
  ])("%j in shadow is locked: %s", (secret, locked) => {
    assert.strictEqual(parseUsers(passwd, `acme:${secret}:20779::::::\n`).get("acme")?.locked, locked)
  })

  // A useradd that was killed half-way left such a user, and nobody found anything wrong with it.
  it("is not locked where shadow has no line for it", () => {
    assert.isFalse(parseUsers(passwd, "root:*:20779::::::\n").get("acme")?.locked)
  })
})
