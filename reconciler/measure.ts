// Figures of what the records have on the host: one look a type, added up for each record, and written only where they are
// others than last time. Nothing that is wanted depends on them, so a look that fails costs only figures.

import * as Effect from "effect/Effect"
import type { ResourceFailure } from "./contract/resource.ts"
import type { Engine } from "./engine.ts"
import type { Host } from "./host/host.ts"
import { isImplied } from "./policy.ts"
import type { MeasurementRow } from "./store.ts"

type Look = (id: string) => Readonly<Record<string, number>>

/** `known`: what the table has, as far as this agent wrote it. */
export const measure = Effect.fnUntraced(function* (engine: Engine, known: Map<string, number>) {
  const looks = new Map<string, Look>()
  for (const type of engine.types.values()) {
    if (type.measure === undefined) continue
    const owned = [...engine.inventory.records()].some((record) =>
      engine.inventory.of(record).some(({ resourceKind }) => resourceKind === type.kind),
    )
    const look = owned ? yield* tried(type.kind, type.measure) : undefined
    if (look !== undefined) looks.set(type.kind, look)
  }
  if (looks.size === 0) return
  const changed = measured(engine, looks).filter((row) => known.get(placeOf(row)) !== row.value)
  if (changed.length === 0) return
  yield* engine.store.writeMeasurements(changed).pipe(
    Effect.tap(() =>
      Effect.sync(() => {
        for (const row of changed) known.set(placeOf(row), row.value)
      }),
    ),
    Effect.catch((failure) => Effect.logDebug(`The measurements were not written: ${failure.message}`)),
  )
})

const tried = (kind: string, look: Effect.Effect<Look, ResourceFailure, Host>) =>
  look.pipe(
    Effect.catch((failure) => Effect.as(Effect.logWarning(`No ${kind} was measured: ${failure.message}`), undefined)),
  )

const placeOf = ({ measure, record }: MeasurementRow): string => `${record} ${measure}`

const measured = (engine: Engine, looks: ReadonlyMap<string, Look>): ReadonlyArray<MeasurementRow> => {
  const rows: Array<MeasurementRow> = []
  for (const record of engine.inventory.records()) {
    const stored = engine.records.get(record)
    // What nobody wrote has no row to stand beside, and what is going needs none.
    if (stored === undefined || stored.deleted || isImplied(stored)) continue
    // A resource that owns several keys is measured once.
    const resources = new Map(
      engine.inventory.of(record).map((claim) => [`${claim.resourceKind} ${claim.resourceId}`, claim]),
    )
    const sums = new Map<string, number>()
    for (const { resourceId, resourceKind } of resources.values()) {
      for (const [name, value] of Object.entries(looks.get(resourceKind)?.(resourceId) ?? {})) {
        sums.set(name, (sums.get(name) ?? 0) + value)
      }
    }
    for (const [name, value] of sums) rows.push({ record, measure: name, value: Math.round(value) })
  }
  return rows
}
