// What every watched path looked like when its record was last in sync: inode, size and ctime, three numbers a path. A full
// pass over a converged host compares these and reads nothing else.
//
// The one thing to know before changing it: a print is taken before the resource is observed. Whatever happens in between
// makes the print old, and the path is looked at once more; taken afterwards, a change in between would never be found.

import { lstatSync } from "node:fs"
import type { RecordKey } from "./keys.ts"

export interface Print {
  readonly ino: number
  readonly size: number
  readonly ctimeMs: number
}

/** Of a path where there is nothing. */
const nothing: Print = { ino: 0, size: 0, ctimeMs: 0 }

export const look = (realPath: string): Print => {
  try {
    return lstatSync(realPath, { throwIfNoEntry: false }) ?? nothing
  } catch {
    // A parent that is a file, or one that may not be entered: as good as nothing, and the observation will say why.
    return nothing
  }
}

type Owners = RecordKey | Set<RecordKey>

export class Fingerprints {
  readonly #look: (path: string) => Print
  readonly #slots = new Map<string, number>()
  readonly #paths: Array<string | undefined> = []
  readonly #owners: Array<Owners | undefined> = []
  readonly #free: Array<number> = []
  readonly #ofRecord = new Map<RecordKey, ReadonlyArray<number>>()
  #prints = new Float64Array(3 * 1024)

  /** `lookAt` is for those who count. */
  constructor(real: (path: string) => string, lookAt = look) {
    this.#look = (path) => lookAt(real(path))
  }

  get size(): number {
    return this.#slots.size
  }

  look(path: string): Print {
    return this.#look(path)
  }

  ownersOf(path: string): Iterable<RecordKey> {
    const slot = this.#slots.get(path)
    return slot === undefined ? [] : each(this.#owners[slot])
  }

  has(path: string): boolean {
    return this.#slots.has(path)
  }

  /** More than one record looks at this path, so that one's print says nothing of the others. */
  isShared(path: string): boolean {
    const slot = this.#slots.get(path)
    return slot !== undefined && typeof this.#owners[slot] === "object"
  }

  /** From now on these paths, and no others, are the record's. */
  settle(record: RecordKey, prints: ReadonlyMap<string, Print>): void {
    const before = this.#ofRecord.get(record) ?? []
    const slots = new Set<number>()
    for (const [path, print] of prints) {
      const slot = this.#slots.get(path) ?? this.#add(path)
      this.#own(slot, record)
      this.#write(slot, print)
      slots.add(slot)
    }
    for (const slot of before) if (!slots.has(slot)) this.#disown(slot, record)
    if (slots.size === 0) this.#ofRecord.delete(record)
    else this.#ofRecord.set(record, [...slots])
  }

  forget(record: RecordKey): void {
    this.settle(record, new Map())
  }

  /** Whether anything of the record's is not as it was. */
  moved(record: RecordKey): boolean {
    return (this.#ofRecord.get(record) ?? []).some((slot) => this.#hasMoved(slot))
  }

  pathMoved(path: string): boolean {
    const slot = this.#slots.get(path)
    return slot !== undefined && this.#hasMoved(slot)
  }

  pathsOf(record: RecordKey): ReadonlyArray<string> {
    return (this.#ofRecord.get(record) ?? []).map((slot) => this.#paths[slot] ?? "")
  }

  /** Compares the next `count` paths from `from`. Gives the place to go on from; undefined after the last. */
  sweep(from: number, count: number, moved: (path: string, owners: Iterable<RecordKey>) => void): number | undefined {
    const to = Math.min(from + count, this.#paths.length)
    for (let slot = from; slot < to; slot++) {
      const path = this.#paths[slot]
      if (path !== undefined && this.#hasMoved(slot)) moved(path, each(this.#owners[slot]))
    }
    return to < this.#paths.length ? to : undefined
  }

  #hasMoved(slot: number): boolean {
    const path = this.#paths[slot]
    if (path === undefined) return false
    const now = this.#look(path)
    const at = slot * 3
    return this.#prints[at] !== now.ino || this.#prints[at + 1] !== now.size || this.#prints[at + 2] !== now.ctimeMs
  }

  #write(slot: number, print: Print): void {
    const at = slot * 3
    this.#prints[at] = print.ino
    this.#prints[at + 1] = print.size
    this.#prints[at + 2] = print.ctimeMs
  }

  #add(path: string): number {
    const slot = this.#free.pop() ?? this.#paths.length
    if (slot * 3 >= this.#prints.length) {
      const larger = new Float64Array(this.#prints.length * 2)
      larger.set(this.#prints)
      this.#prints = larger
    }
    this.#slots.set(path, slot)
    this.#paths[slot] = path
    this.#owners[slot] = undefined
    return slot
  }

  #own(slot: number, record: RecordKey): void {
    const owners = this.#owners[slot]
    if (owners === undefined) this.#owners[slot] = record
    else if (typeof owners === "object") owners.add(record)
    else if (owners !== record) this.#owners[slot] = new Set([owners, record])
  }

  #disown(slot: number, record: RecordKey): void {
    const owners = this.#owners[slot]
    if (typeof owners === "object") {
      owners.delete(record)
      const [only] = owners
      if (owners.size === 1) this.#owners[slot] = only
      if (owners.size > 0) return
    } else if (owners !== record) return
    const path = this.#paths[slot]
    if (path !== undefined) this.#slots.delete(path)
    this.#paths[slot] = undefined
    this.#owners[slot] = undefined
    this.#free.push(slot)
  }
}

const each = (owners: Owners | undefined): Iterable<RecordKey> =>
  owners === undefined ? [] : typeof owners === "object" ? owners : [owners]
