/**
 * How many of something a record may have, and whether a change brings more: an account's sites, say. Kinds say what they
 * are counted as and what a record of theirs may have; here nobody is known by name.
 *
 * The one thing to know before changing it: only what is added is held against a limit. What is over one already (the limit
 * was lowered, a backup was restored) can still be changed, and takes nothing along.
 */
import { type Flaw, flaw } from "./grammar.ts"
import type { Count, Most } from "./kind.ts"
import { countsOf, type Envelope, mostOf } from "./kinds.ts"
import { countedIn, identity, identityOf, type RecordKey } from "./ties.ts"

export interface CountedChange {
  readonly existing: ReadonlyArray<Envelope>
  readonly incoming: ReadonlyArray<Envelope>
  readonly removed?: ReadonlyArray<RecordKey>
}

/** What a change adds to something that has a limit. */
export interface Addition {
  /** The tie of all that are counted there. */
  readonly tie: string
  readonly count: Count
  readonly most: Most
  /** Of the input: those that are counted there before and after, by their number. */
  readonly kept: number
  /** Of the input: those that were not, by their places. */
  readonly added: ReadonlyArray<{ readonly index: number; readonly field: string }>
}

export const additions = ({ existing, incoming, removed = [] }: CountedChange): ReadonlyArray<Addition> => {
  const gone = new Set(removed.map(identity))
  const before = new Map(existing.map((record) => [identityOf(record), record]))
  const after = new Map([...before.values(), ...incoming].map((record) => [identityOf(record), record]))
  const find = <Spec>(kind: string, name: string) => after.get(identity({ kind, name }))?.spec as Spec | undefined
  const found = new Map<string, { count: Count; kept: number; added: Array<{ index: number; field: string }> }>()
  for (const [index, record] of incoming.entries()) {
    // One that is given twice, or given and removed, is reported as that.
    if (after.get(identityOf(record)) !== record || gone.has(identityOf(record))) continue
    const was = before.get(identityOf(record))
    const ties = new Set(was === undefined ? [] : countsOf(was).map(countedIn))
    for (const count of countsOf(record)) {
      const tie = countedIn(count)
      const known = found.get(tie) ?? { count, kept: 0, added: [] }
      found.set(tie, known)
      if (ties.has(tie)) known.kept++
      else known.added.push({ index, field: count.field })
    }
  }
  return [...found].flatMap(([tie, { count, kept, added }]) => {
    const holder = after.get(identity(count))
    const most = added.length === 0 || holder === undefined ? undefined : mostOf(holder, count.what, find)
    return most === undefined ? [] : [{ tie, count, most, kept, added }]
  })
}

/** How many are counted, by tie, besides the records of the change itself. */
export type Counted = ReadonlyMap<string, number>

/** Of a whole set of records. */
export const countedAmong = ({ existing, incoming, removed = [] }: CountedChange): Counted => {
  const changed = new Set([...incoming.map(identityOf), ...removed.map(identity)])
  const counted = new Map<string, number>()
  for (const record of existing) {
    if (changed.has(identityOf(record))) continue
    for (const tie of countsOf(record).map(countedIn)) counted.set(tie, (counted.get(tie) ?? 0) + 1)
  }
  return counted
}

export interface OverLimit extends Flaw {
  readonly index: number
  readonly field: string
}

export const overLimits = (added: ReadonlyArray<Addition>, counted: Counted): ReadonlyArray<OverLimit> =>
  added.flatMap(({ tie, count, most, kept, added }) => {
    const others = (counted.get(tie) ?? 0) + kept
    const room = Math.max(0, most.most - others)
    const holder = `${count.kind}/${count.name}`
    return added.slice(room).map(({ index, field }, place) => ({
      index,
      field,
      ...flaw(
        `With this one ${holder} has ${others + room + place + 1} ${words(count.what)}, and the limit of ${most.in ?? holder} is ${most.most}.`,
        `Remove one of those that are there, or raise ${most.field} of ${most.in ?? holder}.`,
      ),
    }))
  })

/** "cronJobs" as it is said: "cron jobs". */
export const words = (what: string): string => what.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
