/**
 * nginx's configuration: one encoder for each place where a value stands. Text from a tenant in an nginx file is as good as
 * root, so each of these answers with exactly one token of nginx's grammar, or refuses.
 *
 * The one thing to know before changing it: nginx has no escape for `$` (it always begins a variable where variables are
 * allowed), so no encoder lets one through. Its lexer: ngx_conf_read_token in src/core/ngx_conf_file.c.
 */
import type { MailProgram } from "../../reconciler/contract/facts.ts"
import { mailWords } from "./mail.ts"
import { encoded, type Text, template, words } from "./text.ts"
import { absolutePath, shaped, UnsafeValue, whole } from "./unsafe.ts"

export type Nginx = Text<"nginx">

export const nginx = template("nginx")

export const nothing = encoded("nginx", "")

const bare = /^[A-Za-z0-9/._~+,=@:%-]+$/

/** One token for a text that is known to hold neither quotes, backslash, `$` nor controls. */
const token = (text: string): Nginx => encoded("nginx", bare.test(text) ? text : `"${text}"`)

/** One exact name in ASCII. No wildcard, no regular expression, no empty name. */
export const serverName = (value: string): Nginx => {
  const mend = "Use a full domain name in lower-case ASCII (xn-- for other scripts)."
  const label = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
  const name = shaped("a server name", value, new RegExp(`^${label}(?:\\.${label})+$`), mend)
  if (name.length > 253) throw new UnsafeValue("a server name", value, mend)
  return encoded("nginx", name)
}

/** A name of `server_name`: exact, or all names below one (`*.example.org`). */
const serverPattern = (value: string): Nginx =>
  typeof value === "string" && value.startsWith("*.")
    ? nginx`*.${serverName(value.slice("*.".length))}`
    : serverName(value)

export const serverNames = (list: ReadonlyArray<string>): Nginx => words("nginx", list.map(serverPattern))

/** A file or folder of the host: `root`, `alias`, `access_log`, `include`, `from=`. */
export const path = (value: string): Nginx => token(absolutePath("a path in nginx's configuration", value))

/** For `include`: a pattern that fits that one file, since a file that is not there would be a mistake and a pattern that fits none is not. */
export const ifThere = (value: string): Nginx => {
  const whole = shaped(
    "a file in nginx's configuration",
    absolutePath("a path in nginx's configuration", value),
    /[a-z0-9]$/,
    "Use a name that ends with a letter or a digit.",
  )
  return encoded("nginx", `"${whole.slice(0, -1)}[${whole.slice(-1)}]"`)
}

/** `disable_symlinks … from=PATH`, where the parameter and its value are one token. */
export const fromPath = (value: string): Nginx =>
  token(`from=${absolutePath("a path in nginx's configuration", value)}`)

/** `server unix:PATH`, likewise. */
export const unixSocket = (value: string): Nginx => token(`unix:${absolutePath("a socket's path", value)}`)

/** A folder for `alias`, with the slash at its end that the prefix of the location has too. */
export const folder = (value: string): Nginx => token(`${absolutePath("a path in nginx's configuration", value)}/`)

/**
 * The path of a `location =`, given as a browser sends it: nginx compares it with the request's path once that is decoded.
 */
