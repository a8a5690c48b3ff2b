/**
 * The response headers that a site may set, each with the values that it can have and one sentence on what it does.
 *
 * The one thing to know before changing it: this is an allow-list. What the server itself speaks by (Content-Length,
 * Transfer-Encoding, Location, Set-Cookie, Server, X-Accel-* …) must not appear here, and Strict-Transport-Security comes
 * with certificates. No value has room for `$` and backslash, which nginx would read.
 */
import * as Schema from "effect/Schema"
import * as Struct from "effect/Struct"
import { explained, type Flaw, flaw, hiddenFlaw, rule, show } from "./grammar.ts"

/** nginx takes no word of more than 4,096 bytes, and quotes are written as two. */
const longest = 2000

const text = (find: (value: string) => Flaw | undefined, example: string) =>
  Schema.String.annotate({ examples: [example] }).check(
    rule<string>((value) => textFlaw(value) ?? find(value), {
      pattern: "^[!-#%-[\\]-~]([ -#%-[\\]-~]*[!-#%-[\\]-~])?$",
      maxLength: longest,
    }),
  )

const textFlaw = (value: string): Flaw | undefined => {
  const invisible = hiddenFlaw(value)
  if (invisible !== undefined) return invisible
  if (value === "" || value.trim() !== value)
    return flaw(`${show(value)} is empty or has spaces at its ends.`, "Write the value alone, or leave the header out.")
  if (value.length > longest) return flaw(`The value has ${value.length} characters.`, `Use at most ${longest}.`)
  const bad = /[^\x20-\x7e]|[$\\]/u.exec(value)?.[0]
  return bad === undefined
    ? undefined
    : flaw(`${show(value)} holds ${show(bad)}.`, "Use ASCII without $ and backslash; percent-encode URLs.")
}

/** Every part of a list has this shape. */
const parts = (separator: RegExp, shape: RegExp, what: string, example: string) =>
  text((value) => {
    const wrong = value.split(separator).find((part) => !shape.test(part.trim()))
    return wrong === undefined ? undefined : flaw(`${show(wrong.trim())} is no ${what}.`, `Write it as in ${example}`)
  }, example)

const directive = /^(?:[a-z][a-z-]*(?: +[^\s;,"]+)*)?$/
const policy = (example: string) => parts(/;/, directive, "directive with its sources", example)
const feature = /^[a-z][a-z-]*=(?:\*|self|\((?:\*|self|src|"https?:\/\/[^\s"()]+"| )*\))$/
const token = /^[A-Za-z0-9!#%&'*+.^_|~-]+$/

const origin = text(
  (value) =>
    /^(?:\*|https?:\/\/[a-z0-9.-]+(?::\d{1,5})?)$/.test(value)
      ? undefined
      : flaw(`${show(value)} is no origin.`, "Write * or one origin, such as https://app.example.org."),
  "https://app.example.org",
)

export const responseHeaders = {
  "Content-Security-Policy": policy("default-src 'self'").pipe(
    explained("What a page may load and run, and from where."),
  ),
  "Content-Security-Policy-Report-Only": policy("default-src 'self'").pipe(
    explained("The same, only reported by browsers and not enforced."),
  ),
  "Permissions-Policy": parts(
    /,(?![^(]*\))/,
    feature,
    "feature with its origins",
    "camera=(), geolocation=(self)",
  ).pipe(explained("Which features of a browser a page may use.")),
  "Referrer-Policy": Schema.Literals([
    "no-referrer",
    "no-referrer-when-downgrade",
    "origin",
    "origin-when-cross-origin",
    "same-origin",
    "strict-origin",
    "strict-origin-when-cross-origin",
    "unsafe-url",
  ]).pipe(explained("How much of a page's address other sites learn when a visitor follows a link.")),
  "X-Frame-Options": Schema.Literals(["DENY", "SAMEORIGIN"]).pipe(
    explained("Whether other sites may show this one in a frame."),
  ),
  "X-Content-Type-Options": Schema.Literal("nosniff").pipe(
    explained("That browsers take files for what they are said to be."),
  ),
  "X-Robots-Tag": parts(/,/, /^[a-z0-9][a-z0-9:_ -]*$/i, "rule for robots", "noindex, nofollow").pipe(
    explained("What search engines may do with the site."),
  ),
  "Cross-Origin-Opener-Policy": Schema.Literals(["unsafe-none", "same-origin-allow-popups", "same-origin"]).pipe(
    explained("Whether windows of other sites keep a handle on those of this one."),
  ),
  "Cross-Origin-Embedder-Policy": Schema.Literals(["unsafe-none", "require-corp", "credentialless"]).pipe(
    explained("Whether pages load only what agrees to be loaded by them."),
  ),
  "Cross-Origin-Resource-Policy": Schema.Literals(["same-site", "same-origin", "cross-origin"]).pipe(
    explained("Which sites may load files of this one."),
  ),
  "Access-Control-Allow-Origin": origin.pipe(explained("Which site's scripts may read answers of this one.")),
  "Access-Control-Allow-Methods": parts(/,/, token, "method", "GET, POST").pipe(
    explained("With which methods they may ask."),
  ),
  "Access-Control-Allow-Headers": parts(/,/, token, "header", "Content-Type").pipe(
    explained("Which headers they may send along."),
  ),
}

export const ResponseHeaders = Schema.Struct(responseHeaders).mapFields(Struct.map(Schema.optionalKey))
export type ResponseHeaders = typeof ResponseHeaders.Type
