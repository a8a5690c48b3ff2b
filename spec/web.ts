/**
 * How a site answers: to whom, how often, from what cache, with what log. Parts of the kind Site.
 *
 * The one thing to know before changing it: all sites share one nginx and its memory. What a field costs there (a zone, a
 * location) is paid for each site that sets it, so none of these is on unless it is asked for.
 */
import * as Schema from "effect/Schema"
import { explained, flaw, intBetween, rule, ruleAcross, show, withDefault } from "./grammar.ts"
import { atMost, noneTwice } from "./lists.ts"
import { Network } from "./network.ts"
import { AreaPath } from "./paths.ts"

const Networks = Schema.Array(Network).check(atMost(1000, "networks"), noneTwice("network"))

export const Access = Schema.Struct({
  allow: Networks.pipe(
    explained("Addresses and networks that may visit the site; with none given, all may."),
    withDefault([]),
  ),
  deny: Networks.pipe(explained("Addresses and networks that may not, also where allow has them."), withDefault([])),
})
export type Access = typeof Access.Type

export const Limits = Schema.Struct({
  requestsPerSecond: Schema.optionalKey(
    intBetween(1, 10_000, "requests a second").pipe(
      explained("How many requests a second a visitor may send on and on. More are answered with 429."),
    ),
  ),
  burst: intBetween(0, 10_000, "requests").pipe(
    explained("How many more may come at once, as a page with all its pictures does."),
    withDefault(100),
  ),
  connections: Schema.optionalKey(
    intBetween(1, 1000, "connections").pipe(
      explained("How many requests of a visitor are worked on at one time. More are answered with 429."),
    ),
  ),
})
export type Limits = typeof Limits.Type

const CookieName = Schema.String.annotate({ examples: ["wordpress_logged_in_"] })
  .check(
    rule<string>(
      (name) =>
        /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$/.test(name)
          ? undefined
          : flaw(`${show(name)} cannot be the name of a cookie.`, "Use letters, digits and _ . -, at most 100."),
      { pattern: "^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$" },
    ),
  )
  .pipe(Schema.brand("CookieName"))

export const Cache = Schema.Struct({
  seconds: intBetween(1, 3600, "seconds").pipe(
    explained("How long an answer of PHP is given again, unless the answer says otherwise (Cache-Control)."),
  ),
  bypassCookies: Schema.Array(CookieName)
    .check(atMost(50, "cookies"), noneTwice("cookie"))
    .pipe(
      explained("Visitors with a cookie whose name begins like one of these are never given an answer from the cache."),
      withDefault([
        "PHPSESSID",
        "wordpress_logged_in_",
        "wp-postpass_",
        "comment_author_",
        "woocommerce_items_in_cart",
      ]),
    ),
})
export type Cache = typeof Cache.Type

export const Logs = Schema.Struct({
  days: intBetween(1, 400, "days").pipe(
    explained("How long the site's logs are kept, one file a day."),
    withDefault(14),
  ),
})
export type Logs = typeof Logs.Type

/** Folders in which no script is run. */
export const NoPhp = Schema.Array(AreaPath).check(
  atMost(50, "paths"),
  noneTwice("path"),
  ruleAcross<ReadonlyArray<string>>((paths) =>
    paths.flatMap((path, index) =>
      path === "/"
        ? [{ path: [index], ...flaw('"/" is the whole site.', "Leave php out of the site to have no PHP at all.") }]
        : [],
    ),
  ),
)

const Hsts = Schema.Struct({
  maxAge: intBetween(0, 63_072_000, "seconds").pipe(
    explained("How long a browser remembers it. 0 has browsers forget what they were told."),
    withDefault(15_768_000),
  ),
  includeSubDomains: Schema.Boolean.pipe(
    explained("Whether it holds for all names below the site's, also those of others."),
    withDefault(false),
  ),
  preload: Schema.Boolean.pipe(
    explained("Whether browsers may know it before the first visit. It takes months to be taken back."),
    withDefault(false),
  ),
}).check(
  ruleAcross<{ readonly maxAge: number; readonly includeSubDomains: boolean; readonly preload: boolean }>(
    ({ includeSubDomains, maxAge, preload }) =>
      !preload || (includeSubDomains && maxAge >= 31_536_000)
        ? []
        : [
            {
              path: ["preload"],
              ...flaw(
                "The list of browsers takes no such name.",
                "Set includeSubDomains: true and maxAge: 31536000 or more, or leave preload out.",
              ),
            },
          ],
  ),
)

export const Tls = Schema.Struct({
  minimumVersion: Schema.Literals(["1.2", "1.3"]).pipe(
    explained("The oldest version of TLS that the site answers to."),
    withDefault("1.2"),
  ),
  hsts: Schema.optionalKey(Hsts.pipe(explained("Tells browsers to come over HTTPS alone (RFC 6797)."))),
})
export type Tls = typeof Tls.Type
