/**
 * nginx's lexer and block structure once more, written from its manual and ngx_conf_read_token, for tests to compare with
 * what the encoders believe. It shares nothing with them.
 */

/** A directive: its words as nginx has them after unquoting, and the block it opens. */
export interface Directive {
  readonly words: ReadonlyArray<string>
  readonly block?: ReadonlyArray<Directive>
}

export const parseNginx = (text: string): ReadonlyArray<Directive> => {
  let at = 0
  const fail = (why: string): never => {
    throw new Error(`${why} at ${at} in ${JSON.stringify(text.slice(Math.max(0, at - 40), at + 40))}`)
  }
  const space = (c: string | undefined) => c === " " || c === "\t" || c === "\r" || c === "\n"
  const word = (): string => {
    let out = ""
    const quote = text[at] === '"' || text[at] === "'" ? text[at++] : undefined
    for (; ; at++) {
      const c = text[at]
      if (c === undefined) return quote === undefined ? fail("end of text in a word") : fail("open quote")
      if (c === "\0") return fail("NUL")
      if (c === "\\") {
        const next = text[++at]
        out +=
          next === "t"
            ? "\t"
            : next === "r"
              ? "\r"
              : next === "n"
                ? "\n"
                : /["'\\]/.test(next ?? "")
                  ? next
                  : `\\${next}`
      } else if (quote !== undefined) {
        if (c !== quote) out += c
        else {
          at++
          if (!space(text[at]) && !/[;{)]/.test(text[at] ?? "")) fail("something after a quote")
          return out
        }
      } else if (c === "$" && text[at + 1] === "{") {
        out += "${"
        at++
      } else if (space(c) || c === ";" || c === "{") return out
      else out += c
    }
  }
  const list = (inside: boolean): ReadonlyArray<Directive> => {
    const found: Array<Directive> = []
    let words: Array<string> = []
    for (;;) {
      const c = text[at]
      if (c === undefined) return inside || words.length > 0 ? fail("end of text") : found
      if (space(c)) at++
      else if (c === "#") while (at < text.length && text[at] !== "\n") at++
      else if (c === ";") {
        at++
        found.push({ words: words.length === 0 ? fail("empty directive") : words })
        words = []
      } else if (c === "{") {
        at++
        found.push({ words, block: list(true) })
        words = []
      } else if (c === "}") {
        at++
        return inside && words.length === 0 ? found : fail("unexpected }")
      } else words.push(word())
    }
  }
  return list(false)
}

/** The shape alone: names of directives, how many words each has, and their blocks. */
export const shapeOf = (directives: ReadonlyArray<Directive>): unknown =>
  directives.map(({ block, words }) => [words[0], words.length, ...(block === undefined ? [] : [shapeOf(block)])])
