// Claim before act: a key stands in the inventory before anything of it is touched, so that a crash orphans nothing. What
// stood there before the record and differs is a conflict for a person to settle, not something to overwrite.

import * as Effect from "effect/Effect"
import type { HostKey } from "./contract/resource.ts"
import type { Engine } from "./engine.ts"
import type { RecordKey } from "./keys.ts"
import { lookAt } from "./observe.ts"
import { type Ended, endedBy, endedByStore, stalled, waiting } from "./outcome.ts"
import { planClaims, type Refusal, unclaimed } from "./plan.ts"
import type { Policy } from "./policy.ts"
import type { Stored } from "./records.ts"
import type { Looked, Wanted } from "./types.ts"

/** Gives what was found under keys that nobody had claimed before. */
export const claim = Effect.fnUntraced(function* (
  engine: Engine,
  key: RecordKey,
  stored: Stored,
  policy: Policy,
  wanted: ReadonlyArray<Wanted>,
) {
  const found = new Map<HostKey, Looked>()
  for (const one of unclaimed(wanted, engine.inventory)) {
    found.set(one.key, yield* lookAt(one).pipe(Effect.mapError((failure) => endedBy([{ key: one.key, failure }]))))
  }
  const plan = planClaims(
    { key, id: stored.id, generation: stored.generation, adopt: policy.adopt },
    wanted,
    found,
    engine.inventory,
  )
  if (plan.refusals.length > 0) return yield* refused(engine, key, plan.refusals)
  // Nothing new to write down: this works with the store away, too.
  if (plan.claims.length === 0) return found
  const held = yield* engine.store.claim(key, plan.claims).pipe(Effect.mapError(endedByStore))
  const elsewhere = new Set(held.map((one) => one.key))
  engine.inventory.put(
    key,
    plan.claims.filter((one) => !elsewhere.has(one.key)),
  )
  if (held.length > 0) {
    for (const { record, ...claimed } of held) engine.inventory.put(record, [claimed])
    return yield* refused(
      engine,
      key,
      held.map((one) => ({ reason: "ClaimedElsewhere", key: one.key, owner: one.record })),
    )
  }
  return found
})

/** What another record holds is waited for as long as that one may let go of it; where both keep it, a person decides. */
const refused = (engine: Engine, key: RecordKey, refusals: ReadonlyArray<Refusal>): Ended => {
  const said = refusals.map((one) => {
    if (one.reason === "Conflict") return { ...one, passes: false }
    const passes = isParting(engine, one)
    engine.waitsForKey.add(key, one.key)
    for (const owner of engine.kept.take(one.key)) engine.wake(owner, "edit")
    const message = passes
      ? `${one.key} still belongs to ${one.owner}.`
      : `${one.key} belongs to ${one.owner}. Change one of the two.`
    return { reason: one.reason, message, passes }
  })
  const message = said.map((one) => one.message).join("\n")
  const lasting = said.find((one) => !one.passes)
  return lasting === undefined ? waiting("WaitingForResource", message) : stalled(lasting.reason, message)
}

/** Whether the owner, as it is written now, is not known to want it. One whose row was lost lets go of nothing. */
const isParting = (engine: Engine, { key, owner }: { readonly key: HostKey; readonly owner: RecordKey }): boolean => {
  const stored = engine.records.get(owner)
  if (stored === undefined) return false
  return stored.deleted || engine.standings.get(owner)?.version !== stored.version || engine.unwanted.has(owner, key)
}
