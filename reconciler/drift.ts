// Drift as a person reads it: what differs between what a record wants and what is there, which stream it belongs to, and
// how to know the same finding again. Pure.

import { hash } from "node:crypto"
import { createTwoFilesPatch } from "diff"
import type { FieldDiff, HostKey, Resource } from "./contract/resource.ts"
import type { Looked } from "./types.ts"

/** A difference, ready to be kept: nothing secret in it. */
export interface Finding {
  readonly key: HostKey
  readonly kind: FieldDiff["kind"]
  /** The record changed, and this is what it now wants; otherwise no record explains it. */
  readonly intended: boolean
  readonly fields: ReadonlyArray<FieldDiff>
  /** Unified: minus is what should be, plus what is. */
  readonly diff: string
  /** The same for the same difference. */
  readonly id: string
}

let pepper = ""

/**
 * Digests go into the store, and some are of secrets: without a key of the host's, whoever reads them could try guesses on
 * them. Set once, by the program.
 */
export const pepperDigests = (key: string): void => {
  pepper = key
}

/** Twelve hexadecimal digits: enough to tell apart what one host can hold. */
export const digestOf = (text: string): string => hash("sha256", pepper + text, "hex").slice(0, 12)

/** Of a resource as rendered: while it stays the same, a difference on the host is drift. */
export const resourceDigest = (resource: Resource): string =>
  digestOf(JSON.stringify([resource.kind, resource.id, resource.spec]))

export const findingOf = (looked: Looked, intended: boolean): Finding => {
  const diff = unified(looked.key, looked.diffs)
  return {
    key: looked.key,
    kind: looked.diffs[0]?.kind ?? "changed",
    intended,
    fields: looked.diffs.map(shown),
    diff,
    // The secrets themselves are in the hash, so that another wrong value is another finding.
    id: digestOf(JSON.stringify(looked.diffs.map((one) => [one.field, one.want, one.have]))),
  }
}

const longest = 64 * 1024

/** One file's unified diff of all the fields: text by lines, anything short as a line of its own. */
export const unified = (key: HostKey, diffs: ReadonlyArray<FieldDiff>): string => {
  const short = diffs.filter((one) => !isText(one))
  const parts = diffs
    .filter(isText)
    .map((one) =>
      createTwoFilesPatch(
        `${key} (${one.field}, wanted)`,
        `${key} (${one.field}, found)`,
        one.want,
        one.have ?? "",
        undefined,
        undefined,
        { context: 3, headerOptions: { includeIndex: false, includeUnderline: false, includeFileHeaders: true } },
      ),
    )
  if (short.length > 0) {
    const lines = short.flatMap((one) =>
      one.secret === true
        ? [`-${one.field}: (hidden)`, `+${one.field}: (hidden, ${one.have === null ? "missing" : "differs"})`]
        : [`-${one.field}: ${one.want}`, ...(one.have === null ? [] : [`+${one.field}: ${one.have}`])],
    )
    parts.unshift(`--- ${key} (wanted)\n+++ ${key} (found)\n${lines.join("\n")}\n`)
  }
  const text = parts.join("")
  return text.length <= longest ? text : `${text.slice(0, longest)}\n… ${text.length - longest} characters more\n`
}

const isText = (one: FieldDiff): boolean =>
  one.secret !== true && (one.want.includes("\n") || (one.have?.includes("\n") ?? false))

/** For the `fields` of a drift event: the text itself is in the diff. */
const shown = ({ follows: _, ...one }: FieldDiff): FieldDiff =>
  one.secret === true
    ? { ...one, want: "(hidden)", have: one.have === null ? null : "(hidden)" }
    : { ...one, want: brief(one.want), have: one.have === null ? null : brief(one.have) }

const brief = (value: string): string =>
  value.length <= 200 && !value.includes("\n") ? value : `${value.split("\n").length} lines, sha256 ${digestOf(value)}`
