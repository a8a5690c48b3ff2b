/**
 * Public keys of SSH as people paste them: one line of authorized_keys, taken apart down to the numbers of the key and put
 * together again as `type base64 comment`. RFC 4253 (6.6), RFC 5656, RFC 8709; OpenSSH's PROTOCOL.u2f for sk-.
 *
 * The one thing to know before changing it: what is stored is what was understood, never what was pasted. Options before
 * the key (`command=`, `from=`, `permitopen=`) are dropped: what a key may do is the account's business.
 */
import { createHash, createPublicKey } from "node:crypto"
import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"
import { type Flaw, flaw, hiddenFlaw, rule, show } from "./grammar.ts"

/** Below this, RSA is refused: 2048 bits are 112 of security, which NIST (SP 800-57) lets end with 2030 and the BSI already has. */
const leastRsaBits = 3072
/** sshd's own limit (SSHBUF_MAX_BIGNUM). */
const mostRsaBits = 16384
/** Room for the largest RSA key in base64, options and a comment. */
const mostCharacters = 8192
const mostCommentCharacters = 200

const curves = {
  nistp256: { jwk: "P-256", bytes: 32 },
  nistp384: { jwk: "P-384", bytes: 48 },
  nistp521: { jwk: "P-521", bytes: 66 },
} as const
type Curve = keyof typeof curves

export const keyTypes = [
  "ssh-ed25519",
  "sk-ssh-ed25519@openssh.com",
  "ecdsa-sha2-nistp256",
  "ecdsa-sha2-nistp384",
  "ecdsa-sha2-nistp521",
  "sk-ecdsa-sha2-nistp256@openssh.com",
  "ssh-rsa",
] as const
type KeyType = (typeof keyTypes)[number]

export interface ParsedKey {
  readonly type: KeyType
  readonly base64: string
  readonly comment: string
}

const newKey = "Make another with `ssh-keygen -t ed25519`, and give the line in its .pub file."
const broken = (what: string): Flaw =>
  flaw(`The key is damaged: ${what}.`, "Copy the whole line of the .pub file again.")
const isFlaw = (value: unknown): value is Flaw => typeof value === "object" && value !== null && "mend" in value

/** What the wire format holds, field by field. Asking beyond the end gives undefined. */
class Fields {
  #rest: Buffer

  constructor(blob: Buffer) {
    this.#rest = blob
  }

