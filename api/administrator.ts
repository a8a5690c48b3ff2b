/** The administrator of this machine: whoever can read `PLUMB_HOME/admin.token`, which is what `plumb` sends. */
import { randomBytes } from "node:crypto"
import * as Redacted from "effect/Redacted"
import { readOrMake } from "./private-file.ts"

/** Reads the token, or makes one of 256 random bits where there is none. */
export const adminToken = (home: string) =>
  readOrMake(home, {
    name: "admin.token",
    holds: "a token",
    make: () => `${randomBytes(32).toString("base64url")}\n`,
    parse: (text) => (/^[A-Za-z0-9_-]{43}$/.test(text.trim()) ? Redacted.make(text.trim()) : undefined),
  })
