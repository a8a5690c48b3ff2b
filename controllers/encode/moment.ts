/** Moments at which somebody asked for a run, and the run that each of them is. */
import { createHash } from "node:crypto"
import { UnsafeValue } from "./unsafe.ts"

export interface AskedRun {
  readonly askedAt: number
  /** A UUID of our own making (RFC 9562, version 8): the same moment is the same run. */
  readonly runId: string
}

export const askedRun = (recordId: string, moment: string): AskedRun => {
  const askedAt = Date.parse(moment)
  if (!Number.isSafeInteger(askedAt) || askedAt < 0) throw new UnsafeValue("a moment", moment, "Use ISO 8601.")
  const hex = createHash("sha256").update(`${recordId} ${askedAt}`).digest("hex")
  const runId = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
  return { askedAt, runId }
}
