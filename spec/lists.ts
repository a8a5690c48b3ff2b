/** Rules that lists of a spec share. */
import { flaw, rule, ruleAcross, show } from "./grammar.ts"

export const atMost = (most: number, what: string) =>
  rule<ReadonlyArray<unknown>>(
    (list) =>
      list.length <= most
        ? undefined
        : flaw(`There are ${list.length} ${what}.`, `Give at most ${most}, and split the rest off.`),
    { maxItems: most },
  )

export const atLeast = (least: number, what: string) =>
  rule<ReadonlyArray<unknown>>(
    (list) =>
      list.length >= least ? undefined : flaw(`There are ${list.length} of them.`, `Give at least ${least} ${what}.`),
    { minItems: least },
  )

/** The places at which something stands that stood before. */
export const repeats = (list: ReadonlyArray<string>): ReadonlyArray<number> => {
  const seen = new Set<string>()
  return list.flatMap((item, index) => (seen.size === seen.add(item).size ? [index] : []))
}

export const noneTwice = (what: string) =>
  ruleAcross<ReadonlyArray<string>>((list) =>
    repeats(list).map((index) => ({
      path: [index],
      ...flaw(`The ${what} ${show(list[index] ?? "")} is given twice.`, "Remove one of the two."),
    })),
  )
