/**
 * The vhost of a site, as one member of the set that nginx loads.
 *
 * The one thing to know before changing it: it stands in one nginx with all other sites. Each location costs memory in every
 * worker, a thousand times; what all sites share belongs in `node/nginx-conf.ts`.
 */
import type { Facts } from "../../reconciler/contract/facts.ts"
import type { PhpSpec } from "../../spec/php.ts"
import type { SiteSpec } from "../../spec/site.ts"
import * as to from "../encode/nginx.ts"
import { nginx } from "../encode/nginx.ts"
import { words } from "../encode/text.ts"
import { accountLayout, platform, seenBy, type siteLayout, upstreamLayout } from "../layout.ts"
import { areaMaps, areaRules, plainPathsOnly } from "./areas.ts"
import { cacheRules, cacheZone } from "./cache.ts"
import { headers } from "./headers.ts"
import { siteNames } from "./names.ts"
import { meanwhile } from "./suspended.ts"
import { hstsHeader, hstsMap, httpsPort, portUnless, tlsRules } from "./tls.ts"
import { accessRules, limitRules, limitZones } from "./visitors.ts"

export interface Vhost {
  readonly spec: SiteSpec
  readonly layout: ReturnType<typeof siteLayout>
  readonly facts: Facts
  /** The Php record that the spec names. */
  readonly php: { readonly name: string; readonly spec: PhpSpec } | undefined
  /** Whether the site has a certificate: then it answers over HTTPS too. */
  readonly secure: boolean
}

export const vhost = (site: Vhost): to.Nginx => {
  const { served, moved } = siteNames(site.spec)
  if (site.spec.suspended)
    return nginx`
      ${trafficFormat(site)}
      ${suspended(site, [...served, ...moved.flatMap(({ names }) => names)])}
    `
  return nginx`
    ${trafficFormat(site)}
    ${hstsMap(site)}
    ${limitZones(site)}
    ${cacheZone(site)}
    ${areaMaps(site)}
    ${moved.map(({ names, to: target }) => redirectServer(site, names, target))}
    ${contentServer(site, served)}
  `
}

const listen = (site: Vhost): ReadonlyArray<to.Nginx> => {
  const { http } = site.facts
  return [
    ...[http.ipv4, ...(http.ipv6 === null ? [] : [http.ipv6])].map(
      (address) => nginx`listen ${to.listen(address, http.port)};`,
    ),
    ...tlsRules(site),
    nginx`include ${to.path(seenBy(site.facts, platform.acmeLocation))};`,
    nginx`include ${to.ifThere(seenBy(site.facts, accountLayout(site.spec.account).suspended))};`,
  ]
}

/**
 * Before the servers: a request that is too broken to be looked at has no variables, and is counted all the same. Numbers
 * alone and the site's name, so that no visitor can write a line.
 */
const trafficFormat = ({ layout }: Vhost): to.Nginx => nginx`
  log_format ${trafficName(layout.name)} '$msec Site/${to.nameInLog(layout.name)} $request_length $bytes_sent';
`

const trafficName = (site: string): to.Nginx => to.identifier(`traffic_${site}`)

const logs = ({ facts, layout }: Vhost): to.Nginx => nginx`
  access_log ${to.path(seenBy(facts, platform.trafficLog))} ${trafficName(layout.name)};
  access_log ${to.path(seenBy(facts, `${layout.logs}/access.log`))} plumbline;
  error_log ${to.path(seenBy(facts, `${layout.logs}/error.log`))} warn;
`

// The address bar's port is not always ours to know (a proxy may stand in front), but on another port than 80 it must be said.
const redirectServer = (site: Vhost, names: ReadonlyArray<string>, target: string): to.Nginx => {
  const plain = portUnless(80, site.facts.http.port)
  const origin = site.spec.redirects.https
    ? nginx`https://${to.serverName(target)}${httpsPort(site)}`
    : nginx`$plumb_scheme://${to.serverName(target)}${site.secure && site.facts.http.https !== null ? nginx`$plumb_port` : plain}`
  return nginx`
    server {
        ${listen(site)}
        server_name ${to.serverNames(names)};
        ${logs(site)}
        ${hstsHeader(site)}

        location / {
            return 301 ${origin}$request_uri;
        }
    }
  `
}

const contentServer = (site: Vhost, names: ReadonlyArray<string>): to.Nginx => {
  const { facts, layout, php, spec } = site
  const index = words("nginx", spec.indexFiles.map(to.fileName))
  const indexOf = spec.indexFiles.length === 0 ? to.nothing : nginx`${index} `
  const frontController = php !== undefined && spec.indexFiles.some((name) => name === "index.php")
  return nginx`
    server {
        ${listen(site)}
        server_name ${to.serverNames(names)};
        ${logs(site)}
        root ${to.path(seenBy(facts, layout.documentRoot))};
        disable_symlinks if_not_owner ${to.fromPath(seenBy(facts, layout.tenantRoot))};
        client_max_body_size ${to.size(spec.maxUpload)};
        ${spec.indexFiles.length === 0 ? to.nothing : nginx`index ${index};`}
        ${errorPages(spec)}
        ${headers(site)}
        ${accessRules(spec)}
        ${limitRules(site)}
        ${areaRules(site)}
        ${spec.compression ? to.nothing : uncompressed(facts)}
        ${plainPathsOnly(site)}
        ${spec.redirects.https ? toHttps(site) : to.nothing}

        location / {
            try_files $uri $uri/ ${frontController ? nginx`/index.php$is_args$args` : nginx`=404`};
        }
        ${spec.redirects.paths.some(({ from }) => from === "/") ? to.nothing : frontPage(indexOf)}
        ${spec.redirects.paths.map(pathRedirect)}
        location ~ /\.(?!well-known(?:/|$)) {
            return 404;
        }
        ${spec.noPhp.map(noScripts)}
        ${php === undefined ? to.nothing : phpLocation(site, php)}
        ${noSource}
        ${platformPages(site, seenByAll(spec))}
    }
  `
}

