// The owed journal of the host with what it says in memory, so that a pass which owes nothing reads no file.

import * as Effect from "effect/Effect"
import { type Activation, activationKey } from "./contract/resource.ts"
import type { Engine, Journal } from "./engine.ts"
import { listOwed, putOwed, settleOwed } from "./host/owed.ts"
import type { RecordKey } from "./keys.ts"
import { merged } from "./plan.ts"

export const make = Effect.gen(function* () {
  const owed = new Map<RecordKey, ReadonlyArray<Activation>>()
  for (const { record, activations } of yield* listOwed) owed.set(record as RecordKey, activations)
  const journal: Journal = {
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

/** What an earlier agent owed and no record of today would say again. */
export const replay = Effect.fnUntraced(function* ({ activator, journal, records }: Engine) {
  for (const key of journal.records()) {
    if (records.get(key) !== undefined) continue
    yield* Effect.ignore(activator.submit(key, journal.of(key)))
    yield* Effect.ignore(journal.settle(key))
  }
})