export const uriPath = (value: string): Nginx => {
  const mend = "Use a path of letters, digits and . _ ~ - / @ : + , = & only, the rest percent-encoded."
  const sent = shaped("the path of a location", value, /^\/[A-Za-z0-9._~/%@:+,=&-]*$/, mend)
  return token(shaped("the path of a location", decoded(sent), /^\/[\p{L}\p{M}\p{N} ._~/%@:+,=&!'()*-]*$/u, mend))
}

const decoded = (path: string): string => {
  try {
    return decodeURIComponent(path)
  } catch {
    throw new UnsafeValue("the path of a location", path, "Percent-encode the bytes of its UTF-8.")
  }
}

/** The path of a request once it is decoded, as a regular expression that matches nothing else. No `$`: `\z` ends it. */
const pathPattern = (value: string): string => {
  const mend =
    "Use a path of letters, digits and . _ ~ - / @ : + , = & only, the rest percent-encoded, without a slash at its end."
  const sent = shaped("a path", value, /^\/[A-Za-z0-9._~/%@:+,=&-]*$/, mend)
  const path = shaped("a path", decoded(sent), /^(?!.+\/$)\/[\p{L}\p{M}\p{N} ._~/%@:+,=&!'()*-]*$/u, mend)
  return path.replaceAll(/[.+()*]/g, "\\$&")
}

const boundary = String.raw`(?:/|\z)`

/** In a `map` of the path: this one and all below it. */
export const area = (path: string): Nginx =>
  encoded("nginx", path === "/" ? '"~^/"' : `"~^${pathPattern(path)}${boundary}"`)

/** The same where it stands behind a script (PATH_INFO), which to an application is the same page. */
export const areaBehindScript = (path: string): Nginx =>
  encoded("nginx", path === "/" ? '"~^/"' : `"~(?s)^/.*\\.php${pathPattern(path)}${boundary}"`)

/** In a `map` of the path: this one alone. */
export const exactly = (path: string): Nginx => encoded("nginx", `"~^${pathPattern(path)}\\z"`)

/** In a `location ~`: whatever could be taken for a script below a path, in any spelling of its suffix. */
export const scriptsBelow = (path: string): Nginx => {
  if (path === "/") throw new UnsafeValue("a folder without scripts", path, "Leave php out of the site instead.")
  return encoded("nginx", String.raw`"(?s)^${pathPattern(path)}/.*\.(?i:php\d*|phtml)${boundary}"`)
}

/** In a `map` of the Cookie header: a cookie whose name begins so. */
export const cookie = (name: string): Nginx => {
  const mend = "Use letters, digits and _ . -, at most 100."
  const checked = shaped("the name of a cookie", name, /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$/, mend)
  return encoded("nginx", String.raw`"~(?:^|;\s*)${checked.replaceAll(".", "\\.")}"`)
}

/** An address or network of `allow` and `deny`. */
export const network = (value: string): Nginx =>
  encoded(
    "nginx",
    shaped(
      "an address or network",
      value,
      /^(?:\d{1,3}(?:\.\d{1,3}){3}(?:\/\d{1,2})?|(?=[0-9a-f]*:)[0-9a-f:]{2,39}(?:\/\d{1,3})?)$/,
      "Use an IPv4 or IPv6 address, with the length of its prefix if it is a network.",
    ),
  )

/** The name of a response header. */
export const headerName = (value: string): Nginx =>
  encoded(
    "nginx",
    shaped("the name of a header", value, /^[A-Z][A-Za-z]*(?:-[A-Z][A-Za-z]*)+$/, "Use one of the list in the spec."),
  )

/** The value of a response header: quoted, its own quotes escaped. */
export const headerValue = (value: string): Nginx => {
  const mend = "Use 1 to 2000 characters of ASCII without $ and backslash."
  const checked = shaped("the value of a header", value, /^[!-#%-[\]-~](?:[ -#%-[\]-~]{0,1998}[!-#%-[\]-~])?$/, mend)
  return encoded("nginx", `"${checked.replaceAll('"', '\\"')}"`)
}

/** What `auth_basic` shows. The word "off" would mean that there is no password. */
export const realm = (value: string): Nginx => {
  const mend = 'Use letters, digits, spaces and . , : ( ) _ @ / + -, and not the word "off".'
  const checked = shaped("the name of a protected area", value, /^[A-Za-z0-9][A-Za-z0-9 .,:()_@/+-]{0,79}$/, mend)
  if (checked.trim().toLowerCase() === "off") throw new UnsafeValue("the name of a protected area", value, mend)
  return encoded("nginx", `"${checked}"`)
}

const recordName = (value: string): string =>
  shaped(
    "the name of a record",
    value,
    /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/,
    "Use lower-case letters, digits and dashes.",
  )

/** nginx's variables have no dash, and names of records no underscore: no two of them become one. */
const identified = (site: string): string => recordName(site).replaceAll("-", "_")

/** A variable of one site. */
export const variable = (purpose: "realm" | "users" | "uncached" | "hsts", site: string): Nginx =>
  encoded("nginx", `$${purpose}_${identified(site)}`)

/** The name of one site's zone. */
export const zone = (purpose: "requests" | "connections" | "answers", site: string): Nginx =>
  encoded("nginx", `${purpose}_${identified(site)}`)

/** `fastcgi_param PHP_ADMIN_VALUE`: how PHP sends mail, with the site as the sender that bounces go to. One line of php.ini. */
export const mailCommand = (program: MailProgram, site: string, domain: string): Nginx =>
  encoded("nginx", `"sendmail_path='${mailWords(program)} ${recordName(site)}@${serverName(domain)}'"`)

/** The URI of an `error_page`: where nginx goes on inside. Exactly what a location may be, but undecoded. */
export const internalUri = (value: string): Nginx =>
  encoded(
    "nginx",
    shaped(
      "the page of an error",
      value,
      /^\/[A-Za-z0-9._~/%@:+,-]*$/,
      "Use a path of letters, digits and . _ ~ - / % @ : + , only, percent-encoded.",
    ),
  )

/** What `return 301` answers in Location: a path of the same site or an http(s) URL, in ASCII. */
export const redirectTarget = (value: string): Nginx =>
  token(
    shaped(
      "the target of a redirect",
      value,
      /^(?:https?:\/\/[a-z0-9.-]+(?::\d{1,5})?(?=[/?]|$)|\/(?!\/))[A-Za-z0-9._~/%@:+,=&?-]*$/,
      "Use a path that begins with one slash, or an http(s) URL, in ASCII and percent-encoded.",
    ),
  )

/** A file name of `index`. */
export const fileName = (value: string): Nginx =>
  encoded(
    "nginx",
    shaped("an index file", value, /^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$/, "Use a plain file name, such as index.html."),
  )

/** The name of a record, in the format of a log. */
export const nameInLog = (value: string): Nginx => encoded("nginx", recordName(value))

/** A name of our own in nginx's configuration: an upstream. */
export const identifier = (value: string): Nginx =>
  encoded(
    "nginx",
    shaped("the name of an upstream", value, /^[a-z][a-z0-9_-]{0,79}$/, "Use lower-case letters, digits and dashes."),
  )

/** `user`: a system user. */
export const user = (value: string): Nginx =>
  encoded("nginx", shaped("a user", value, /^[a-z_][a-z0-9_-]{0,31}$/, "Use the name of a system user."))

const redirects = new Set([301, 302, 303, 307, 308])
export const redirectStatus = (value: number): Nginx => {
  if (redirects.has(value)) return encoded("nginx", `${value}`)
  throw new UnsafeValue("the status of a redirect", String(value), "Use 301, 302, 303, 307 or 308.")
}

/** The status of an `error_page`. */
export const errorStatus = (value: string): Nginx =>
  encoded("nginx", shaped("the status of an error page", value, /^[45]\d\d$/, "Use a status from 400 to 599."))

export const integer = (value: number, minimum = 0, maximum = Number.MAX_SAFE_INTEGER): Nginx =>
  encoded("nginx", whole("a number in nginx's configuration", value, minimum, maximum))

/** `client_max_body_size`: in bytes, or shorter where that is exact. */
export const size = (bytes: number): Nginx => {
  const exact = Number(whole("a size", bytes, 0, 2 ** 50))
  const [unit, divisor] =
    exact > 0 && exact % 2 ** 20 === 0 ? ["m", 2 ** 20] : exact > 0 && exact % 1024 === 0 ? ["k", 1024] : ["", 1]
  return encoded("nginx", `${exact / Number(divisor)}${unit}`)
}

/** What `ssl_certificate` and its key are: looked up by the variable with each handshake, and not when nginx starts. */
export const pair = (site: string): Nginx => encoded("nginx", `$plumb_pairs/${recordName(site)}.pem`)

/** `listen ADDRESS:PORT`, for an address of either family. */
export const listen = (address: string, port: number): Nginx => {
  const mend = "Use an IPv4 or IPv6 address."
  const text = address.includes(":")
    ? `[${shaped("an address to listen on", address, /^[0-9a-f:.]{2,45}$/, mend)}]`
    : shaped("an address to listen on", address, /^\d{1,3}(?:\.\d{1,3}){3}$/, mend)
  return encoded("nginx", `${text}:${whole("a port", port, 1, 65535)}`)
}
