// Activations of many records, merged into rounds: one daemon-reload, each unit once, one test and one reload of nginx for
// all that changed together. A record learns its own outcome and nobody else's.

import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { Activation, ResourceFailure } from "../contract/resource.ts"

export interface ActivatorShape {
  /**
   * A pass over this record is under way and may submit: the round waits for it (at most `maxWait`). Call it as early as
   * the engine knows, when a key is queued or taken; calling it again is harmless.
   */
  readonly expect: (recordKey: string) => Effect.Effect<void>
  /** The pass ended, whether it submitted or not. */
  readonly settled: (recordKey: string) => Effect.Effect<void>
  /** Comes back when the round that carried these activations ended, with this record's own outcome. Also ends `expect`. */
  readonly submit: (recordKey: string, activations: ReadonlyArray<Activation>) => Effect.Effect<void, ResourceFailure>
}

export class Activator extends Context.Service<Activator, ActivatorShape>()(
  "plumbline/reconciler/activations/Activator",
) {}
