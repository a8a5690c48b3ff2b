/**
 * Site: domains that answer over HTTP from one folder of an account, static or with PHP.
 *
 * The one thing to know before changing it: every value here is rendered into a vhost that shares one nginx with all other
 * sites. A new field gets a grammar of its own in `paths.ts` or `names.ts`, not `Schema.String`.
 */
import * as Schema from "effect/Schema"
import * as Struct from "effect/Struct"
import { explained, flaw, rule, ruleAcross, show, withDefault } from "./grammar.ts"
import { defineKind } from "./kind.ts"
import { AccountName, bytesBetween, DomainName, RecordName } from "./names.ts"
import { FileName, RedirectTarget, RelativePath, UrlPath } from "./paths.ts"

const atMost = (most: number, what: string) =>
  rule<ReadonlyArray<unknown>>(
    (list) =>
      list.length <= most
        ? undefined
        : flaw(`There are ${list.length} ${what}.`, `Give at most ${most}, and split the rest off.`),
    { maxItems: most },
  )

const noneTwice = (what: string) =>
  ruleAcross<ReadonlyArray<string>>((list) =>
    list.flatMap((item, index) =>
      list.indexOf(item) === index
        ? []
        : [{ path: [index], ...flaw(`The ${what} ${show(item)} is given twice.`, "Remove one of the two.") }],
    ),
  )

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

const noPathTwice = ruleAcross<ReadonlyArray<PathRedirect>>((redirects) =>
  redirects.flatMap(({ from }, index) =>
    redirects.findIndex((other) => other.from === from) === index
      ? []
      : [{ path: [index, "from"], ...flaw(`${show(from)} is redirected twice.`, "Keep one of the two.") }],
  ),
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

const Domains = Schema.Array(DomainName).check(atMost(100, "domains"), noneTwice("domain"))

export const SiteSpec = Schema.Struct({
  account: AccountName.pipe(explained("The account that the site belongs to.")),
  domains: Domains.check(
    rule<ReadonlyArray<unknown>>(
      (list) =>
        list.length > 0 ? undefined : flaw("The site has no domain.", "Give at least one; the first is the primary."),
      { minItems: 1 },
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
}).check(
  ruleAcross<{ readonly domains: ReadonlyArray<string>; readonly aliases: ReadonlyArray<string> }>(
    ({ aliases, domains }) =>
      aliases.flatMap((alias, index) =>
        domains.includes(alias)
          ? [
              {
                path: ["aliases", index],
                ...flaw(`${show(alias)} is a domain of this site already.`, "Remove one of the two."),
              },
            ]
          : [],
      ),
  ),
)
export type SiteSpec = typeof SiteSpec.Type

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
  claims: (_name, spec) => [
    ...spec.domains.map((domain, index) => ({ key: `domain:${domain}`, field: `spec.domains[${index}]` })),
    ...spec.aliases.map((domain, index) => ({ key: `domain:${domain}`, field: `spec.aliases[${index}]` })),
  ],
})
