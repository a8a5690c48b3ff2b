/**
 * What PostgreSQL keeps of a password: RFC 5802 and 7677, in the text that it writes itself.
 *
 * The one thing to know before changing it: server and clients prepare a password (SASLprep, RFC 4013) before they use it.
 * What that would change is refused (`changesWhenPrepared`), and nothing is prepared here.
 */
import { createHash, createHmac, pbkdf2Sync } from "node:crypto"

const iterations = 4096

export const scramVerifier = (password: string, salt: Uint8Array): string => {
  const salted = pbkdf2Sync(password, salt, iterations, 32, "sha256")
  const keyOf = (name: string) => createHmac("sha256", salted).update(name).digest()
  const stored = createHash("sha256").update(keyOf("Client Key")).digest("base64")
  return `SCRAM-SHA-256$${iterations}:${Buffer.from(salt).toString("base64")}$${stored}:${keyOf("Server Key").toString("base64")}`
}

/** Spaces that are none of ASCII's become one of it, and these become nothing: RFC 3454, tables C.1.2 and B.1. */
const mapped =
  /[\u00a0\u1680\u2000-\u200d\u202f\u205f\u2060\u3000\u00ad\u1806\ufeff]|\u034f|[\u180b-\u180d]|[\ufe00-\ufe0f]/u

/** Whether the password would be another one once it was prepared. Where preparing fails, both sides take it as it is. */
export const changesWhenPrepared = (password: string): boolean =>
  password.normalize("NFKC") !== password || mapped.test(password)
