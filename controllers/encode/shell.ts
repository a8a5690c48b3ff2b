/**
 * Scripts of sh(1) that root owns, in which only paths of ours stand.
 *
 * The one thing to know before changing it: nothing of a record ever stands in a script. What a script needs to know of an
 * account it asks the system for, by the user that runs it or by what PAM says.
 */
import { encoded, type Text, template } from "./text.ts"
import { shaped } from "./unsafe.ts"

export const shell = template("shell")

export const path = (value: string): Text<"shell"> =>
  encoded("shell", shaped("a path in a script", value, /^(\/[A-Za-z0-9._+-]+)+$/, "Use a plain absolute path."))

/** A text of ours as one word. */
export const quoted = (value: string): Text<"shell"> =>
  encoded("shell", `'${shaped("a word of a script", value, /^[^'\n]+$/, "Use one line without single quotes.")}'`)

export const name = (value: string): Text<"shell"> =>
  encoded("shell", shaped("a name in a script", value, /^[a-z][a-z0-9-]*$/, "Use a name of ours."))

export const address = (value: string): Text<"shell"> =>
  encoded("shell", shaped("an address in a script", value, /^[0-9a-f.:]+$/, "Use an IPv4 or IPv6 address."))

export const numbers = (values: ReadonlyArray<number>): Text<"shell"> =>
  encoded("shell", shaped("numbers in a script", values.join(","), /^\d+(,\d+)*$/, "Use whole numbers."))
