/**
 * A mistake in a spec: where it is, what is wrong, and the mend. Everything that checks specs answers with these.
 *
 * The one thing to know before changing it: `field` is the address that people and programs share
 * (`spec.domains[0]`, `spec.ini["date.timezone"]`); it is printed here and nowhere else.
 */
import type { Flaw } from "./grammar.ts"

export type FieldPath = ReadonlyArray<string | number>

/** A mistake in a record that need not come from a file. */
export interface Mistake extends Flaw {
  readonly path: FieldPath
  readonly field: string
  /** Whether the key itself is wrong, or its value. */
  readonly part: "key" | "value"
  readonly kind?: string
  readonly name?: string
}

/** A mistake at its place in a file. Lines and columns count from 1. */
export interface Problem extends Flaw {
  readonly file: string
  readonly line: number
  readonly column: number
  readonly kind?: string
  readonly name?: string
  readonly field: string
}

export const printField = (path: FieldPath): string =>
  path.reduce<string>((field, key) => {
    if (typeof key === "number") return `${field}[${key}]`
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(key)) return `${field}[${JSON.stringify(key)}]`
    return field === "" ? key : `${field}.${key}`
  }, "")

/** The inverse of `printField`. */
export const parseField = (field: string): FieldPath =>
  [...field.matchAll(/\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]|([^.[\]]+)/g)].map(([, index, quoted, plain]) => {
    if (index !== undefined) return Number(index)
    return quoted === undefined ? (plain ?? "") : String(JSON.parse(quoted))
  })

/** One line for a terminal: `shop.yaml:7:5 Site/shop spec.domains[0]: … …`. */
export const printProblem = (problem: Problem): string => {
  const record =
    problem.kind === undefined ? "" : ` ${problem.kind}${problem.name === undefined ? "" : `/${problem.name}`}`
  const field = problem.field === "" ? "" : ` ${problem.field}`
  return `${problem.file}:${problem.line}:${problem.column}${record}${field}: ${problem.message} ${problem.mend}`
}

/** The known word that was probably meant: at most two slips away (insert, drop, change, swap), or the same but for case. */
export const nearest = (word: string, known: ReadonlyArray<string>): string | undefined => {
  if (word.length > 64) return undefined
  const ranked = known
    .map((candidate) => ({ candidate, distance: distance(word.toLowerCase(), candidate.toLowerCase()) }))
    .filter((entry) => entry.distance <= Math.min(2, Math.floor(entry.candidate.length / 2)))
    .sort((a, b) => a.distance - b.distance)
  return ranked[0]?.candidate
}

// Optimal string alignment: Levenshtein with swaps of neighbours, which is what typing gets wrong.
const distance = (a: string, b: string): number => {
  const rows: Array<Array<number>> = [Array.from({ length: b.length + 1 }, (_, j) => j)]
  const at = (i: number, j: number): number => rows[i]?.[j] ?? Number.POSITIVE_INFINITY
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    rows.push(row)
    for (let j = 1; j <= b.length; j++) {
      const changed = at(i - 1, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1)
      const swapped = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? at(i - 2, j - 2) + 1 : Number.POSITIVE_INFINITY
      row.push(Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, changed, swapped))
    }
  }
  return at(a.length, b.length)
}
