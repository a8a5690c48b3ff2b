// Claim before act: a key stands in the inventory before anything of it is touched, so that a crash orphans nothing. What
// stood there before the record and differs is a conflict for a person to settle, not something to overwrite.

import * as Effect from "effect/Effect"
import type { HostKey } from "./contract/resource.ts"
import type { Engine } from "./engine.ts"
import type { RecordKey } from "./keys.ts"
import { lookAt } from "./observe.ts"
import { endedBy, endedByStore, stalled } from "./outcome.ts"
import { planClaims, unclaimed } from "./plan.ts"
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
  const [refusal] = plan.refusals
  if (refusal !== undefined) {
    return yield* stalled(refusal.reason, plan.refusals.map((one) => one.message).join("\n"))
  }
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
    return yield* stalled(
      "ClaimedElsewhere",
      held.map((one) => `${one.key} belongs to ${one.record}. Change one of the two.`).join("\n"),
    )
  }
  return found
})
