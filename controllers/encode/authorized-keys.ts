/**
 * A line of authorized_keys: options of ours, and a key that consists of nothing but its type, its base64 and a comment.
 * sshd(8), AUTHORIZED_KEYS FILE FORMAT.
 *
 * The one thing to know before changing it: the key is looked at again, down to the type that its bytes say. A first word
 * that sshd takes for options would open more than a key.
 */
import { encoded, type Text } from "./text.ts"
import { shaped, UnsafeValue } from "./unsafe.ts"

const types = /^(?:sk-)?(?:ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(?:256|384|521))(?:@openssh\.com)?$/
const mend = "Give the one line of a .pub file: a type, the key in base64, and perhaps a comment."

export const publicKey = (value: unknown): string => {
  const line = shaped("a public key", value, /^[a-z0-9@.-]{1,40} [A-Za-z0-9+/]{40,6000}={0,2}(?: .{1,200})?$/u, mend)
  const [type = "", base64 = ""] = line.split(" ")
  const blob = Buffer.from(base64, "base64")
  const named = blob.subarray(4, 4 + (blob.length < 4 ? 0 : blob.readUInt32BE(0))).toString("latin1")
  if (!types.test(type) || named !== type) throw new UnsafeValue("a public key", line, mend)
  return line
}

/** expiry-time="YYYYMMDDHHMMSSZ" of "2027-01-31" or "2027-01-31T18:00:00Z". */
const expiry = (value: unknown): string => {
  const shape = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\dZ)?$/
  const moment = shaped("the end of a key", value, shape, "Write 2027-01-31 or 2027-01-31T18:00:00Z.")
  return `${moment.replace(/\D/g, "").padEnd(14, "0")}Z`
}

/** `restrict` takes all forwarding away here too, whatever sshd's configuration says; a terminal is the jail's to have. */
export const authorizedKey = (key: string, expires: string | undefined): Text<"authorized-keys"> => {
  const options = ["restrict", "pty", ...(expires === undefined ? [] : [`expiry-time="${expiry(expires)}"`])]
  return encoded("authorized-keys", `${options.join(",")} ${publicKey(key)}`)
}
