/**
 * The file of `auth_basic_user_file`: a name, a colon and a verifier a line.
 *
 * The one thing to know before changing it: a colon or a newline in a name would be another visitor, and a verifier that
 * costs much would hold up all sites. ngx_http_auth_basic_module.c, crypt(5).
 */
import { plainOf, type Secret } from "../../spec/secret.ts"
import { encoded, type Text, template } from "./text.ts"
import { shaped, UnsafeValue } from "./unsafe.ts"

export type Htpasswd = Text<"htpasswd">

export const htpasswd = template("htpasswd")

const name = (value: string): Htpasswd =>
  encoded(
    "htpasswd",
    shaped(
      "the name of a visitor",
      value,
      /^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$/,
      "Use 1 to 64 letters, digits and . _ @ -.",
    ),
  )

const verifier = (value: string): Htpasswd => {
  const shape =
    /^(?:\$6\$(?:rounds=(?:[1-9]\d{3}|10000)\$)?[./0-9A-Za-z]{1,16}\$[./0-9A-Za-z]{86}|\$2[aby]\$0[4-8]\$[./0-9A-Za-z]{53})$/
  if (typeof value === "string" && shape.test(value)) return encoded("htpasswd", value)
  // Not even a part of it is repeated.
  throw new UnsafeValue("the verifier of a password", "(hidden)", "Make one with `plumb hash-password`.")
}

export const visitor = (user: { readonly name: string; readonly verifier: Secret }): Htpasswd =>
  htpasswd`${name(user.name)}:${verifier(plainOf(user.verifier))}`
