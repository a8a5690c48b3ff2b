/**
 * Text of one format, made only of templates and encoded values. A template's hole takes a `Text` of the same format and
 * nothing else: a bare string in a hole does not compile, so no value reaches a file without having been encoded for the
 * very place where it stands.
 *
 * The one thing to know before changing it: `encoded` is for the encoders beside this file alone. A call anywhere else is a
 * hole in the wall.
 */

export type Format =
  | "nginx"
  | "ini"
  | "unit"
  | "logrotate"
  | "htpasswd"
  | "argument"
  | "sshd"
  | "nftables"
  | "shell"
  | "perl"
  | "pam"
  | "authorized-keys"

/** A piece of text of one format. Nominal: only this module makes one. */
export class Text<out F extends Format> {
  readonly format: F
  readonly #text: string

  constructor(format: F, text: string) {
    this.format = format
    this.#text = text
  }

  toString(): string {
    return this.#text
  }
}

/** What a value becomes once its encoder has vouched for it. */
export const encoded = <F extends Format>(format: F, text: string): Text<F> => new Text(format, text)

export type Hole<F extends Format> = Text<F> | ReadonlyArray<Text<F>>

const nothing = "\u0000"
const dedented = new WeakMap<TemplateStringsArray, ReadonlyArray<string>>()

/** The literal parts as they stand in the source (raw: `\.php$` needs no doubling), without their common indentation. */
const dedent = (strings: TemplateStringsArray): ReadonlyArray<string> => {
  const known = dedented.get(strings)
  if (known !== undefined) return known
  const source = strings.raw.join(nothing)
  const indents = [...source.matchAll(/\n([ ]*)[^\s]/g)].map(([, spaces = ""]) => spaces.length)
  const margin = " ".repeat(indents.length === 0 ? 0 : Math.min(...indents))
  const parts = source
    .replaceAll(`\n${margin}`, "\n")
    .replace(/^\n/, "")
    .replace(/\n[ ]*$/, "")
    .split(nothing)
  dedented.set(strings, parts)
  return parts
}

/**
 * The template tag of a format. A list in a hole is one line each, a piece of several lines keeps the hole's indentation,
 * and a line that holds nothing but an empty hole disappears.
 */
export const template =
  <F extends Format>(format: F) =>
  (strings: TemplateStringsArray, ...holes: ReadonlyArray<Hole<F>>): Text<F> => {
    const parts = dedent(strings)
    let out = parts[0] ?? ""
    holes.forEach((hole, index) => {
      const text = hole instanceof Text ? hole.toString() : hole.map(String).join("\n")
      const [, indent] = /(?:^|\n)([ ]*)$/.exec(out) ?? []
      out += text === "" ? nothing : indent === undefined ? text : text.replaceAll(/\n(?=[^\n])/g, `\n${indent}`)
      out += parts[index + 1] ?? ""
    })
    const kept = out.includes(nothing)
      ? out.replaceAll(new RegExp(`(^|\\n)[ ]*${nothing}[ ]*(?=\\n|$)`, "g"), "").replaceAll(nothing, "")
      : out
    return encoded(format, kept.replace(/^\n/, ""))
  }

/** Words of one line, such as the names of a server. */
export const words = <F extends Format>(format: F, list: ReadonlyArray<Text<F>>): Text<F> =>
  encoded(format, list.map(String).join(" "))

/** A whole file: the text with the newline that ends its last line. */
export const file = <F extends Format>(text: Text<F>): string => `${text.toString()}\n`
