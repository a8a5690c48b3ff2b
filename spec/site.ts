/**
 * Site: domains that answer over HTTP from one folder of an account, static or with PHP.
 *
 * The one thing to know before changing it: every value here is rendered into a vhost that shares one nginx with all other
 * sites. A new field gets a grammar of its own in `paths.ts` or `names.ts`, not `Schema.String`.
 */
import * as Schema from "effect/Schema"
import * as Struct from "effect/Struct"
import { Protect, secretsOfProtect } from "./basic-auth.ts"
import { DomainPattern, domainsAbove, isWildcard } from "./domain.ts"
import { explained, flaw, rule, ruleAcross, show, withDefault } from "./grammar.ts"
import { type Claim, defineKind } from "./kind.ts"
import { atMost, noneTwice, repeats } from "./lists.ts"
import { AccountName, bytesBetween, RecordName } from "./names.ts"
import { FileName, RedirectTarget, RelativePath, UrlPath } from "./paths.ts"
import { ResponseHeaders } from "./response-headers.ts"
import { Access, Cache, Limits, Logs, NoPhp, Tls } from "./web.ts"

export const PathRedirect = Schema.Struct({
  from: UrlPath.pipe(explained("The path that is redirected, exactly as given.")),
  to: RedirectTarget.pipe(explained("Where it leads: a path of this site, or an http(s) URL.")),
  status: Schema.Literals([301, 302, 307, 308]).pipe(
    explained("301 and 308 are permanent; 307 and 308 keep the request's method."),
    withDefault(301),
  ),
}).check(
  ruleAcross<{ readonly from: string; readonly to: string }>((redirect) =>
    redirect.from === redirect.to
      ? [
          {
            path: ["to"],
            ...flaw(`${show(redirect.from)} leads to itself.`, "Name another target, or remove the redirect."),
          },
        ]
      : [],
  ),
)
export type PathRedirect = typeof PathRedirect.Type

// "/a" and "/%61" are one path.
const noPathTwice = ruleAcross<ReadonlyArray<PathRedirect>>((redirects) =>
  repeats(redirects.map(({ from }) => decodeURIComponent(from))).map((index) => ({
    path: [index, "from"],
    ...flaw(`${show(redirects[index]?.from ?? "")} is redirected twice.`, "Keep one of the two."),
  })),
)

export const SiteRedirects = Schema.Struct({
  www: Schema.Literals(["add", "remove", "keep"]).pipe(
    explained("Whether visitors are sent to the name with www. (add), without it (remove), or neither (keep)."),
    withDefault("keep"),
  ),
  https: Schema.Boolean.pipe(explained("Whether plain HTTP is redirected to HTTPS."), withDefault(false)),
  paths: Schema.Array(PathRedirect)
    .check(atMost(500, "redirects"), noPathTwice)
    .pipe(explained("Redirects of single paths."), withDefault([])),
})
export type SiteRedirects = typeof SiteRedirects.Type

/** The statuses that a page of one's own can be given for. */
export const errorPageStatuses = [
  "400",
  "401",
  "403",
  "404",
  "405",
  "410",
  "413",
  "429",
  "500",
  "502",
  "503",
  "504",
] as const

const ErrorPages = Schema.Struct({
  "400": UrlPath,
  "401": UrlPath,
  "403": UrlPath,
  "404": UrlPath,
  "405": UrlPath,
  "410": UrlPath,
  "413": UrlPath,
  "429": UrlPath,
  "500": UrlPath,
  "502": UrlPath,
  "503": UrlPath,
  "504": UrlPath,
}).mapFields(Struct.map(Schema.optionalKey))

const Domains = Schema.Array(DomainPattern).check(atMost(100, "domains"), noneTwice("domain"))

