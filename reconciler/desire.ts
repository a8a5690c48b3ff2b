// From a record to the resources it wants: decode, render, order. Pure but for what it looks up in memory.

import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { Resource } from "./contract/resource.ts"
import { resourceDigest } from "./drift.ts"
import type { Engine } from "./engine.ts"
import { graphOf } from "./graph.ts"
import { emptyGuard } from "./guards.ts"
import { type RecordKey, recordKey } from "./keys.ts"
import { Ended, stalled, waiting } from "./outcome.ts"
import type { Stored } from "./records.ts"
import type { Wanted } from "./types.ts"

/** What the controller makes of the record. */
export const render = Effect.fnUntraced(function* (engine: Engine, stored: Stored) {
  const desired = engine.records.decode(stored)
  if (Result.isFailure(desired)) {
    return yield* stalled(
      "NewerSpec",
      `This agent does not understand the record, and leaves everything of it as it is. ${desired.failure.message}`,
      "Update the agent, or correct the record.",
    )
  }
  const flaw = engine.records.flawOf(stored)
  if (flaw !== undefined) return yield* stalled(flaw.reason, flaw.message, flaw.mend)
  const controller = engine.controllers.get(stored.kind)
  if (controller === undefined) {
    return yield* stalled("NewerSpec", `This agent has no controller for ${stored.kind}.`, "Update the agent.")
  }
  const rendered = yield* Effect.try({
    try: () =>
      controller.render(desired.success as never, {
        facts: engine.facts(),
        lookup: (kind, name) => engine.records.lookup(kind, name),
        concerning: (kind) => engine.records.concerning(kind, recordKey(stored.kind, stored.name)),
      }),
    catch: (cause) =>
      new Ended({
        outcome: { outcome: "stalled", reason: "RenderFailed", message: `The controller failed: ${cause}` },
      }),
  })
  switch (rendered.outcome) {
    case "resources":
      return rendered
    case "waiting":
      engine.waitsForRecord.add(recordKey(stored.kind, stored.name), recordKey(rendered.kind, rendered.name))
      return yield* waiting("WaitingForRecord", rendered.message)
    case "stalled":
      return yield* stalled(rendered.reason, rendered.message, rendered.mend)
  }
})

/** The same in the order in which they are applied; a record that suddenly wants nothing is held back. */
export const ordered = Effect.fnUntraced(function* (
  engine: Engine,
  key: RecordKey,
  stored: Stored,
  resources: ReadonlyArray<Resource>,
) {
  const graph = graphOf(resources, engine.types)
  if (graph.outcome === "refused") return yield* stalled("RenderFailed", graph.message)
  const held = stored.deletionConfirmed ? undefined : emptyGuard(resources.length, engine.inventory.of(key).length)
  if (held !== undefined) return yield* stalled(held.reason, held.message)
  const gone = new Set(engine.sinceBoot ? graph.order.filter((one) => one.type.untilBoot).map((one) => one.key) : [])
  engine.standings.recall(key, digestsOf(graph.order), (one) => gone.has(one))
  return graph.order
})

export const digestsOf = (wanted: ReadonlyArray<Wanted>): Map<Wanted["key"], string> =>
  new Map(wanted.map((one) => [one.key, resourceDigest(one.resource)]))
