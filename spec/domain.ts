/**
 * Domain names: what a person types becomes the one canonical ASCII form that every claim, vhost and certificate uses.
 *
 * The one thing to know before changing it: two spellings that reach the same host must decode to the same string, because
 * "a domain that another site has" is decided by comparing these strings. Hence the mapping by UTS 46 (node:url), lower
 * case, and a refusal of whatever the mapping would silently drop or reinterpret (IP forms, percent escapes, joiners).
 */
import { domainToASCII, domainToUnicode } from "node:url"
import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"
import { codePoint, type Flaw, flaw, hiddenFlaw, rule, show } from "./grammar.ts"

/** The canonical form, or undefined when the text is no domain name. */
const toCanonical = (text: string): string => domainToASCII(text).toLowerCase()

const scripts = [
  ...["Latin", "Greek", "Cyrillic", "Armenian", "Hebrew", "Arabic", "Devanagari", "Bengali", "Gurmukhi", "Gujarati"],
  ...[
    "Tamil",
    "Telugu",
    "Kannada",
    "Malayalam",
    "Sinhala",
    "Thai",
    "Lao",
    "Tibetan",
    "Myanmar",
    "Georgian",
    "Ethiopic",
  ],
  ...["Cherokee", "Khmer", "Mongolian", "Han", "Hiragana", "Katakana", "Hangul", "Bopomofo"],
].map((name) => ({ name, pattern: new RegExp(`\\p{Script=${name}}`, "u") }))
const common = /[\p{Script=Common}\p{Script=Inherited}]/u

// "Highly Restrictive" of UTS 39, section 5.2: one script, or one of the mixtures that East Asian names really use.
const mixtures = [
  ["Latin", "Han", "Hiragana", "Katakana"],
  ["Latin", "Han", "Bopomofo"],
  ["Latin", "Han", "Hangul"],
]

const mixedScripts = (label: string): ReadonlyArray<string> | undefined => {
  const found = new Set<string>()
  for (const character of label) {
    if (common.test(character)) continue
    found.add(
      scripts.find((script) => script.pattern.test(character))?.name ?? `another script (${codePoint(character)})`,
    )
  }
  if (found.size < 2 || mixtures.some((allowed) => [...found].every((script) => allowed.includes(script))))
    return undefined
  return [...found]
}

const labelFlaw = (label: string): Flaw | undefined => {
  if (label === "")
    return flaw("There is an empty label between two dots.", "Write single dots between the labels, none at the ends.")
  if (label.length > 63)
    return flaw(`The label ${show(label)} has ${label.length} characters.`, "A label has at most 63 (RFC 1035).")
  if (!/^[a-z0-9-]+$/.test(label)) {
    const bad = label.replace(/[a-z0-9-]/g, "")[0] ?? ""
    return flaw(`The label ${show(label)} holds ${show(bad)}.`, "Use letters, digits and dashes only.")
  }
  if (label.startsWith("-") || label.endsWith("-"))
    return flaw(`The label ${show(label)} begins or ends with a dash.`, "Remove that dash (RFC 5890).")
  if (label.slice(2, 4) !== "--") return undefined
  // RFC 5891, 4.2.3.1: dashes in both third and fourth place are for A-labels alone.
  if (!label.startsWith("xn--"))
    return flaw(
      `The label ${show(label)} has dashes in third and fourth place.`,
      "Only xn-- labels may: choose another name.",
    )
  const unicode = domainToUnicode(label)
  if (unicode === label || domainToASCII(unicode) !== label)
    return flaw(`The label ${show(label)} is not valid Punycode.`, "Write the name in its own letters instead.")
  const mixed = mixedScripts(unicode)
  return mixed === undefined
    ? undefined
    : flaw(
        `The label ${show(unicode)} mixes ${mixed.join(" and ")}, as look-alikes of other names do.`,
        "Write the whole label in one script.",
      )
}

// The URL standard (4.1, "ends in a number") reads a name whose last label is numeric as an IPv4 address, as clients do.
const numericEnd = /(^|\.)(\d+|0x[0-9a-f]*)$/i

