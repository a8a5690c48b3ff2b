/**
 * Which names a site answers to and where its other names lead: what `domains`, `aliases` and `redirects.www` come to.
 *
 * The one thing to know before changing it: every name occurs once, or nginx would silently give it to whichever server
 * block it reads first.
 */
import type { SiteSpec } from "../../spec/site.ts"

export interface SiteNames {
  /** The names that answer with the site; the first is the primary one. */
  readonly served: ReadonlyArray<string>
  /** The names that lead to another one of the site, by that one. */
  readonly moved: ReadonlyArray<{ readonly to: string; readonly names: ReadonlyArray<string> }>
}

const other = (domain: string): string => (domain.startsWith("www.") ? domain.slice(4) : `www.${domain}`)

// Beside www.org there is nothing that could be served, nor beside a name that leaves no room for the prefix. Names below a
// wildcard have no other form.
const isName = (domain: string): boolean => domain.includes(".") && domain.length <= 253 && !domain.includes("*")

/** The form of a name that visitors end at, and the form that is sent there. */
const forms = (
  domain: string,
  www: SiteSpec["redirects"]["www"],
): { readonly kept: string; readonly left?: string } => {
  if (www === "keep" || !isName(other(domain))) return { kept: domain }
  return domain.startsWith("www.") === (www === "add")
    ? { kept: domain, left: other(domain) }
    : { kept: other(domain), left: domain }
}

export const siteNames = (spec: Pick<SiteSpec, "domains" | "aliases" | "redirects">): SiteNames => {
  const pairs = spec.domains.map((domain) => forms(domain, spec.redirects.www))
  const served = [...new Set(pairs.map(({ kept }) => kept))]
  const primary = served[0] ?? ""
  const seen = new Set(served)
  const moved = new Map<string, Array<string>>()
  const move = (name: string | undefined, to: string) => {
    if (name === undefined || seen.has(name)) return
    seen.add(name)
    moved.set(to, [...(moved.get(to) ?? []), name])
  }
  for (const { kept, left } of pairs) move(left, kept)
  for (const alias of spec.aliases) move(alias, primary)
  return { served, moved: [...moved].map(([to, names]) => ({ to, names })) }
}
