// Looking at what is there, with the prints of everything that tells when to look again.

import * as Effect from "effect/Effect"
import type { ResourceFailure } from "./contract/resource.ts"
import type { Engine } from "./engine.ts"
import type { Print } from "./fingerprints.ts"
import type { Host } from "./host/host.ts"
import type { Looked, Wanted } from "./types.ts"

export const lookAt = (one: Wanted): Effect.Effect<Looked, ResourceFailure, Host> =>
  Effect.map(one.type.observe(one.resource.id, one.resource.spec), (seen) => ({
    ...one,
    seen,
    diffs: one.type.diff(one.resource.spec, seen),
  }))

export interface Observation {
  readonly looked: ReadonlyArray<Looked>
  readonly prints: Map<string, Print>
}

export const observe = Effect.fnUntraced(function* (engine: Engine, wanted: ReadonlyArray<Wanted>) {
  const prints = new Map<string, Print>()
  const looked: Array<Looked> = []
  for (const one of wanted) {
    printAll(engine, one, prints)
    looked.push(yield* lookAt(one))
  }
  return { looked, prints } satisfies Observation
})

export const printAll = (engine: Engine, one: Wanted, prints: Map<string, Print>): void => {
  for (const path of one.type.watch(one.resource.id, one.resource.spec)) {
    if (!prints.has(path)) prints.set(path, engine.fingerprints.look(path))
  }
}
