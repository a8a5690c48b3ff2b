/**
 * A private key of SSH that a program is to use by itself: OpenSSH's own format, one key, no passphrase. OpenSSH's PROTOCOL.key.
 *
 * The one thing to know before changing it: nothing of the key is repeated in a message.
 */
import * as Schema from "effect/Schema"
import { type Flaw, flaw, rule } from "./grammar.ts"

/** Room for RSA of 16384 bits. */
const longest = 16 * 1024

const armoured =
  /^-----BEGIN OPENSSH PRIVATE KEY-----\n((?:[A-Za-z0-9+/]{1,76}\n)*[A-Za-z0-9+/]{1,76}={0,2}\n)-----END OPENSSH PRIVATE KEY-----\n?$/
const magic = "openssh-key-v1\0"
const mend = "Make one with `ssh-keygen -t ed25519 -N '' -f FILE`, and give the whole of FILE."

/** The strings (RFC 4251, 5) that follow the magic: cipher, key derivation and its options; then how many keys there are. */
const headOf = (blob: Buffer): { readonly cipher: string; readonly keys: number } | undefined => {
  let at = magic.length
  const words: Array<string> = []
  while (words.length < 3) {
    const length = at + 4 <= blob.length ? blob.readUInt32BE(at) : blob.length
    if (at + 4 + length > blob.length) return undefined
    words.push(blob.toString("latin1", at + 4, at + 4 + length))
    at += 4 + length
  }
  return at + 4 <= blob.length ? { cipher: words[0] ?? "", keys: blob.readUInt32BE(at) } : undefined
}

const privateKeyFlaw = (text: string): Flaw | undefined => {
  if (text.length > longest) return flaw(`The key has ${text.length} characters.`, mend)
  const blob = Buffer.from(armoured.exec(text)?.[1] ?? "", "base64")
  const head = blob.toString("latin1", 0, magic.length) === magic ? headOf(blob) : undefined
  if (head === undefined) return flaw("This is no private key in OpenSSH's format.", mend)
  if (head.cipher !== "none") return flaw("The key has a passphrase, which nobody is there to give.", mend)
  return head.keys === 1 ? undefined : flaw("There are several keys.", mend)
}

export const SshPrivateKey = Schema.String.check(rule<string>(privateKeyFlaw, { maxLength: longest }))
