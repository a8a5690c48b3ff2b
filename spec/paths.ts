/**
 * Paths, URL paths and redirect targets: values that stand verbatim in nginx's configuration and in file names.
 *
 * The one thing to know before changing it: none of these grammars has room for `$`, quotes, `;`, braces, backslash,
 * white space or `..`, in plain or in percent-encoded form. nginx would expand, end or widen a directive with each of them.
 */
import * as Schema from "effect/Schema"
import { DomainName } from "./domain.ts"
import { type Flaw, flaw, hiddenFlaw, rule, show } from "./grammar.ts"

const relativePathFlaw = (path: string): Flaw | undefined => {
  const invisible = hiddenFlaw(path)
  if (invisible !== undefined) return invisible
  if (path === "") return flaw("The path is empty.", "Write a folder such as public.")
  if (path.startsWith("/"))
    return flaw(`${show(path)} is absolute.`, "Write it relative to the site's folder, without the first slash.")
  if (path.length > 200) return flaw(`The path has ${path.length} characters.`, "Use at most 200.")
  for (const segment of path.split("/")) {
    if (segment === "." || segment.includes(".."))
      return flaw(`${show(path)} holds the segment ${show(segment)}.`, "Write the path without . and .. in it.")
    if (segment === "")
      return flaw(`${show(path)} holds an empty segment.`, "Write single slashes, and none at the end.")
    if (!/^[A-Za-z0-9_][A-Za-z0-9._-]*$/.test(segment))
      return flaw(
        `The segment ${show(segment)} is not allowed.`,
        "Use letters, digits, dots, dashes and underscores; begin with none of dot and dash.",
      )
  }
  return undefined
}

/** A path below a folder that the platform chooses: it cannot leave it. */
export const RelativePath = Schema.String.annotate({ examples: ["public"] })
  .check(rule<string>(relativePathFlaw, { pattern: "^[A-Za-z0-9_][A-Za-z0-9._/-]*$", maxLength: 200 }))
  .pipe(Schema.brand("RelativePath"))
export type RelativePath = typeof RelativePath.Type

const fileNameFlaw = (name: string): Flaw | undefined =>
  hiddenFlaw(name) ??
  (/^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$/.test(name)
    ? undefined
    : flaw(
        `${show(name)} is not a plain file name.`,
        "Use letters, digits, dots, dashes and underscores, such as index.html.",
      ))

/** A file's name without any folder. */
export const FileName = Schema.String.annotate({ examples: ["index.html"] })
  .check(rule<string>(fileNameFlaw, { pattern: "^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$" }))
  .pipe(Schema.brand("FileName"))
export type FileName = typeof FileName.Type

