/**
 * PHP's ini format, which php.ini and php-fpm's configuration share: one encoder for each place where a value stands.
 *
 * The one thing to know before changing it: outside of quotes the format evaluates (`|&~!()`, constants, `${ENV}`), inside
 * of double quotes it still expands, and only single quotes are literal, without any escape. FPM moreover replaces `$pool`
 * in values. So whatever is not a plain word is put in single quotes, and neither `'` nor `$` is let through.
 * Its lexer: Zend/zend_ini_scanner.l.
 */
import type { MailProgram } from "../../reconciler/contract/facts.ts"
import { mailWords } from "./mail.ts"
import { encoded, type Text, template } from "./text.ts"
import { absolutePath, shaped, UnsafeValue, whole } from "./unsafe.ts"

export type Ini = Text<"ini">

export const ini = template("ini")

export const nothing = encoded("ini", "")

// A bare word that is one of these is not that word: the scanner makes it "1" or "".
const constants = /^(?:true|on|yes|false|off|no|none|null|e_\w*|php_\w*|[mp]_\w*)$/i

const literal = (text: string): Ini =>
  encoded("ini", /^[A-Za-z0-9/._-]+$/.test(text) && !constants.test(text) ? text : `'${text}'`)

/** `[acme]`: the name of a pool. */
export const section = (value: string): Ini => {
  const name = shaped("the name of a pool", value, /^[a-z][a-z0-9-]{0,30}$/, "Use the name of an account.")
  if (name === "global") throw new UnsafeValue("the name of a pool", value, "This section is php-fpm's own.")
  return encoded("ini", name)
}

/** A setting's own name: left of the equals sign, or in the brackets of php_value[…]. */
export const setting = (value: string): Ini =>
  encoded(
    "ini",
    shaped("the name of a setting", value, /^[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)?$/, "Use the name that php.ini has."),
  )

/** A plain text value. */
export const value = (text: string): Ini =>
  literal(
    shaped(
      "the value of a setting",
      text,
      /^[\p{L}\p{M}\p{N} ._~+,=@:/&|-]+$/u,
      "Use letters, digits, spaces and . _ ~ + , = @ : / & | - only.",
    ),
  )

export const path = (text: string): Ini => literal(absolutePath("a path in PHP's configuration", text))

/**
 * `listen`: the socket. sockaddr_un holds 107 bytes and the NUL; php-fpm cuts a longer path off without a word, and then
 * nobody finds the socket.
 */
export const socket = (text: string): Ini => {
  const where = absolutePath("a socket's path", text)
  if (Buffer.byteLength(where) > 107)
    throw new UnsafeValue(
      "a socket's path",
      where,
      "It has more than 107 bytes: use a host folder with a shorter path.",
    )
  return literal(where)
}

export const integer = (number: number, minimum = 0, maximum = Number.MAX_SAFE_INTEGER): Ini =>
  encoded("ini", whole("a number in PHP's configuration", number, minimum, maximum))

export const flag = (on: boolean): Ini => encoded("ini", on === true ? "On" : "Off")

/** A size in PHP's notation, which knows K, M and G. */
export const size = (bytes: number): Ini => {
  const exact = Number(whole("a size", bytes, 0, 2 ** 50))
  const [unit, power] = (
    [
      ["G", 30],
      ["M", 20],
      ["K", 10],
    ] as const
  ).find(([, p]) => exact > 0 && exact % 2 ** p === 0) ?? ["", 0]
  return encoded("ini", `${exact / 2 ** power}${unit}`)
}

/** `error_reporting`: the one place where an expression of constants is meant. */
export const errorLevels = (text: string): Ini =>
  encoded(
    "ini",
    shaped(
      "a set of error levels",
      text,
      /^E_[A-Z]+(?:_[A-Z]+)*(?: [&|] ~?E_[A-Z]+(?:_[A-Z]+)*)*$/,
      "Write it as php.ini does: E_ALL & ~E_DEPRECATED.",
    ),
  )

/** The name of an extension, in `extension=` and `zend_extension=`. A path would load any library. */
export const extension = (text: string): Ini =>
  encoded(
    "ini",
    shaped("an extension", text, /^[a-z][a-z0-9_]{0,31}$/, "Use the name that php -m shows, in lower case."),
  )

/** A system user, as in listen.acl_users (where a comma would begin another one). */
export const user = (text: string): Ini =>
  encoded("ini", shaped("a user", text, /^[a-z_][a-z0-9_-]{0,31}$/, "Use the name of a system user."))

/** `sendmail_path` of programs that no site starts: the sender is the account, which PHP reads from the environment. */
export const mailCommand = (program: MailProgram, node: string): Ini => {
  const mend = "Use lower-case letters, digits, dashes and dots."
  const host = shaped("the name of a node", node, /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/, mend)
  return encoded("ini", `"${mailWords(program)} \${USER}@${host}"`)
}
