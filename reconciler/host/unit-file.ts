// A unit file read as systemd.syntax(7) has it, as far as the directory host runs one: sections, lists, continued lines,
// specifiers %i, %I, %n, %N, %p and %%, and command lines with quotes. What needs privileges (sandbox, slice, user) is left out.

import { unescapeUnitName } from "../resources/unit-name.ts"

/** "Service.ExecStart" to its values, in the file's order; an empty assignment clears the list. */
export type UnitFile = ReadonlyMap<string, ReadonlyArray<string>>

export const parseUnitFile = (text: string): UnitFile => {
  const values = new Map<string, ReadonlyArray<string>>()
  let section = ""
  for (const line of text.replaceAll(/\\\n/g, " ").split("\n")) {
    const trimmed = line.trim()
    if (trimmed === "" || trimmed.startsWith("#") || trimmed.startsWith(";")) continue
    const header = /^\[(.+)\]$/.exec(trimmed)
    if (header) {
      section = header[1] ?? ""
      continue
    }
    const at = trimmed.indexOf("=")
    if (at < 0) continue
    const key = `${section}.${trimmed.slice(0, at).trim()}`
    const value = trimmed.slice(at + 1).trim()
    values.set(key, value === "" ? [] : [...(values.get(key) ?? []), value])
  }
  return values
}

export const last = (unit: UnitFile, key: string): string | undefined => unit.get(key)?.at(-1)

/** "plumb-php8.2@acme.service" comes from the file of plumb-php8.2@.service. */
export const fileOf = (name: string): string => name.replace(/@.+(\.[a-z]+)$/, "@$1")

export const expandSpecifiers = (text: string, name: string): string => {
  const stem = name.replace(/\.[a-z]+$/, "")
  const at = stem.indexOf("@")
  const instance = at < 0 ? "" : stem.slice(at + 1)
  const known: Record<string, string> = {
    i: instance,
    I: unescapeUnitName(instance),
    n: name,
    N: stem,
    p: at < 0 ? stem : stem.slice(0, at),
    "%": "%",
  }
  return text.replaceAll(/%(.)/g, (whole, specifier: string) => known[specifier] ?? whole)
}

export interface CommandLine {
  readonly argv: readonly [string, ...Array<string>]
  /** A leading "-": its failure does not count. */
  readonly mayFail: boolean
}

/** One Exec line, its words cut before specifiers and variables are put in, so that no value becomes two words. */
export const commandLine = (
  text: string,
  name: string,
  variables: Readonly<Record<string, string>>,
): CommandLine | undefined => {
  const prefix = /^[-@:+!]*/.exec(text)?.[0] ?? ""
  const words = splitWords(text.slice(prefix.length)).map((word) =>
    expandSpecifiers(word, name).replaceAll(/\$\{(\w+)\}|\$(\w+)/g, (_, braced: string, bare: string) => {
      return variables[braced ?? bare] ?? ""
    }),
  )
  const [program, ...rest] = words
  return program === undefined ? undefined : { argv: [program, ...rest], mayFail: prefix.includes("-") }
}

export const splitWords = (text: string): ReadonlyArray<string> => {
  const words: Array<string> = []
  let word: string | undefined
  let quote: string | undefined
  for (let at = 0; at < text.length; at++) {
    const character = text[at] ?? ""
    if (character === "\\" && at + 1 < text.length) {
      // \x2d stays as it is: a unit's name, which specifiers and systemctl understand.
      const next = text[++at] ?? ""
      word = (word ?? "") + (next === "x" ? "\\x" : next)
    } else if (quote !== undefined) {
      if (character === quote) quote = undefined
      else word = (word ?? "") + character
    } else if (character === '"' || character === "'") {
      quote = character
      word ??= ""
    } else if (/\s/.test(character)) {
      if (word !== undefined) words.push(word)
      word = undefined
    } else {
      word = (word ?? "") + character
    }
  }
  return word === undefined ? words : [...words, word]
}

/** Environment= lines as variables. */
export const environmentOf = (unit: UnitFile, name: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    (unit.get("Service.Environment") ?? []).flatMap(splitWords).flatMap((word) => {
      const at = word.indexOf("=")
      return at < 0 ? [] : [[word.slice(0, at), expandSpecifiers(word.slice(at + 1), name)] as const]
    }),
  )
