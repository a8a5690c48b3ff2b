/**
 * What is wrong with a value that may be one of several groups of fields, told of the group that is meant.
 *
 * The one thing to know before changing it: only the names of the fields say which is meant. What stands in them is wrong by
 * itself, and a mistake there is no reason to believe in another group.
 */
import { type Flaw, flaw } from "./grammar.ts"
import type { FieldPath } from "./problem.ts"

interface Found extends Flaw {
  readonly path: FieldPath
  readonly part: "key" | "value"
  readonly missing?: true
  readonly meant?: string
}

const all = (names: ReadonlyArray<string>, word: "and" | "or"): string =>
  names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} ${word} ${names.at(-1)}`

/** `each` has the flaws of each alternative; `path` leads to the value. */
export const ofAlternatives = (each: ReadonlyArray<ReadonlyArray<Found>>, path: FieldPath): ReadonlyArray<Found> => {
  // A single word that could stand here instead is not what a group of fields was meant to be.
  const inside = each.filter((group) => group.some((one) => one.path.length > path.length))
  const groups = inside.length > 0 ? inside : each
  const namesOf = (group: ReadonlyArray<Found>, which: (one: Found) => boolean): ReadonlyArray<string> =>
    group.flatMap((one) => (one.path.length === path.length + 1 && which(one) ? [String(one.path.at(-1))] : []))
  const alien = groups.map((group) => namesOf(group, ({ part }) => part === "key"))
  const missing = groups.map((group) => namesOf(group, (one) => one.missing === true))
  const where = (holds: (index: number) => boolean) => groups.filter((_, index) => holds(index))
  const without = (names: ReadonlyArray<ReadonlyArray<string>>) => (index: number) => names[index]?.length === 0
  const oneFlaw = (found: Flaw): ReadonlyArray<Found> => [{ ...found, path, part: "value" }]

  const fitting = where((index) => without(alien)(index) && without(missing)(index))
  if (fitting.length > 0) return fitting.flat()
  const incomplete = where(without(alien))
  if (incomplete.length === 1) return incomplete.flat()
  const misspelled = groups.find((group) => group.some(({ meant }) => meant !== undefined))
  if (misspelled !== undefined) return misspelled
  const known = [...new Set(alien.flat())].filter((name) => alien.some((names) => !names.includes(name))).toSorted()
  if (known.length > 1 && incomplete.length === 0)
    return oneFlaw(flaw(`${all(known, "and")} exclude each other.`, "Keep one of them."))
  const [only] = known
  if (only !== undefined) return where((index) => !alien[index]?.includes(only)).flat()
  const possible = [...new Set(missing.flat())]
  return oneFlaw(flaw(`${all(possible, "or")} is missing.`, `Add one of ${all(possible, "and")}.`))
}
