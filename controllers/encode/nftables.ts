/**
 * nft(8)'s language, in which only numbers and names of ours stand.
 *
 * The one thing to know before changing it: a text of it can do anything to the host's packets, so nothing of a record's
 * comes into one. nft(8).
 */
import { encoded, type Text, template } from "./text.ts"
import { shaped, whole } from "./unsafe.ts"

export const nftables = template("nftables")

export const table = (name: string): Text<"nftables"> =>
  encoded("nftables", shaped("the name of a table", name, /^plumb_[a-z]+$/, "Use a name of ours."))

/** User ids, both ends included. */
export const uids = (first: number, last: number): Text<"nftables"> =>
  encoded("nftables", `${whole("a user id", first, 1, 65_533)}-${whole("a user id", last, first, 65_533)}`)
