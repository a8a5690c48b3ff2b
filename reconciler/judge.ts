// What becomes of each difference: changed because the record wants it so, healed because nobody said it should be
// otherwise, or left and reported. Pure but for the books of fights and standings.

import { type Finding, findingOf } from "./drift.ts"
import type { Engine } from "./engine.ts"
import type { Policy } from "./policy.ts"
import type { Looked } from "./types.ts"

export interface Judged {
  readonly looked: Looked
  readonly finding: Finding
  readonly decision: "change" | "heal" | "adopt" | "report" | "fought"
}

export const judge = (
  engine: Engine,
  policy: Policy,
  looked: ReadonlyArray<Looked>,
  digests: ReadonlyMap<string, string>,
  foreign: ReadonlyMap<string, Looked>,
  nowMillis: number,
): ReadonlyArray<Judged> =>
  looked
    .filter((one) => one.diffs.length > 0)
    .map((one): Judged => {
      const follows = one.diffs.every((diff) => diff.follows === true)
      const intended = follows || !engine.standings.wasInSync(one.key, digests.get(one.key) ?? "")
      const finding = findingOf(one, intended)
      const decide = (): Judged["decision"] => {
        if (policy.mode === "observe") return "report"
        if (foreign.get(one.key)?.seen !== undefined) return "adopt"
        if (intended) return "change"
        if (!policy.selfHeal) return "report"
        return engine.fights.mayHeal(one.key, nowMillis) ? "heal" : "fought"
      }
      return { looked: one, finding, decision: decide() }
    })

/** In the order of the graph: those that this pass changes on the host. */
export const toChange = (judged: ReadonlyArray<Judged>): ReadonlyArray<Looked> =>
  judged.filter((one) => one.decision !== "report" && one.decision !== "fought").map((one) => one.looked)

export const isLeft = (one: Judged): boolean => one.decision === "report" || one.decision === "fought"
