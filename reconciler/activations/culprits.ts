// Who is to blame when nginx refuses a set of changes. nginx mostly names the file, and then one more test tells; where it
// does not, halves are tried. Knows nothing of nginx but a test that passes or says why not.

import * as Effect from "effect/Effect"
import type { ResourceFailure } from "../contract/resource.ts"
import type { NginxVerdict } from "../host/nginx.ts"

export interface Trial<Change> {
  readonly test: Effect.Effect<NginxVerdict, ResourceFailure>
  readonly put: (change: Change) => Effect.Effect<void, ResourceFailure>
  readonly restore: (change: Change) => Effect.Effect<void, ResourceFailure>
}

export interface Found<Change> {
  /** Those left out, each with what the tool said of it. */
  readonly culprits: ReadonlyMap<Change, string>
  /** What the tool says although every change is left out: none of them is to blame. */
  readonly base: string | undefined
}

/**
 * All changes are put when it begins; when it ends, all but the culprits are. `changes` come in an order in which each may
 * need those before it.
 */
export const findCulprits = <Change extends { readonly member: string }>(
  changes: ReadonlyArray<Change>,
  message: string,
  trial: Trial<Change>,
): Effect.Effect<Found<Change>, ResourceFailure> =>
  Effect.gen(function* () {
    const culprits = new Map<Change, string>()
    let said = message
    let left = changes
    for (;;) {
      const named = left.find(({ member }) => said.includes(`in ${member}:`))
      if (named === undefined) break
      yield* trial.restore(named)
      culprits.set(named, said)
      left = left.filter((change) => change !== named)
      const verdict = yield* trial.test
      if (verdict.ok) return { culprits, base: undefined }
      said = verdict.message
    }

    for (const change of left.toReversed()) yield* trial.restore(change)
    const base = yield* trial.test
    if (!base.ok) return { culprits, base: base.message }

    const add = (group: ReadonlyArray<Change>): Effect.Effect<void, ResourceFailure> =>
      Effect.gen(function* () {
        for (const change of group) yield* trial.put(change)
        const verdict = yield* trial.test
        if (verdict.ok) return
        for (const change of group.toReversed()) yield* trial.restore(change)
        const [only] = group
        if (only !== undefined && group.length === 1) {
          culprits.set(only, verdict.message)
          return
        }
        const half = Math.ceil(group.length / 2)
        yield* add(group.slice(0, half))
        yield* add(group.slice(half))
      })
    if (left.length > 0) yield* add(left)
    return { culprits, base: undefined }
  })
