import { spawnSync } from "node:child_process"
import { randomBytes } from "node:crypto"
import { describe, expect, it } from "vitest"
import { saltFrom, sha512Crypt } from "./sha512-crypt.ts"

describe("SHA-512 crypt", () => {
  // From the specification.
  it.each([
    [
      "Hello world!",
      "saltstring",
      5000,
      "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1",
    ],
    [
      "Hello world!",
      "saltstringsaltst",
      10000,
      "$6$rounds=10000$saltstringsaltst$OW1/O6BYHV6BcXZu8QVeXbDWra3Oeqh0sbHbbMCVNSnCM/UrjmM0Dp8vOuZeHBy/YTBmSK6H9qs/y3RnOaw5v.",
    ],
    [
      "the minimum number is still observed",
      "roundstoolow",
      1000,
      "$6$rounds=1000$roundstoolow$kUMsbe306n21p9R.FRkW3IGn.S9NPN0x50YhH1xhLsPuWGsUSklZt58jaTfF4ZEQpyUNGc0dqbpBYYBaHHrsX.",
    ],
  ] as const)("of %j with the salt %s is what the specification says", (password, salt, rounds, verifier) => {
    expect(sha512Crypt(password, salt, rounds)).toBe(verifier)
  })

  it("is what OpenSSL makes of any password", () => {
    for (const length of [1, 2, 63, 64, 65, 127, 128, 200]) {
      const password = randomBytes(length).toString("base64url").slice(0, length) + (length > 10 ? "äß€ '\"$`" : "")
      const salt = saltFrom(randomBytes(16))
      const { stdout } = spawnSync("openssl", ["passwd", "-6", "-salt", salt, "-stdin"], {
        input: `${password}\n`,
        encoding: "utf8",
      })
      expect(sha512Crypt(password, salt)).toBe(stdout.trim())
    }
  })

  it("has a salt of sixteen characters that crypt(3) knows", () => {
    expect(saltFrom(Uint8Array.from({ length: 16 }, (_, index) => index * 16))).toMatch(/^[./0-9A-Za-z]{16}$/)
  })
})
