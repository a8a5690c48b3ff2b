/**
 * How an API token looks: `plumb_`, forty random characters, and six that are a checksum of those before, so that whoever finds
 * one in a text knows it for one, and a mistyped one is told from a revoked one without asking the database.
 *
 * The one thing to know before changing it: scanners for secrets look for this very shape. What is given out once stays good.
 */
import { randomInt } from "node:crypto"
import { crc32 } from "node:zlib"

const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
const prefix = "plumb_"

const checksum = (text: string): string => {
  let rest = crc32(text)
  let out = ""
  for (let place = 0; place < 6; place++) {
    out = digits.charAt(rest % 62) + out
    rest = Math.floor(rest / 62)
  }
  return out
}

/** 238 random bits. */
export const makeApiToken = (): string => {
  const text = prefix + Array.from({ length: 40 }, () => digits.charAt(randomInt(62))).join("")
  return text + checksum(text)
}

export const isApiToken = (text: string): boolean =>
  /^plumb_[0-9A-Za-z]{46}$/.test(text) && checksum(text.slice(0, -6)) === text.slice(-6)

/** What may be shown of one. */
export const shownOf = (token: string): string => token.slice(0, prefix.length + 6)