const urlPathFlaw = (path: string): Flaw | undefined => {
  const invisible = hiddenFlaw(path)
  if (invisible !== undefined) return invisible
  if (!path.startsWith("/"))
    return flaw(`${show(path)} does not begin with a slash.`, "Write the path from the root, such as /about.")
  if (path.length > 500) return flaw(`The path has ${path.length} characters.`, "Use at most 500.")
  const bad = path.replace(/[A-Za-z0-9._~/%@:+,=-]/g, "")[0]
  if (bad !== undefined) {
    const mendable = /[\p{L}\p{M}\p{N} ]/u.test(path) && /^[^"'`;{}$\\<>|&#?*()[\]^!]*$/.test(path)
    return flaw(
      `${show(path)} holds ${show(bad)}.`,
      mendable
        ? `Write ${encodeURI(path)}.`
        : "Use letters, digits and . _ ~ - / @ : + , = only; percent-encode the rest.",
    )
  }
  for (const [code] of path.matchAll(/%.{0,2}/g)) {
    if (!/^%[0-9A-Fa-f]{2}$/.test(code))
      return flaw(`${show(code)} is not a percent escape.`, "Write % and two hex digits.")
    // Controls, and what would mean something else once nginx has decoded it: quotes, $ . / ; \ { }
    if (/^%([01].|22|24|25|27|2e|2f|3b|5c|7b|7d|7f)$/i.test(code))
      return flaw(`The escape ${show(code)} is not allowed in a path.`, "Write a path without that character.")
  }
  const decoded = decoding(path)
  if (decoded === undefined) return flaw(`${show(path)} is not UTF-8 once decoded.`, "Percent-encode the UTF-8 bytes.")
  const invisibleInside = hiddenFlaw(decoded)
  if (invisibleInside !== undefined) return invisibleInside
  if (path.includes("//") || path.includes("..") || path.split("/").includes("."))
    return flaw(
      `${show(path)} holds empty or dot segments.`,
      "Write the path as the browser sends it: without // and .., and no segment that is a dot.",
    )
  return undefined
}

const decoding = (path: string): string | undefined => {
  try {
    return decodeURIComponent(path)
  } catch {
    return undefined
  }
}

const urlPathPattern = "^/[A-Za-z0-9._~/%@:+,=-]*$"

/** The path of a URL, as a browser sends it: percent-encoded, without query. */
export const UrlPath = Schema.String.annotate({ examples: ["/about"] })
  .check(rule<string>(urlPathFlaw, { pattern: urlPathPattern, maxLength: 500 }))
  .pipe(Schema.brand("UrlPath"))
export type UrlPath = typeof UrlPath.Type

const areaPathFlaw = (path: string): Flaw | undefined =>
  urlPathFlaw(path) ??
  (path !== "/" && path.endsWith("/")
    ? flaw(`${show(path)} ends with a slash.`, `Write ${path.slice(0, -1)}: what is below it belongs to it.`)
    : undefined)

/** The path of a URL together with everything below it. */
export const AreaPath = Schema.String.annotate({ examples: ["/admin"] })
  .check(rule<string>(areaPathFlaw, { pattern: urlPathPattern, maxLength: 500 }))
  .pipe(Schema.brand("AreaPath"))
export type AreaPath = typeof AreaPath.Type

const isDomain = Schema.is(Schema.toType(DomainName))

const redirectTargetFlaw = (target: string): Flaw | undefined => {
  const invisible = hiddenFlaw(target)
  if (invisible !== undefined) return invisible
  if (target.length > 1000) return flaw(`The target has ${target.length} characters.`, "Use at most 1000.")
  const parts = /^(?:(https?):\/\/([^/?:]+)(?::(\d{1,5}))?)?([^?]*)(?:\?(.*))?$/.exec(target)
  const [, scheme, host = "", port, path = "", query] = parts ?? []
  if (scheme === undefined && !target.startsWith("/"))
    return flaw(`${show(target)} is neither a path nor an http(s) URL.`, "Write /path or https://www.example.org/path.")
  if (scheme !== undefined && !isDomain(host))
    return flaw(
      `${show(host)} is not a canonical domain name.`,
      "Write the host in lower-case ASCII (xn-- for other scripts), without user or address.",
    )
  if (port !== undefined && (Number(port) < 1 || Number(port) > 65535))
    return flaw(`${port} is not a port.`, "Use 1 to 65535, or leave it out.")
  const wrong = scheme !== undefined && path === "" ? undefined : urlPathFlaw(path)
  if (wrong !== undefined) return wrong
  if (query !== undefined && !/^([A-Za-z0-9._~/@:+,=&-]|%[2-9A-Fa-f][0-9A-Fa-f])*$/.test(query))
    return flaw(`The query of ${show(target)} holds characters that are not allowed.`, "Percent-encode them.")
  return undefined
}

/** Where a redirect leads: a path of the same site, or an absolute http(s) URL. */
export const RedirectTarget = Schema.String.annotate({ examples: ["/new", "https://www.example.org/new"] })
  .check(
    rule<string>(redirectTargetFlaw, {
      pattern: "^(/|https?://[^/?#\\s]+)[A-Za-z0-9._~/%@:+,=?&-]*$",
      maxLength: 1000,
    }),
  )
  .pipe(Schema.brand("RedirectTarget"))
export type RedirectTarget = typeof RedirectTarget.Type
