/**
 * Areas of a site that ask for a password: which paths, and where nginx looks the passwords up.
 *
 * The one thing to know before changing it: it is decided by maps of the path and not by locations, because a script is
 * served by its own location, whatever folder it lies in. The maps are volatile: a request that goes on inside under another
 * path (an index, a front controller) is asked again under that path.
 */
import type { ProtectedArea } from "../../spec/basic-auth.ts"
import * as to from "../encode/nginx.ts"
import { nginx } from "../encode/nginx.ts"
import { seenBy } from "../layout.ts"
import type { Vhost } from "./vhost.ts"

/** Paths with what a map gives for them: the first that fits counts, so the longest stand first. */
const lookup = (site: Vhost, value: (area: ProtectedArea) => to.Nginx): ReadonlyArray<to.Nginx> => {
  const longestFirst = site.spec.protect.toSorted((a, b) => b.path.length - a.path.length || (a.path < b.path ? -1 : 1))
  return [
    ...longestFirst.map((area) => nginx`${to.area(area.path)} ${value(area)};`),
    ...longestFirst
      .filter(({ path }) => path !== "/")
      .map((area) => nginx`${to.areaBehindScript(area.path)} ${value(area)};`),
  ]
}

/** The page for those who may not enter has to be seen by them. */
const openPage = ({ spec }: Vhost, value: to.Nginx): to.Nginx => {
  const page = spec.errorPages["401"]
  return page === undefined ? to.nothing : nginx`${to.exactly(page)} ${value};`
}

export const areaMaps = (site: Vhost): to.Nginx => {
  if (site.spec.protect.length === 0) return to.nothing
  return nginx`
    map $uri ${to.variable("realm", site.layout.name)} {
        volatile;
        default off;
        ${openPage(site, nginx`off`)}
        ${lookup(site, ({ realm }) => to.realm(realm))}
    }
    map $uri ${to.variable("users", site.layout.name)} {
        volatile;
        default /dev/null;
        ${lookup(site, ({ path }) => to.path(seenBy(site.facts, site.layout.passwords(path))))}
    }
  `
}

export const areaRules = (site: Vhost): to.Nginx => {
  if (site.spec.protect.length === 0) return to.nothing
  return nginx`
    auth_basic ${to.variable("realm", site.layout.name)};
    auth_basic_user_file ${to.variable("users", site.layout.name)};
    limit_req zone=plumb_logins burst=120 nodelay;
  `
}

// An application may read the path as it was sent and not as nginx understood it. No browser sends one that differs so.
export const plainPathsOnly = ({ php, spec }: Vhost): to.Nginx =>
  php === undefined || (spec.protect.length === 0 && spec.noPhp.length === 0)
    ? to.nothing
    : nginx`
        if ($plumb_devious) {
            return 400;
        }
      `
