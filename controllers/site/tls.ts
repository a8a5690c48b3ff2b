/**
 * How a site with a certificate answers over HTTPS.
 *
 * The one thing to know before changing it: `ssl_certificate` holds a variable, so nginx reads the pair with each handshake
 * and none when it starts: a reload with 1,000 such sites takes no longer than without, a renewal needs none at all, and a
 * pair that is missing or bad costs its own site alone. https://nginx.org/en/docs/http/ngx_http_ssl_module.html
 */
import * as to from "../encode/nginx.ts"
import { nginx } from "../encode/nginx.ts"
import { UnsafeValue } from "../encode/unsafe.ts"
import type { Vhost } from "./vhost.ts"

export const portUnless = (usual: number, port: number): to.Nginx =>
  port === usual ? to.nothing : nginx`:${to.integer(port, 1, 65535)}`

/** What stands behind a name in a URL of this site's over HTTPS. Without a certificate here, somebody in front has it. */
export const httpsPort = ({ facts: { http }, secure }: Vhost): to.Nginx =>
  secure && http.https !== null ? portUnless(443, http.https) : to.nothing

/** `listen … ssl` with HTTP/2, which newer versions want said apart. */
export const listenTls = (facts: Vhost["facts"], more: to.Nginx = to.nothing): ReadonlyArray<to.Nginx> => {
  const { https, ipv4, ipv6 } = facts.http
  if (https === null) return []
  const [major = 0, minor = 0, patch = 0] = (facts.nginx?.version ?? "1.22.0").split(".").map(Number)
  const apart = major > 1 || minor > 25 || (minor === 25 && patch >= 1)
  return [
    ...[ipv4, ...(ipv6 === null ? [] : [ipv6])].map(
      (address) => nginx`listen ${to.listen(address, https)} ssl${apart ? to.nothing : nginx` http2`}${more};`,
    ),
    ...(apart ? [nginx`http2 on;`] : []),
  ]
}

export const tlsRules = ({ facts, layout, secure, spec }: Vhost): ReadonlyArray<to.Nginx> => {
  if (!secure || facts.http.https === null) return []
  return [
    ...listenTls(facts),
    nginx`ssl_certificate ${to.pair(layout.name)};`,
    nginx`ssl_certificate_key ${to.pair(layout.name)};`,
    // The version is agreed upon before nginx knows which site it is for, the cipher afterwards: those of TLS 1.2 are left
    // with one that nobody has, and those of 1.3 are not named here.
    ...(spec.tls.minimumVersion === "1.3" ? [nginx`ssl_ciphers PSK-AES256-GCM-SHA384;`] : []),
  ]
}

const hstsOf = ({ facts, secure, spec }: Vhost) => (secure && facts.http.https !== null ? spec.tls.hsts : undefined)

/** RFC 6797, section 7.2: never over plain HTTP. */
export const hstsMap = (site: Vhost): to.Nginx => {
  const hsts = hstsOf(site)
  if (hsts === undefined) return to.nothing
  if (typeof hsts.includeSubDomains !== "boolean" || typeof hsts.preload !== "boolean")
    throw new UnsafeValue("a part of HSTS", String(hsts.preload), "Use true or false.")
  const more = nginx`${hsts.includeSubDomains ? nginx`; includeSubDomains` : to.nothing}${hsts.preload ? nginx`; preload` : to.nothing}`
  return nginx`
    map $plumb_https ${to.variable("hsts", site.layout.name)} {
        default "";
        on "max-age=${to.integer(hsts.maxAge, 0, 63_072_000)}${more}";
    }
  `
}

export const hstsHeader = (site: Vhost): to.Nginx =>
  hstsOf(site) === undefined
    ? to.nothing
    : nginx`add_header Strict-Transport-Security ${to.variable("hsts", site.layout.name)} always;`

/** The record's word counts, not the application's beside it. */
export const hidesHsts = (site: Vhost): boolean => hstsOf(site) !== undefined
