/**
 * E-mail addresses that users log in with: what is accepted, and the one form in which an address is kept and compared.
 *
 * The one thing to know before changing it: two addresses that look alike must not be two users, so only ASCII stands before
 * the @, and a domain is kept as the ASCII that DNS sees.
 */
import { domainToASCII } from "node:url"
import * as Result from "effect/Result"
import { type Flaw, flaw, hiddenFlaw, show } from "../../spec/grammar.ts"

const mend = "Write it as ada@example.org."

/** Case is dropped on both sides: RFC 5321 would let a server tell Ada from ada, and none does. */
export const emailOf = (text: string): Result.Result<string, Flaw> => {
  const hidden = hiddenFlaw(text)
  if (hidden !== undefined) return Result.fail(hidden)
  const no = (why: string) => Result.fail(flaw(`${show(text)} ${why}`, mend))
  const at = text.lastIndexOf("@")
  if (at < 1) return no("is no e-mail address.")
  const local = text.slice(0, at).toLowerCase()
  // RFC 5321, section 4.1.2: dot-string, with its 64 octets.
  if (!/^[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/.test(local) || local.length > 64)
    return no("has something before the @ that no mail server of ours can write to.")
  const domain = domainToASCII(text.slice(at + 1)).replace(/\.$/, "")
  if (!/^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])$/.test(domain))
    return no("has no domain behind the @.")
  const email = `${local}@${domain}`
  return email.length > 254 ? no("is longer than an address can be.") : Result.succeed(email)
}
