// Starts, reloads and restarts, a few at a time: each waits for its own unit, and one that hangs holds up nobody for long.

import * as Effect from "effect/Effect"
import type { ResourceFailure } from "../contract/resource.ts"
import type { Systemd } from "../host/systemd.ts"
import type { UnitAction } from "./merge.ts"

/** Gives those that failed, with their own last words. */
export const runUnits = (
  systemd: Systemd,
  units: ReadonlyMap<string, UnitAction>,
): Effect.Effect<ReadonlyMap<string, ResourceFailure>> =>
  Effect.forEach(
    units,
    ([name, action]) =>
      Effect.result(systemd[action](name)).pipe(
        Effect.map((result) => (result._tag === "Failure" ? [[name, result.failure] as const] : [])),
      ),
    { concurrency: 8 },
  ).pipe(Effect.map((failed) => new Map(failed.flat())))
