/**
 * The response headers of a site.
 *
 * The one thing to know before changing it: nginx inherits `add_header` only into a block that has none of its own, so all of
 * them stand in the server block, and no location of a site may have one.
 */
import { responseHeaders } from "../../spec/response-headers.ts"
import * as to from "../encode/nginx.ts"
import { nginx } from "../encode/nginx.ts"
import { UnsafeValue } from "../encode/unsafe.ts"
import { hidesHsts, hstsHeader } from "./tls.ts"
import type { Vhost } from "./vhost.ts"

/** What is added where the application says nothing itself: the variables are empty then, and so is the header. */
const standard: ReadonlyArray<readonly [name: string, value: to.Nginx]> = [
  ["X-Content-Type-Options", nginx`$plumb_sniffing`],
  ["Referrer-Policy", nginx`$plumb_referrer`],
  ["X-Frame-Options", nginx`$plumb_frames`],
]

export const headers = (site: Vhost): ReadonlyArray<to.Nginx> => {
  const { php, spec } = site
  const chosen = Object.entries(spec.headers).flatMap(([name, value]) => (value === undefined ? [] : [{ name, value }]))
  for (const { name } of chosen)
    if (!Object.hasOwn(responseHeaders, name))
      throw new UnsafeValue("a response header", name, "Use one of those that a record may set.")
  const names = new Set(chosen.map(({ name }) => name))
  const added = spec.securityHeaders === "none" ? [] : standard.filter(([name]) => !names.has(name))
  const hsts = hidesHsts(site)
  return [
    ...(hsts ? [hstsHeader(site)] : []),
    ...chosen.map(({ name, value }) => nginx`add_header ${to.headerName(name)} ${to.headerValue(value)} always;`),
    ...added.map(([name, value]) => nginx`add_header ${to.headerName(name)} ${value} always;`),
    ...(php === undefined || spec.cache === undefined
      ? []
      : [nginx`add_header X-Cache $upstream_cache_status always;`]),
    // The record's word counts, not the application's beside it: two of a kind mean something else than either.
    ...(php === undefined ? [] : chosen.map(({ name }) => nginx`fastcgi_hide_header ${to.headerName(name)};`)),
    ...(php === undefined || !hsts ? [] : [nginx`fastcgi_hide_header Strict-Transport-Security;`]),
  ]
}
