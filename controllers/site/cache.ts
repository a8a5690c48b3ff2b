/**
 * The micro-cache: what PHP answers to everybody alike is kept for a few seconds.
 *
 * The one thing to know before changing it: an answer that is for one visitor must never be kept. nginx itself keeps none
 * with Set-Cookie or a Cache-Control that forbids it; the rules here keep whoever is known (a password, a cookie) away from
 * it. A zone keeps its folder for ever: nginx refuses to load another one under the same name.
 */
import * as to from "../encode/nginx.ts"
import { nginx } from "../encode/nginx.ts"
import { seenBy } from "../layout.ts"
import type { Vhost } from "./vhost.ts"

// 256 KiB hold 2,000 answers.
export const cacheZone = ({ facts, layout, php, spec: { cache } }: Vhost): to.Nginx => {
  if (php === undefined || cache === undefined) return to.nothing
  const idle = to.integer(Math.max(600, cache.seconds), 1, 86_400)
  return nginx`
    fastcgi_cache_path ${to.path(seenBy(facts, layout.cache))} levels=1 keys_zone=${to.zone("answers", layout.name)}:256k
                       max_size=64m inactive=${idle}s use_temp_path=off;
    map $http_cookie ${to.variable("uncached", layout.name)} {
        default "";
        ${cache.bypassCookies.map((name) => nginx`${to.cookie(name)} 1;`)}
    }
  `
}

export const cacheRules = ({ layout, php, spec: { cache } }: Vhost): to.Nginx => {
  if (php === undefined || cache === undefined) return to.nothing
  const uncached = to.variable("uncached", layout.name)
  return nginx`
    fastcgi_cache ${to.zone("answers", layout.name)};
    fastcgi_cache_key "$plumb_scheme $request_method $host $request_uri";
    fastcgi_cache_valid 200 301 302 ${to.integer(cache.seconds, 1, 86_400)}s;
    fastcgi_cache_bypass $http_authorization ${uncached};
    fastcgi_no_cache $http_authorization ${uncached};
    fastcgi_cache_lock on;
    fastcgi_cache_use_stale updating;
  `
}
