/** Opaque tokens: 256 random bits that are given away, and the hash that is kept of them. */
import { hash, randomBytes } from "node:crypto"

export const makeToken = (): string => randomBytes(32).toString("base64url")

/** No salt and no cost: nobody guesses 256 bits. */
export const hashOf = (text: string): Buffer => hash("sha256", text, "buffer")
