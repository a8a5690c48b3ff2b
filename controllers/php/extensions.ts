/**
 * Which extensions of PHP an account's master loads, and in which order.
 *
 * The one thing to know before changing it: an extension that needs the symbols of another must come after it, or PHP starts
 * without it. Debian says so with priorities in file names; here it is the order of the lines, since one php.ini an account
 * is one file to own instead of forty links.
 */
import type { PhpSpec } from "../../spec/php.ts"

/** Loaded only when a record asks: they slow every request down, or are for developers. */
const onRequest = new Set(["xdebug", "pcov", "ffi", "blackfire", "tideways", "spx"])

/** What has to be there before, by Debian's priorities. */
const first = ["opcache", "json", "pdo", "mysqlnd", "xml", "dom", "igbinary", "msgpack", "psr", "raphf"]

const zend = new Set(["opcache", "xdebug"])

export interface Extension {
  readonly name: string
  /** Loaded with zend_extension instead of extension. */
  readonly zend: boolean
}

const rank = (name: string): number => (first.includes(name) ? first.indexOf(name) : first.length)

export const extensionsOf = (
  present: ReadonlyArray<string>,
  chosen: PhpSpec["extensions"],
): { readonly load: ReadonlyArray<Extension>; readonly unknown: ReadonlyArray<string> } => {
  const wish = new Map<string, boolean>(Object.entries(chosen))
  const load = present
    .filter((name) => wish.get(name) ?? !onRequest.has(name))
    .toSorted((a, b) => rank(a) - rank(b) || (a < b ? -1 : a > b ? 1 : 0))
  return {
    load: load.map((name) => ({ name, zend: zend.has(name) })),
    unknown: [...wish.keys()].filter((name) => wish.get(name) === true && !present.includes(name)).toSorted(),
  }
}