const domainFlaw = (text: string): Flaw | undefined => {
  const invisible = hiddenFlaw(text)
  if (invisible !== undefined) return invisible
  if (text === "") return flaw("The domain is empty.", "Write a name such as shop.example.org.")
  if (text.length > 1000)
    return flaw(`The domain has ${text.length} characters.`, "A domain has at most 253 (RFC 1035).")
  if (text.includes("*"))
    return flaw(
      `${show(text)} has a wildcard where a name is meant.`,
      "Write one name; where a wildcard may stand, it is the whole first label, as in *.example.org.",
    )
  if (/^[a-z]+:\/\//i.test(text))
    return flaw(`${show(text)} is a URL.`, "Give the domain alone, without scheme or path.")
  if (/^\[.*\]$/.test(text) || text.split(":").length > 2 || numericEnd.test(text))
    return flaw(`${show(text)} is an IP address.`, "Give a domain name; addresses belong to the node.")
  if (text.endsWith(".")) return flaw(`${show(text)} ends with a dot.`, "Remove the dot at the end.")
  const bad = /[^\p{L}\p{M}\p{N}.\-\u3002\uFF0E\uFF61]/u.exec(text)?.[0]
  if (bad !== undefined)
    return flaw(`${show(text)} holds ${show(bad)}.`, "A domain has letters, digits, dashes and dots only.")
  const ascii = toCanonical(text)
  if (ascii === "")
    return flaw(`${show(text)} has no valid ASCII form (IDNA).`, "Check its spelling, or give its xn-- form.")
  if (numericEnd.test(ascii))
    return flaw(`${show(text)} is an IP address.`, "Give a domain name; addresses belong to the node.")
  if (ascii.length > 253)
    return flaw(`The domain has ${ascii.length} characters.`, "A domain has at most 253 (RFC 1035).")
  const labels = ascii.split(".")
  for (const label of labels) {
    const found = labelFlaw(label)
    if (found !== undefined) return found
  }
  if (labels.length < 2) return flaw(`${show(text)} has no dot.`, "Give the full name, such as shop.example.org.")
  return undefined
}

const CanonicalDomain = Schema.String.check(
  rule<string>((text) =>
    domainFlaw(text) === undefined && toCanonical(text) === text
      ? undefined
      : (domainFlaw(text) ?? flaw(`${show(text)} is not canonical.`, `Write ${toCanonical(text)}.`)),
  ),
).pipe(Schema.brand("DomainName"))

/** A fully qualified domain name in ASCII and lower case, whatever spelling it was given in. */
export const DomainName = Schema.String.annotate({
  description: "A full domain name. Names in other scripts are turned into their xn-- form.",
  examples: ["shop.example.org"],
})
  .check(rule<string>(domainFlaw, { pattern: "^[^\\s*/:@]+\\.[^\\s*/:@]+$", maxLength: 1000 }))
  .pipe(
    Schema.decodeTo(
      CanonicalDomain,
      SchemaTransformation.transform({ decode: (text) => toCanonical(text), encode: (text) => text }),
    ),
  )
export type DomainName = typeof DomainName.Type

const wildcard = "*."

/** A wildcard stands for any labels before its domain, so the rest must be a domain of its own, not a mere top level. */
const patternFlaw = (text: string): Flaw | undefined =>
  text.startsWith(wildcard) ? domainFlaw(text.slice(wildcard.length)) : domainFlaw(text)

const toCanonicalPattern = (text: string): string =>
  text.startsWith(wildcard) ? wildcard + toCanonical(text.slice(wildcard.length)) : toCanonical(text)

const CanonicalPattern = Schema.String.check(
  rule<string>(
    (text) =>
      patternFlaw(text) ??
      (toCanonicalPattern(text) === text
        ? undefined
        : flaw(`${show(text)} is not canonical.`, `Write ${toCanonicalPattern(text)}.`)),
  ),
).pipe(Schema.brand("DomainPattern"))

/** A domain name, or all names below one: `*.example.org` is any name that ends in `.example.org`, but not `example.org`. */
export const DomainPattern = Schema.String.annotate({
  description: "A full domain name, or *.example.org for all names below one.",
  examples: ["shop.example.org", "*.example.org"],
})
  .check(rule<string>(patternFlaw, { pattern: "^(\\*\\.)?[^\\s*/:@]+\\.[^\\s*/:@]+$", maxLength: 1000 }))
  .pipe(
    Schema.decodeTo(
      CanonicalPattern,
      SchemaTransformation.transform({ decode: (text) => toCanonicalPattern(text), encode: (text) => text }),
    ),
  )
export type DomainPattern = typeof DomainPattern.Type

export const isWildcard = (name: string): boolean => name.startsWith(wildcard)

/**
 * The domains whose wildcard has this name, the nearest first: `a.b.example.org` is below `b.example.org` and `example.org`.
 * A wildcard is below what its own domain is below. No wildcard stands for a whole top level, so none is listed.
 */
export const domainsAbove = (name: string): ReadonlyArray<string> => {
  const labels = name.split(".").slice(isWildcard(name) ? 2 : 1)
  return labels.slice(0, -1).map((_, index) => labels.slice(index).join("."))
}
