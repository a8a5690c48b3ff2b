/**
 * Text to plain values that remember their lines: YAML 1.2 (core schema), and JSON as the subset of it that it is.
 *
 * The one thing to know before changing it: the text may be hostile. The size is capped before parsing, aliases are
 * expanded by us against a budget, keys are compared in linear time, and whatever makes YAML say more than its text shows
 * (custom tags, merge keys, %YAML 1.1) is refused.
 */
import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type ParsedNode, parseAllDocuments } from "yaml"
import { flaw, show } from "./grammar.ts"
import { type FieldPath, type Problem, printField } from "./problem.ts"

/** The largest text that is read, in UTF-16 code units: some ten thousand sites. */
export const maxTextLength = 4 * 1024 * 1024
const maxDocuments = 50_000
const maxDepth = 32
const maxAliasedNodes = 10_000
const maxSyntaxProblems = 20

export interface Position {
  readonly line: number
  readonly column: number
}

/** One document of a file: its value, and where each part of it stands. */
export interface SourceDocument {
  readonly file: string
  readonly value: unknown
  /** The place of a field; of what holds it, when it is missing. */
  readonly position: (path: FieldPath, part?: "key" | "value") => Position
  /** A scalar as it was typed. */
  readonly asTyped: (path: FieldPath) => string | undefined
}

export interface ParsedText {
  readonly documents: ReadonlyArray<SourceDocument>
  readonly problems: ReadonlyArray<Problem>
}

export const parseText = (file: string, text: string): ParsedText => {
  const whole = (message: string, mend: string): ParsedText => ({
    documents: [],
    problems: [{ file, line: 1, column: 1, field: "", ...flaw(message, mend) }],
  })
  if (text.length > maxTextLength)
    return whole(
      `The file has ${text.length} characters; at most ${maxTextLength} are read.`,
      "Split it into several files.",
    )
  // Counting first is cheap; each document costs far more than its three dashes.
  if ((text.match(/^---/gm)?.length ?? 0) > maxDocuments)
    return whole(`The file has more than ${maxDocuments} documents.`, "Split it into several files.")
  const lines = new LineCounter()
  const parsed = parseAllDocuments<ParsedNode>(text, {
    lineCounter: lines,
    logLevel: "silent",
    merge: false,
    prettyErrors: false,
    resolveKnownTags: false,
    schema: "core",
    strict: true,
    stringKeys: true,
    uniqueKeys: false,
    version: "1.2",
  })
  const documents: Array<SourceDocument> = []
  const problems: Array<Problem> = []
  for (const document of "empty" in parsed ? [] : parsed) {
    const read = readDocument(file, document, lines)
    for (const problem of read.problems) problems.push(problem)
    if (read.document !== undefined) documents.push(read.document)
  }
  return { documents, problems }
}

/** A part of a document: its value, its place, its parts. */
interface Part {
  readonly value: unknown
  readonly offset: number
  readonly keyOffset: number | undefined
  readonly source: string | undefined
  readonly parts: ReadonlyMap<string | number, Part>
}

const readDocument = (file: string, document: Document.Parsed<ParsedNode>, lines: LineCounter) => {
  const problems: Array<Problem> = []
  const positionOf = (offset: number): Position => {
    const { line, col } = lines.linePos(offset)
    return { line: Math.max(line, 1), column: Math.max(col, 1) }
  }
  const report = (offset: number, path: FieldPath, message: string, mend: string): void => {
    problems.push({ file, ...positionOf(offset), field: printField(path), ...flaw(message, mend) })
  }

  const tooDeep = document.errors.find((error) => error.code === "RESOURCE_EXHAUSTION")
  if (tooDeep !== undefined) report(0, [], "The document is nested too deeply to be read.", "Write it flatter.")
  else
    for (const error of document.errors.slice(0, maxSyntaxProblems)) {
      const message = error.message.split("\n")[0] ?? "The YAML is broken."
      report(
        error.pos[0],
        [],
        `${message.replace(/[.:]?$/, "")}.`,
        syntaxMends[error.code] ?? "Correct the YAML at this place.",
      )
    }
  const yaml = document.directives.yaml
  if (yaml.explicit === true && yaml.version !== "1.2")
    report(
      document.range[0],
      [],
      `The document asks for YAML ${yaml.version}.`,
      "Remove the %YAML line; YAML 1.2 is read.",
    )
  if (document.errors.length > 0 || document.contents === null) return { problems, document: undefined }

  const { root, whole } = readNode(document.contents, report)
  if (!whole || (root.value === null && root.source === "")) return { problems, document: undefined }
  const find = (path: FieldPath): { readonly part: Part; readonly found: boolean } => {
    let part = root
    for (const key of path) {
      const next = part.parts.get(key)
      if (next === undefined) return { part, found: false }
      part = next
    }
    return { part, found: true }
  }
  const source: SourceDocument = {
    file,
    value: root.value,
    position: (path, which = "value") => {
      const { part, found } = find(path)
      return positionOf(found && which === "value" ? part.offset : (part.keyOffset ?? part.offset))
    },
    asTyped: (path) => {
      const { part, found } = find(path)
      return found ? part.source : undefined
    },
  }
  return { problems, document: source }
}