  next(): Buffer | undefined {
    if (this.#rest.length < 4) return undefined
    const length = this.#rest.readUInt32BE(0)
    if (this.#rest.length < 4 + length) return undefined
    const field = this.#rest.subarray(4, 4 + length)
    this.#rest = this.#rest.subarray(4 + length)
    return field
  }

  get isAtEnd(): boolean {
    return this.#rest.length === 0
  }
}

const ed25519Flaw = (key: Buffer | undefined): Flaw | undefined =>
  key?.length === 32 ? undefined : broken("an Ed25519 key has 32 bytes")

const ecdsaFlaw = (expected: Curve, named: Buffer | undefined, point: Buffer | undefined): Flaw | undefined => {
  if (named?.toString("latin1") !== expected) return broken("it names another curve than its type")
  const { bytes, jwk } = curves[expected]
  if (point?.length !== 1 + 2 * bytes || point[0] !== 4) return broken("its point has the wrong length or form")
  const coordinate = (from: number) => point.subarray(from, from + bytes).toString("base64url")
  try {
    createPublicKey({ key: { kty: "EC", crv: jwk, x: coordinate(1), y: coordinate(1 + bytes) }, format: "jwk" })
    return undefined
  } catch {
    return broken("its point is not on the curve")
  }
}

/** An mpint (RFC 4251, 5) that is positive and in its shortest form. */
const isPositive = (number: Buffer | undefined): number is Buffer =>
  number !== undefined &&
  number.length > 0 &&
  ((number[0] ?? 0) & 0x80) === 0 &&
  !(number[0] === 0 && ((number[1] ?? 0) & 0x80) === 0)

const bitsOf = (number: Buffer): number => BigInt(`0x${number.toString("hex")}`).toString(2).length
const isOdd = (number: Buffer): boolean => ((number.at(-1) ?? 0) & 1) === 1

const rsaFlaw = (exponent: Buffer | undefined, modulus: Buffer | undefined): Flaw | undefined => {
  if (!isPositive(exponent) || !isPositive(modulus)) return broken("its numbers are not those of an RSA key")
  if (!isOdd(exponent) || bitsOf(exponent) < 2 || !isOdd(modulus))
    return broken("its numbers are not those of an RSA key")
  const bits = bitsOf(modulus)
  if (bits < leastRsaBits)
    return flaw(
      `The RSA key has ${bits} bits: too few for a key that is to be used for years. At least ${leastRsaBits} are needed.`,
      newKey,
    )
  return bits > mostRsaBits
    ? flaw(`The RSA key has ${bits} bits: sshd takes at most ${mostRsaBits}.`, newKey)
    : undefined
}

const applicationFlaw = (application: Buffer | undefined): Flaw | undefined =>
  application !== undefined && /^ssh:[\x20-\x7e]*$/.test(application.toString("latin1"))
    ? undefined
    : broken("its application does not begin with ssh:")

const numbersFlaw = (type: KeyType, fields: Fields): Flaw | undefined => {
  switch (type) {
    case "ssh-ed25519":
      return ed25519Flaw(fields.next())
    case "sk-ssh-ed25519@openssh.com":
      return ed25519Flaw(fields.next()) ?? applicationFlaw(fields.next())
    case "ecdsa-sha2-nistp256":
    case "ecdsa-sha2-nistp384":
    case "ecdsa-sha2-nistp521":
      return ecdsaFlaw(curveOf(type), fields.next(), fields.next())
    case "sk-ecdsa-sha2-nistp256@openssh.com":
      return ecdsaFlaw("nistp256", fields.next(), fields.next()) ?? applicationFlaw(fields.next())
    case "ssh-rsa":
      return rsaFlaw(fields.next(), fields.next())
  }
}

const curveOf = (type: `ecdsa-sha2-${Curve}`): Curve =>
  type === "ecdsa-sha2-nistp256" ? "nistp256" : type === "ecdsa-sha2-nistp384" ? "nistp384" : "nistp521"

const typeFlaw = (type: string): Flaw => {
  if (type === "ssh-dss" || type === "ssh-dss-cert-v01@openssh.com")
    return flaw("DSA keys have 1024 bits and are broken; OpenSSH no longer takes them.", newKey)
  if (/-cert-v\d+@openssh\.com$/.test(type))
    return flaw(`${show(type)} is a certificate.`, "Give the key itself: the line in the .pub file without -cert.")
  return flaw(
    `${show(type)} is no type of key that is taken.`,
    "Take Ed25519, ECDSA (nistp256, 384, 521), one of these on a security key (sk-), or RSA with at least 3072 bits.",
  )
}

const isKeyType = (text: string): text is KeyType => keyTypes.some((type) => type === text)
const looksLikeType = (text: string): boolean => /^(sk-)?(ssh|ecdsa)-[a-z0-9@.-]+$/.test(text)

/** The options that may stand before a key: no blank but within double quotes, in which a backslash escapes a quote. sshd(8). */
const options = /^(?:[^\s"]|"(?:[^"\\]|\\.)*")+[ \t]+/

const wordsOf = (line: string): ReadonlyArray<string> | undefined => {
  const words = /^(\S+)[ \t]+(\S+)(?:[ \t]+(.*))?$/.exec(line)
  return words === null ? undefined : words.slice(1).map((word) => word ?? "")
}

/** The key in a line, or what is wrong with the line. */
export const parsePublicKey = (text: string): ParsedKey | Flaw => {
  if (text.length > mostCharacters)
    return flaw(`The key has ${text.length} characters.`, `No key that is taken has more than ${mostCharacters}.`)
  if (/PRIVATE KEY/.test(text))
    return flaw(
      "This is a private key.",
      "Never give it to anybody, and make another one now; give the one line of the .pub file instead.",
    )
  if (/BEGIN (SSH2 )?PUBLIC KEY/.test(text))
    return flaw("This is a key in another format.", "Give one line as `ssh-keygen -i -f FILE` prints it.")
  const line = text.trim()
  if (/[\r\n]/.test(line))
    return flaw("There are several lines.", "Give one key of one line; others are records of their own.")
  const invisible = hiddenFlaw(line.replaceAll("\t", " "))
  if (invisible !== undefined) return invisible
  const first = /^\S+/.exec(line)?.[0] ?? ""
  const bare = looksLikeType(first) ? line : line.replace(options, "")
  const [type = "", base64 = "", comment = ""] = wordsOf(bare) ?? []
  if (!looksLikeType(type) || base64 === "")
    return flaw(
      "This is no public key of SSH.",
      "Give the one line of the .pub file: a type, the key in base64, and perhaps a comment.",
    )
  if (!isKeyType(type)) return typeFlaw(type)
  const blob = Buffer.from(base64, "base64")
  if (blob.toString("base64") !== base64) return broken("it is not whole base64")
  const fields = new Fields(blob)
  if (fields.next()?.toString("latin1") !== type) return broken("it is of another type than the word before it says")
  const wrong = numbersFlaw(type, fields)
  if (wrong !== undefined) return wrong
  if (!fields.isAtEnd) return broken("something follows it")
  const trimmed = comment.trim().replaceAll("\t", " ")
  return trimmed.length > mostCommentCharacters
    ? flaw(`The comment has ${trimmed.length} characters.`, `Use at most ${mostCommentCharacters}.`)
    : { type, base64, comment: trimmed }
}

export const printPublicKey = ({ base64, comment, type }: ParsedKey): string =>
  comment === "" ? `${type} ${base64}` : `${type} ${base64} ${comment}`

/** What `ssh-keygen -l` shows: SHA256 and the hash of the key, without its type and comment. */
export const fingerprintOf = (publicKey: string): string => {
  const parsed = parsePublicKey(publicKey)
  const blob = isFlaw(parsed) ? publicKey : Buffer.from(parsed.base64, "base64")
  return `SHA256:${createHash("sha256").update(blob).digest("base64").replace(/=+$/, "")}`
}

const publicKeyFlaw = (text: string): Flaw | undefined => {
  const parsed = parsePublicKey(text)
  return isFlaw(parsed) ? parsed : undefined
}

const canonical = (text: string): string => {
  const parsed = parsePublicKey(text)
  return isFlaw(parsed) ? text : printPublicKey(parsed)
}

const CanonicalKey = Schema.String.check(
  rule<string>(
    (text) =>
      publicKeyFlaw(text) ??
      (canonical(text) === text ? undefined : flaw("The key is not canonical.", "Write it without options.")),
  ),
).pipe(Schema.brand("SshPublicKey"))

/** One line: type, key in base64 and comment, whatever else stood around them. */
export const SshPublicKey = Schema.String.annotate({
  examples: ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIM4cUkjZ5EPfFqqPQgZDqPIVvTqK6p+mMKe3UvzXjYcT ada@example.org"],
})
  .check(rule<string>(publicKeyFlaw, { maxLength: mostCharacters }))
  .pipe(
    Schema.decodeTo(CanonicalKey, SchemaTransformation.transform({ decode: canonical, encode: (key: string) => key })),
  )
export type SshPublicKey = typeof SshPublicKey.Type
