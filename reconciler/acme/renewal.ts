// When a certificate is renewed: at two thirds of its life, a little earlier for each site by its name, so that a thousand of
// one day are not renewed in one hour.

import type { X509Certificate } from "node:crypto"
import { createHash } from "node:crypto"
import { validFrom, validUntil } from "../../spec/x509.ts"

/** At most a twentieth of the life. */
const jitter = (site: string): number => (createHash("sha256").update(site).digest().readUInt32BE(0) / 2 ** 32) * 0.05

/** In milliseconds since 1970. */
export const renewalOf = (site: string, certificate: X509Certificate): number => {
  const from = validFrom(certificate)
  return Math.round(from + (validUntil(certificate) - from) * (2 / 3 - jitter(site)))
}
