/** Opaque tokens: 256 random bits that are given away, and the hash that is kept of them. */
import { createHash, randomBytes } from "node:crypto"

export const makeToken = (): string => randomBytes(32).toString("base64url")

/** No salt and no cost: nobody guesses 256 bits. */
export const hashOf = (text: string): Buffer => createHash("sha256").update(text).digest()
