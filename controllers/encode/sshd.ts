/**
 * sshd_config(5), in which only paths and names of ours stand.
 *
 * The one thing to know before changing it: `%` begins a token, blanks and quotes divide words, `#` a comment; so a value
 * has none of them. Tokens are literal text of the templates.
 */
import { encoded, type Text, template } from "./text.ts"
import { shaped } from "./unsafe.ts"

export const sshd = template("sshd")

export const path = (value: string): Text<"sshd"> =>
  encoded(
    "sshd",
    shaped("a path in sshd's configuration", value, /^(\/[A-Za-z0-9._+-]+)+$/, "Use a plain absolute path."),
  )

/** A user or a group. */
export const name = (value: string): Text<"sshd"> =>
  encoded("sshd", shaped("a name in sshd's configuration", value, /^[a-z][a-z0-9-]*$/, "Use a name of ours."))