/** With a page for a site that has none yet. */
const frontPage = (index: to.Nginx): to.Nginx => nginx`
  location = / {
      index ${index}/.plumbline/ready.html;
  }
`

// Whoever ends TLS in front of this server says so in X-Forwarded-Proto, and everybody else is sent to https, as the record
// asks. A client that forges the header gets plain HTTP for itself alone.
const toHttps = (site: Vhost): to.Nginx => nginx`
  if ($plumb_insecure) {
      return 301 https://$host${httpsPort(site)}$request_uri;
  }
`

const pathRedirect = ({ from, status, to: target }: SiteSpec["redirects"]["paths"][number]): to.Nginx => nginx`
  location = ${to.uriPath(from)} {
      return ${to.redirectStatus(status)} ${to.redirectTarget(target)};
  }
`

const defaultPages = [
  ...["401", "403", "404", "429"].map((status) => ({ status, page: nginx`${to.errorStatus(status)}.html` })),
  ...["500", "502", "503", "504"].map((status) => ({ status, page: nginx`50x.html` })),
]

// nginx inherits error_page only where a server has none of its own, so a site that has one repeats the rest.
const errorPages = ({ errorPages: own }: SiteSpec): ReadonlyArray<to.Nginx> => {
  const chosen = Object.entries(own).flatMap(([status, page]) => (page === undefined ? [] : [{ status, page }]))
  if (chosen.length === 0) return []
  const rest = defaultPages.filter(({ status }) => !chosen.some((other) => other.status === status))
  return [
    ...chosen.map(({ page, status }) => nginx`error_page ${to.errorStatus(status)} ${to.internalUri(page)};`),
    ...rest.map(({ page, status }) => nginx`error_page ${to.errorStatus(status)} /.plumbline/${page};`),
  ]
}

// Only a file that exists is ever given to PHP, so /upload/cat.jpg/x.php is nobody's script; and PHP is told where the file
// really is, so that a deployment by swapping a link shows at once. try_files forgets the path info, hence the variable.
const phpLocation = (site: Vhost, php: { readonly name: string; readonly spec: PhpSpec }): to.Nginx => nginx`
  location ~ \.php(?:/|$) {
      fastcgi_split_path_info ^(.+?\.php)(/.*)$;
      set $plumb_path_info $fastcgi_path_info;
      set $plumb_php_admin ${mailSender(site)};
      try_files $fastcgi_script_name =404;
      fastcgi_pass ${to.identifier(upstreamLayout(php.name).upstream)};
      fastcgi_read_timeout ${to.integer(php.spec.pool.requestTimeout + 40, 1, 100_000)}s;
      ${cacheRules(site)}
  }
`

// One PHP may serve several sites of an account. Mail that comes back is addressed to the one that sent it.
const mailSender = ({ facts, layout, spec }: Vhost): to.Nginx =>
  facts.phpMail ? to.mailCommand(facts.phpMail, layout.name, spec.domains[0] ?? "") : nginx`""`

// Before the location that runs scripts: the first that fits counts.
const noScripts = (path: string): to.Nginx => nginx`
  location ~ ${to.scriptsBelow(path)} {
      return 404;
  }
`

// Nobody is given the source (and the passwords) of scripts that lie about: all of them on a static site, and those with a
// suffix that PHP does not run.
const noSource = nginx`
  location ~ (?i:\.(?:php\d*|phtml))(?:/|$) {
      return 404;
  }
`

const uncompressed = (facts: Facts): to.Nginx => nginx`
  gzip off;
  ${(facts.nginx?.brotli ?? []).length === 0 ? to.nothing : nginx`brotli off;`}
`

/** What tells visitors that they may not enter must not be kept from them. */
const seenByAll = ({ access, protect }: SiteSpec): to.Nginx => nginx`
  ${access.allow.length + access.deny.length === 0 ? to.nothing : nginx`allow all;`}
  ${protect.length === 0 ? to.nothing : nginx`auth_basic off;`}
`

const platformPages = ({ facts }: Vhost, more: to.Nginx = to.nothing): to.Nginx => nginx`
  location ^~ /.plumbline/ {
      internal;
      disable_symlinks off;
      alias ${to.folder(seenBy(facts, platform.pages))};
      ${more}
  }
`

const suspended = (site: Vhost, names: ReadonlyArray<string>): to.Nginx => nginx`
  server {
      ${listen(site)}
      server_name ${to.serverNames(names)};
      ${logs(site)}
      error_page 503 /.plumbline/suspended.html;

      location / {
          return 503;
      }
      ${platformPages(site, meanwhile)}
  }
`
