// How a request says that it comes from who knows the secret. https://www.standardwebhooks.com

import { createHmac } from "node:crypto"

export interface Signed {
  readonly secret: string
  readonly id: string
  readonly body: string
  /** Seconds since 1970. */
  readonly timestamp: number
}

/** A secret that begins with whsec_ is the rest of it in base64; any other is its own bytes. */
export const signatureOf = ({ body, id, secret, timestamp }: Signed): string => {
  const key = secret.startsWith("whsec_") ? Buffer.from(secret.slice("whsec_".length), "base64") : Buffer.from(secret)
  return `v1,${createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64")}`
}
