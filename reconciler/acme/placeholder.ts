// A pair signed by its own key, until there is one that browsers trust: nginx answers from the first moment on.

import type { X509Certificate } from "node:crypto"
import { webcrypto } from "node:crypto"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { pairText } from "../../spec/x509.ts"
import { toFailure } from "../host/failure.ts"

const maker = "Plumbline placeholder"
const years = 10 * 365 * 86_400_000
const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" }

export const isPlaceholder = ({ subject }: X509Certificate): boolean => subject === `CN=${maker}`

export const makePlaceholder = (names: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    return yield* Effect.tryPromise({ try: () => make(names, now), catch: toFailure })
  })

const make = async (names: ReadonlyArray<string>, now: number): Promise<string> => {
  // Loaded when there is one to be made: it is large, and most agents need it once.
  const x509 = await import("@peculiar/x509")
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"])
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: [{ CN: [maker] }],
    notBefore: new Date(now - 3_600_000),
    notAfter: new Date(now + years),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(names.map((value) => ({ type: "dns", value }))),
    ],
  })
  const key = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", keys.privateKey)).toString("base64")
  const pem = `-----BEGIN PRIVATE KEY-----\n${key.match(/.{1,64}/g)?.join("\n") ?? ""}\n-----END PRIVATE KEY-----\n`
  const text = pairText(`${certificate.toString("pem")}\n`, pem)
  if (text === undefined) throw new Error("The pair that was just made is none.")
  return text
}
