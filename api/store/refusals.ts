/** What of a plan is not for a tenant to do, though it is theirs. Pure. */
import type { Mistake } from "../problems.ts"
import { keyOf, type Step, type Wanted } from "./plan.ts"
import { reserved } from "./reserved.ts"
import type { TenantSight } from "./sight.ts"
import { suspendedAbove } from "./suspended-by.ts"

export const refusals = (
  sight: TenantSight,
  steps: ReadonlyArray<Step>,
  sent: ReadonlyArray<Wanted>,
): ReadonlyArray<Mistake> => {
  const sentBy = new Map(sent.map((one) => [one.key, one]))
  return steps.flatMap((step) => {
    const { index, spec } = sentBy.get(keyOf(step)) ?? {}
    const above = step.action === "unchanged" ? [] : suspendedAbove(sight, step)
    return [...reserved(sight, step, spec), ...above].map((mistake) => ({
      ...(index === undefined ? {} : { index }),
      ...mistake,
    }))
  })
}