export const SiteSpec = Schema.Struct({
  account: AccountName.pipe(explained("The account that the site belongs to.")),
  domains: Domains.check(
    rule<ReadonlyArray<unknown>>(
      (list) =>
        list.length > 0 ? undefined : flaw("The site has no domain.", "Give at least one; the first is the primary."),
      { minItems: 1 },
    ),
    ruleAcross<ReadonlyArray<string>>(([primary = ""]) =>
      isWildcard(primary)
        ? [{ path: [0], ...flaw(`${show(primary)} cannot be the primary domain.`, "Put a full name before it.") }]
        : [],
    ),
  ).pipe(explained("The names that the site answers to. The first is the primary one.")),
  aliases: Domains.pipe(explained("Names that are redirected to the primary domain."), withDefault([])),
  redirects: SiteRedirects.pipe(explained("Who is sent elsewhere."), withDefault({})),
  documentRoot: RelativePath.pipe(
    explained("The folder that is served, within the site's own folder."),
    withDefault("public"),
  ),
  php: Schema.optionalKey(
    RecordName.pipe(explained("The Php record that runs .php files. Left out, the site is static.")),
  ),
  suspended: Schema.Boolean.pipe(explained("Whether a notice is served instead of the site."), withDefault(false)),
  indexFiles: Schema.Array(FileName)
    .check(atMost(20, "index files"), noneTwice("index file"))
    .pipe(explained("The files tried for a folder, in this order."), withDefault(["index.php", "index.html"])),
  errorPages: ErrorPages.pipe(explained("Pages of the site's own for error statuses."), withDefault({})),
  maxUpload: bytesBetween("1K", "10G").pipe(explained("The largest request that is accepted."), withDefault("64M")),
  protect: Protect.pipe(explained("Paths that ask for a password."), withDefault([])),
  access: Access.pipe(explained("Who may visit the site, by address."), withDefault({})),
  limits: Limits.pipe(
    explained("How much one visitor may ask for: an IPv4 address, or the /64 network of an IPv6 address."),
    withDefault({}),
  ),
  securityHeaders: Schema.Literals(["standard", "none"]).pipe(
    explained(
      "standard adds X-Content-Type-Options, Referrer-Policy and X-Frame-Options to answers that have none of their own.",
    ),
    withDefault("standard"),
  ),
  headers: ResponseHeaders.pipe(explained("Headers of every answer, errors too."), withDefault({})),
  compression: Schema.Boolean.pipe(
    explained("Whether text is sent compressed: gzip, and brotli where the host has it."),
    withDefault(true),
  ),
  noPhp: NoPhp.pipe(
    explained("Folders in which no script is ever run or shown, such as those that visitors upload into."),
    withDefault([]),
  ),
  cache: Schema.optionalKey(Cache.pipe(explained("Answers of PHP that are kept for a moment."))),
  logs: Logs.pipe(explained("The site's access and error logs."), withDefault({})),
  tls: Tls.pipe(explained("How the site answers over HTTPS, once it has a Certificate."), withDefault({})),
}).check(
  ruleAcross<{ readonly redirects: { readonly https: boolean }; readonly tls: Tls }>(({ redirects, tls }) =>
    tls.hsts === undefined || redirects.https
      ? []
      : [
          {
            path: ["tls", "hsts"],
            ...flaw("Browsers keep to HTTPS by this, and visitors are not sent there.", "Set redirects.https: true."),
          },
        ],
  ),
  ruleAcross<{ readonly domains: ReadonlyArray<string>; readonly aliases: ReadonlyArray<string> }>((spec) => {
    const domains = new Set(spec.domains)
    return spec.aliases.flatMap((alias, index) =>
      domains.has(alias)
        ? [
            {
              path: ["aliases", index],
              ...flaw(`${show(alias)} is a domain of this site already.`, "Remove one of the two."),
            },
          ]
        : [],
    )
  }),
)
export type SiteSpec = typeof SiteSpec.Type

/** `www.example.org` for `example.org`, and the other way round. */
const withOrWithoutWww = (domain: string): string =>
  domain.startsWith("www.") ? domain.slice("www.".length) : `www.${domain}`

/**
 * Every name that the site answers to, with the field that it comes from. Where www is added or removed, the other
 * spelling of each domain is answered too (with the redirect), so it belongs to the site as much as the one written.
 */
export const servedNames = (
  spec: SiteSpec,
): ReadonlyArray<{ readonly name: string; readonly field: string; readonly role: "domain" | "alias" | "www" }> => {
  const written = new Set<string>([...spec.domains, ...spec.aliases])
  return [
    ...spec.domains.map((name, index) => ({ name, field: `spec.domains[${index}]`, role: "domain" as const })),
    ...spec.aliases.map((name, index) => ({ name, field: `spec.aliases[${index}]`, role: "alias" as const })),
    ...(spec.redirects.www === "keep" ? [] : spec.domains)
      .filter((domain) => !isWildcard(domain))
      .map(withOrWithoutWww)
      .filter((name) => !written.has(name) && name.includes(".") && name.length <= 253)
      .map((name) => ({ name, field: "spec.redirects.www", role: "www" as const })),
  ]
}

/** A name is one site's. All names below a domain may be several sites', and are one account's once a wildcard has them. */
const claimsOfName = (
  { name, field }: { readonly name: string; readonly field: string },
  account: string,
): ReadonlyArray<Claim> => [
  { key: `domain:${name}`, field },
  ...(isWildcard(name) ? [{ key: `wildcard:${name}`, field, shared: { by: account, as: "whole" } } as const] : []),
  ...domainsAbove(name).map(
    (above) => ({ key: `wildcard:*.${above}`, field, shared: { by: account, as: "part" } }) as const,
  ),
]

export const Site = defineKind({
  kind: "Site",
  description: "Domains that answer over HTTP from one folder of an account, static or with PHP.",
  name: RecordName,
  spec: SiteSpec,
  references: (spec) => [
    { kind: "Account", name: spec.account, field: "spec.account" },
    ...(spec.php === undefined
      ? []
      : [{ kind: "Php", name: spec.php, field: "spec.php", match: { account: spec.account } }]),
  ],
  counts: (spec) => [{ kind: "Account", name: spec.account, what: "sites", field: "spec.account" }],
  claims: (_name, spec) => servedNames(spec).flatMap((served) => claimsOfName(served, spec.account)),
  secrets: (spec) => secretsOfProtect(spec.protect),
})
