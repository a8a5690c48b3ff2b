/**
 * Arbitrary public keys of SSH, as their owners paste them.
 *
 * The one thing to know before changing it: they have the form of a key, not its mathematics; nobody holds the other half.
 */
import fc from "fast-check"

const field = (value: string | Uint8Array): Buffer => {
  const bytes = Buffer.from(value as string)
  const length = Buffer.alloc(4)
  length.writeUInt32BE(bytes.length)
  return Buffer.concat([length, bytes])
}

const line = (type: string, ...fields: ReadonlyArray<string | Uint8Array>): string =>
  `${type} ${Buffer.concat([type, ...fields].map(field)).toString("base64")}`

const bytes = (count: number) => fc.uint8Array({ minLength: count, maxLength: count })

/** Type and key. */
export const aKey = fc.oneof(
  bytes(32).map((key) => line("ssh-ed25519", key)),
  bytes(32).map((key) => line("sk-ssh-ed25519@openssh.com", key, "ssh:")),
  bytes(384).map((number) => {
    const modulus = Uint8Array.from([0, ...number])
    modulus[1] = 0x80 | (modulus[1] ?? 0)
    modulus[384] = 1 | (modulus[384] ?? 0)
    return line("ssh-rsa", Uint8Array.from([1, 0, 1]), modulus)
  }),
)

/** With a comment or without. */
export const aPublicKey = fc
  .tuple(aKey, fc.constantFrom("", " ada@example.org", " Ada's laptop, 2026", " # 1 = yes: no"))
  .map(([key, comment]) => `${key}${comment}`)