const syntaxMends: { readonly [code: string]: string } = {
  ALIAS_PROPS: "Write the value out.",
  BAD_INDENT: "Align the line with its neighbours, and close every bracket.",
  BLOCK_AS_IMPLICIT_KEY: "Put the value in quotes, or its fields on lines of their own.",
  MISSING_CHAR: "Add the missing character, or put the value in quotes.",
  MULTILINE_IMPLICIT_KEY: "Write the key on one line, followed by a colon.",
  NON_STRING_KEY: "Write a plain word before the colon.",
  TAB_AS_INDENT: "Indent with spaces.",
  UNEXPECTED_TOKEN: "Put the value in quotes, or remove what does not belong there.",
}

const coreTags = new Set(["str", "int", "float", "bool", "null", "map", "seq"].map((tag) => `tag:yaml.org,2002:${tag}`))

type Report = (offset: number, path: FieldPath, message: string, mend: string) => void

/** `whole` is false when parts could not be read, so that checking the rest would report what is not there. */
const readNode = (top: ParsedNode, report: Report): { readonly root: Part; readonly whole: boolean } => {
  const anchors = new Map<string, ParsedNode>()
  const open = new Set<ParsedNode>()
  let aliased = 0
  let exploded = false
  let whole = true
  const refuse: Report = (...problem) => {
    whole = false
    report(...problem)
  }

  const leaf = (offset: number, keyOffset: number | undefined, value: unknown, source?: string): Part => ({
    value,
    offset,
    keyOffset,
    source,
    parts: new Map(),
  })

  const read = (node: ParsedNode | null, path: FieldPath, keyOffset: number | undefined, inAlias: boolean): Part => {
    if (node === null) return leaf(keyOffset ?? 0, keyOffset, null, "")
    const offset = node.range[0]
    if (inAlias && ++aliased > maxAliasedNodes) {
      if (!exploded) refuse(offset, path, "The aliases of this document expand to too much.", "Write the values out.")
      exploded = true
      return leaf(offset, keyOffset, null)
    }
    if (path.length > maxDepth) {
      refuse(offset, path, `This is nested more than ${maxDepth} deep.`, "Write it flatter.")
      return leaf(offset, keyOffset, null)
    }
    if (isAlias(node)) {
      const target = anchors.get(node.source)
      if (target !== undefined && !open.has(target)) return { ...read(target, path, keyOffset, true), offset }
      const why = target === undefined ? "is not defined above" : "contains itself"
      refuse(offset, path, `The alias ${show(`*${node.source}`)} ${why}.`, "Write the value out.")
      return leaf(offset, keyOffset, null)
    }
    if (node.anchor !== undefined) anchors.set(node.anchor, node)
    if (node.tag !== undefined && !coreTags.has(node.tag))
      report(offset, path, `The tag ${show(node.tag)} is not read.`, "Remove it.")
    if (isScalar(node)) return leaf(offset, keyOffset, node.value === 0 ? 0 : node.value, node.source)

    open.add(node)
    const parts = new Map<string | number, Part>()
    if (isSeq<ParsedNode>(node))
      for (const [index, item] of node.items.entries())
        parts.set(index, read(item, [...path, index], undefined, inAlias))
    else if (isMap<ParsedNode, ParsedNode | null>(node))
      for (const { key, value } of node.items) {
        const name = isScalar(key) ? String(key.value ?? "") : ""
        const at = key.range[0]
        if (name === "<<") refuse(at, path, "Merge keys (<<) are not read.", "Write the fields out.")
        else if (parts.has(name) && !inAlias)
          report(at, [...path, name], `${show(name)} is given twice.`, "Keep one of the two.")
        parts.set(name, read(value, [...path, name], at, inAlias))
      }
    open.delete(node)
    const value = isSeq(node)
      ? [...parts.values()].map((part) => part.value)
      : Object.fromEntries([...parts].map(([key, part]) => [key, part.value]))
    return { value, offset, keyOffset, source: undefined, parts }
  }
  return { root: read(top, [], undefined, false), whole }
}
