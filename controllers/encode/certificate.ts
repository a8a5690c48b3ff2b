/**
 * What an order of a certificate is made of: names in a request to the authority, its address, and a program's name.
 *
 * The one thing to know before changing it: the hook's name becomes a path, and root runs what is there.
 */
import { certificatesOf } from "../../spec/x509.ts"
import { shaped, UnsafeValue } from "./unsafe.ts"

const label = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"

export const name = (value: string): string =>
  shaped(
    "a name of a certificate",
    value,
    new RegExp(`^(?=.{1,253}$)(?:\\*\\.)?${label}(?:\\.${label})+$`),
    "Use a full domain name in lower-case ASCII (xn-- for other scripts).",
  )

export const hook = (value: string): string =>
  shaped("the name of a hook", value, /^[a-z0-9][a-z0-9_-]{0,62}$/, "Use lower-case letters, digits, - and _.")

export const directory = (value: string): string =>
  shaped(
    "the address of an ACME server",
    value,
    /^https:\/\/(?:[a-z0-9.-]{1,253}|\[[0-9a-f:]{2,39}\])(?::\d{1,5})?(?:\/(?:[A-Za-z0-9_~][A-Za-z0-9._~-]*)?)*$/,
    "Use https://HOST/PATH.",
  )

export const email = (value: string): string =>
  shaped("an e-mail address", value, /^[A-Za-z0-9._+-]{1,64}@[a-z0-9.-]{1,189}$/, "Write it as hostmaster@example.org.")

/** In the spelling of our own: what stands before or behind a certificate is not always read past by who reads them. */
export const trust = (value: string): string => {
  const list = certificatesOf(value)
  if (list === undefined) throw new UnsafeValue("a list of authorities", "what was given", "Give certificates in PEM.")
  return list.map(String).join("")
}
