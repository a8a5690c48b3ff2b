/**
 * SHA-512 crypt ("$6$"): the verifier of a password that nginx, and every login of a Linux host, can check.
 *
 * The one thing to know before changing it: it is Drepper's specification step by step ("Unix crypt using SHA-256 and
 * SHA-512", 2008), proved by its own test vectors and beside OpenSSL. Node has no crypt(3).
 */
import { createHash } from "node:crypto"

const alphabet = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
export const defaultRounds = 5000

const sha512 = (...parts: ReadonlyArray<Uint8Array>): Buffer => {
  const hash = createHash("sha512")
  for (const part of parts) hash.update(part)
  return hash.digest()
}

/** The bytes over and over, up to a length. */
const repeated = (bytes: Buffer, length: number): Buffer => Buffer.alloc(length, length === 0 ? "" : bytes)

/** Six bits a character, the lowest first. */
const base64 = (value: number, characters: number): string =>
  Array.from({ length: characters }, (_, index) => alphabet[(value >> (6 * index)) & 63]).join("")

const encode = (digest: Buffer): string => {
  const at = (index: number) => digest[index] ?? 0
  // Bytes i, i+21 and i+42, the three turned by one place each time; the last byte stands alone.
  const groups = Array.from({ length: 21 }, (_, index) => {
    const three = [at(index), at(index + 21), at(index + 42)]
    const turned = [0, 1, 2].map((place) => three[(place + index) % 3] ?? 0)
    return base64(((turned[0] ?? 0) << 16) | ((turned[1] ?? 0) << 8) | (turned[2] ?? 0), 4)
  })
  return groups.join("") + base64(at(63), 2)
}

/** The salt has up to 16 characters of the alphabet of crypt(3). */
export const sha512Crypt = (password: string, salt: string, rounds = defaultRounds): string => {
  const [key, seed] = [Buffer.from(password, "utf8"), Buffer.from(salt, "latin1")]
  const alternate = sha512(key, seed, key)
  const bits: Array<Buffer> = []
  for (let length = key.length; length > 0; length >>= 1) bits.push((length & 1) === 1 ? alternate : key)
  const first = sha512(key, seed, repeated(alternate, key.length), ...bits)

  const keys = repeated(sha512(...Array.from({ length: key.length }, () => key)), key.length)
  const seeds = repeated(sha512(...Array.from({ length: 16 + (first[0] ?? 0) }, () => seed)), seed.length)
  let digest = first
  for (let round = 0; round < rounds; round++) {
    const odd = round % 2 === 1
    digest = sha512(
      odd ? keys : digest,
      ...(round % 3 === 0 ? [] : [seeds]),
      ...(round % 7 === 0 ? [] : [keys]),
      odd ? digest : keys,
    )
  }
  return `$6$${rounds === defaultRounds ? "" : `rounds=${rounds}$`}${salt}$${encode(digest)}`
}

/** Sixteen characters of crypt(3)'s alphabet, from as many random bytes. */
export const saltFrom = (random: Uint8Array): string => Array.from(random, (byte) => alphabet[byte & 63]).join("")
