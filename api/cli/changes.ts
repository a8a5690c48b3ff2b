// What a write did, or would do, in words.

import type { Applied, Change } from "../shapes.ts"
import { clean, paint, paintDiff } from "./terminal.ts"

const colours = { created: "green", updated: "yellow", restored: "green", unchanged: "dim", deleted: "red" } as const

export const changeLine = (change: Change): string => {
  const taken = change.takenFrom === undefined ? "" : ` (taken over from ${clean(change.takenFrom)})`
  const notes = (change.notes ?? []).map((text) => `\n  note: ${clean(text)}`).join("")
  return `${change.kind}/${change.name} ${paint(colours[change.action], change.action)}${taken}${notes}`
}

export const isChange = (change: Change): boolean => change.action !== "unchanged"

/** `2 created, 1 unchanged`; what there is none of is left out. */
export const summaryLine = ({ summary, dryRun }: Applied): string => {
  const parts = Object.entries(summary).filter(([, count]) => count > 0)
  const text = parts.length === 0 ? "nothing to do" : parts.map(([action, count]) => `${count} ${action}`).join(", ")
  return dryRun ? `${text} (dry run: nothing was written)` : text
}

/** A record's line with its diff below it. */
export const changeWithDiff = (change: Change): string =>
  change.diff === undefined || change.diff === ""
    ? changeLine(change)
    : `${changeLine(change)}\n${paintDiff(change.diff.trimEnd())}`
