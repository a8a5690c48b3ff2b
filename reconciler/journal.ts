// The owed journal of the host with what it says in memory, so that a pass which owes nothing reads no file.

import * as Effect from "effect/Effect"
import { type Activation, activationKey } from "./contract/resource.ts"
import type { Journal } from "./engine.ts"
import { listOwed, putOwed, settleOwed } from "./host/owed.ts"
import { merged } from "./plan.ts"

export const make = Effect.gen(function* () {
  const owed = new Map<string, ReadonlyArray<Activation>>()
  for (const { record, activations } of yield* listOwed) owed.set(record, activations)
  const journal: Journal & { readonly records: () => ReadonlyArray<string> } = {
    of: (record) => owed.get(record) ?? [],
    owe: (record, more) => {
      const known = new Set((owed.get(record) ?? []).map(activationKey))
      if (more.every((one) => known.has(activationKey(one)))) return Effect.void
      return Effect.tap(putOwed(record, more), () =>
        Effect.sync(() => owed.set(record, merged([...(owed.get(record) ?? []), ...more]))),
      )
    },
    settle: (record) =>
      owed.has(record) ? Effect.tap(settleOwed(record), () => Effect.sync(() => owed.delete(record))) : Effect.void,
    records: () => [...owed.keys()],
  }
  return journal
})
