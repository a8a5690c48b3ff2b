/**
 * Certificates and their keys as PEM: what is wrong with a pair that somebody brings along, and what one is good for.
 *
 * The one thing to know before changing it: no message repeats a word of what was given, since it may have been the key.
 */
import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto"
import * as Schema from "effect/Schema"
import { type Flaw, flaw, rule } from "./grammar.ts"

const longest = 64 * 1024
const blocks = /-----BEGIN ([A-Z0-9 ]+)-----\r?\n(?:[A-Za-z0-9+/=]+\r?\n)+-----END \1-----/g

/** The types of the blocks that the text consists of; undefined when there is anything else in it. */
const typesOf = (text: string): ReadonlyArray<string> | undefined =>
  text.length > longest || text.replaceAll(blocks, "").trim() !== ""
    ? undefined
    : [...text.matchAll(blocks)].map(([, type = ""]) => type)

const parse = <A>(make: () => A): A | undefined => {
  try {
    return make()
  } catch {
    return undefined
  }
}

/** The certificates of a chain, the server's own first; undefined when it is no such text. */
export const certificatesOf = (text: string): ReadonlyArray<X509Certificate> | undefined => {
  if (!typesOf(text)?.every((type) => type === "CERTIFICATE")) return undefined
  const list = [...text.matchAll(blocks)].map(([pem]) => parse(() => new X509Certificate(pem)))
  return list.length > 0 && list.every((one) => one !== undefined) ? list : undefined
}

export const privateKeyOf = (text: string): KeyObject | undefined => {
  const types = typesOf(text)
  return types?.length === 1 && /^(?:RSA |EC )?PRIVATE KEY$/.test(types[0] ?? "")
    ? parse(() => createPrivateKey(text))
    : undefined
}

/** What browsers take: RSA of 2048 bits or more, and the NIST curves. */
const keyFlaw = (key: KeyObject): Flaw | undefined => {
  const details = key.asymmetricKeyDetails
  if (key.asymmetricKeyType === "rsa") {
    const bits = details?.modulusLength ?? 0
    return bits >= 2048 && bits <= 8192
      ? undefined
      : flaw(`Its key is RSA of ${bits} bits.`, "Use RSA of 2048 to 8192 bits, or ECDSA on P-256 or P-384.")
  }
  const curve = details?.namedCurve ?? key.asymmetricKeyType ?? "unknown"
  return curve === "prime256v1" || curve === "secp384r1"
    ? undefined
    : flaw(`Its key is of the type ${curve}.`, "Use RSA of 2048 to 8192 bits, or ECDSA on P-256 or P-384.")
}

const chainFlaw = (text: string): Flaw | undefined => {
  const mend = "Give the server's own certificate, then each one that signed the one before, as PEM and nothing else."
  if (text.length > longest) return flaw(`The chain has ${text.length} characters.`, `Use at most ${longest}.`)
  if (/PRIVATE KEY/.test(text))
    return flaw(
      "There is a private key in the chain.",
      "Give it as privateKey, and make a new one if this one was shown.",
    )
  const list = certificatesOf(text)
  if (list === undefined) return flaw("This is no chain of certificates.", mend)
  if (list.length > 10) return flaw(`The chain has ${list.length} certificates.`, "Use at most 10.")
  const [own] = list
  if (own === undefined || own.ca) return flaw("The first certificate is that of an authority.", mend)
  for (const [index, one] of list.entries()) {
    const weak = keyFlaw(one.publicKey)
    if (weak !== undefined) return flaw(`Certificate ${index + 1} cannot be used. ${weak.message}`, weak.mend)
    const next = list[index + 1]
    if (next === undefined) continue
    if (!one.checkIssued(next) || !next.ca || !one.verify(next.publicKey))
      return flaw(`Certificate ${index + 2} of the chain did not sign certificate ${index + 1}.`, mend)
  }
  return namesOf(own).length === 0
    ? flaw("The certificate is for no domain name.", "Use one that has its names as subject alternative names.")
    : undefined
}

/** A chain of certificates. */
export const Chain = Schema.String.check(rule<string>(chainFlaw, { maxLength: longest })).pipe(Schema.brand("Chain"))

/** A private key without a passphrase. */
export const PrivateKey = Schema.String.check(
  rule<string>(
    (text) => {
      const mend = "Give it as PEM without a passphrase: openssl pkey -in FILE."
      if (text.length > longest) return flaw(`The key has ${text.length} characters.`, `Use at most ${longest}.`)
      const key = privateKeyOf(text)
      return key === undefined ? flaw("This is no private key that can be read.", mend) : keyFlaw(key)
    },
    { maxLength: longest },
  ),
)

/** Certificates of authorities that are trusted beside the system's. */
export const Trust = Schema.String.check(
  rule<string>(
    (text) => {
      const list = certificatesOf(text)
      if (list === undefined || list.length > 20)
        return flaw("This is no list of certificates.", "Give at most 20 certificates as PEM and nothing else.")
      return list.every((one) => one.ca)
        ? undefined
        : flaw("One of them is no certificate of an authority.", "Give certificates of authorities alone.")
    },
    { maxLength: longest },
  ),
).pipe(Schema.brand("Trust"))

/** Whether the key is the certificate's. */
export const belongTogether = (chain: string, key: string): boolean => {
  const [own] = certificatesOf(chain) ?? []
  const secret = privateKeyOf(key)
  return own !== undefined && secret !== undefined && own.checkPrivateKey(secret)
}

/** The domain names of a certificate. Whatever is no plain name is left out: it covers nothing that a site may have. */
export const namesOf = (certificate: X509Certificate): ReadonlyArray<string> =>
  (certificate.subjectAltName ?? "")
    .split(", ")
    .flatMap((entry) => /^DNS:((?:\*\.)?[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*)$/.exec(entry)?.[1]?.toLowerCase() ?? [])

/** Those of the names that the certificate is not for. RFC 6125: a wildcard stands for one label. */
export const uncovered = (certificate: X509Certificate, names: ReadonlyArray<string>): ReadonlyArray<string> => {
  const own = new Set(namesOf(certificate))
  return names.filter((name) => !own.has(name) && (name.startsWith("*.") || !own.has(name.replace(/^[^.]+/, "*"))))
}

export const validFrom = (certificate: X509Certificate): number => Date.parse(certificate.validFrom)
export const validUntil = (certificate: X509Certificate): number => Date.parse(certificate.validTo)

/** A chain and its key in the one spelling in which they stand in a file. */
export const pairText = (chain: string, key: string): string | undefined => {
  const secret = privateKeyOf(key)
  const list = certificatesOf(chain)
  if (secret === undefined || list === undefined || !list[0]?.checkPrivateKey(secret)) return undefined
  return `${list.map(String).join("")}${secret.export({ type: "pkcs8", format: "pem" })}`
}

export interface Pair {
  /** The server's own certificate. */
  readonly own: X509Certificate
  readonly text: string
}

/** What such a file holds; undefined unless it is exactly a chain and its key. */
export const pairOfText = (text: string): Pair | undefined => {
  const at = text.indexOf("-----BEGIN PRIVATE KEY-----")
  const chain = text.slice(0, at)
  const own = at < 0 ? undefined : certificatesOf(chain)?.[0]
  return own !== undefined && pairText(chain, text.slice(at)) === text ? { own, text } : undefined
}
