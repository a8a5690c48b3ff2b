// What can go wrong with an order, in words for whoever reads a status. The server's own words are kept, on one line.

import * as Data from "effect/Data"

export class AcmeFailure extends Data.TaggedError("AcmeFailure")<{
  /** CamelCase, as in a condition. */
  readonly reason: string
  readonly message: string
  /** The last part of the problem's type, such as "rateLimited": RFC 8555, section 6.7. */
  readonly type?: string
  readonly status?: number
  /** Retry-After, as seconds or as a date (RFC 9110, section 10.2.3). */
  readonly retryAfterMillis?: number
  readonly retryAtMillis?: number
}> {}

/** Nobody wishes for this certificate any more, or for another one. */
export class Unwanted extends Data.TaggedError("Unwanted")<Record<never, never>> {}

/** RFC 7807, as far as ACME uses it. */
export interface Problem {
  readonly type?: unknown
  readonly detail?: unknown
  readonly subproblems?: unknown
}

/** A text of somebody else's, for a message. */
export const plain = (text: unknown): string =>
  typeof text === "string"
    ? text
        .replaceAll(/[\p{C}\p{Zl}\p{Zp}]+/gu, " ")
        .trim()
        .slice(0, 500)
    : ""

export const typeOf = ({ type }: Problem): string =>
  typeof type === "string" ? (/([A-Za-z]{1,40})$/.exec(type)?.[1] ?? "") : ""

const reasons: Readonly<Record<string, readonly [reason: string, says: string]>> = {
  rateLimited: ["RateLimited", "The authority takes no more for now"],
  rejectedIdentifier: ["NameRejected", "The authority issues no certificate for one of the names"],
  unsupportedIdentifier: ["NameRejected", "The authority issues no certificate for one of the names"],
  caa: ["CaaForbids", "A CAA record in the DNS keeps this authority from it"],
  dns: ["DnsFailed", "The authority found no answer in the DNS"],
  connection: ["Unreachable", "The authority could not connect"],
  unauthorized: ["ValidationFailed", "The authority saw another answer than ours"],
  incorrectResponse: ["ValidationFailed", "The authority saw another answer than ours"],
  tls: ["ValidationFailed", "The authority could not speak TLS"],
  externalAccountRequired: ["AccountRefused", "The authority wants an account that was made elsewhere"],
  userActionRequired: ["AccountRefused", "The authority wants somebody to agree to its terms"],
  invalidContact: ["AccountRefused", "The authority does not take the e-mail address"],
  unsupportedContact: ["AccountRefused", "The authority does not take the e-mail address"],
}

/** What a problem document says. */
export const wordsOf = (problem: Problem): readonly [reason: string, message: string] => {
  const [reason, says] = reasons[typeOf(problem)] ?? ["OrderFailed", "The authority refused"]
  const subproblems = Array.isArray(problem.subproblems) ? problem.subproblems : []
  const details = [problem.detail, ...subproblems.map((one: Problem | null) => one?.detail)].map(plain).filter(Boolean)
  return [reason, `${says}${details.length === 0 ? "" : `: ${details.slice(0, 4).join(" ").replace(/\.$/, "")}`}.`]
}

/**
 * Whether a limit is that of some names alone, and not of the account or the address that asks. Let's Encrypt answers all of
 * them with the same type; those of names say which, in quotes, or that it is the same set again.
 */
export const isOfNames = (message: string, names: ReadonlyArray<string>): boolean =>
  /exact set of (?:domains|identifiers)/i.test(message) ||
  [...message.matchAll(/"([^"]+)"/g)].some(([, quoted = ""]) =>
    names.some((name) => name === quoted || name.endsWith(`.${quoted}`)),
  )
