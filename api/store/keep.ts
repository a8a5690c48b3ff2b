/**
 * What a write leaves out and its record keeps: a password that was set past the folder of YAML that is applied again.
 *
 * The one thing to know before changing it: which fields those are is the kind's to say (`keeps`, and the places of its
 * `secrets`). A record that was deleted and comes back under its name keeps them too, for as long as its row is there.
 */
import { datedOf, isKindName, keptOf, mayKeep } from "../../spec/kinds.ts"
import { decoded } from "./decoded.ts"
import type { Wanted } from "./plan.ts"
import type { JsonObject, RecordRow } from "./rows.ts"

export const keepLeftOut = (
  wanted: ReadonlyArray<Wanted>,
  existing: ReadonlyMap<string, RecordRow>,
): ReadonlyArray<Wanted> =>
  wanted.map((one) => {
    const before = existing.get(one.key)
    if (before === undefined || !isKindName(one.kind) || !mayKeep(one.kind, one.secrets)) return one
    const [was] = decoded(before)
    // What does not decode has another shape than this program's kinds know.
    if (was === undefined) return one
    const spec = keptOf(one.kind, one.spec, one.secrets, was, before.spec)
    return spec === one.spec ? one : { ...one, spec: spec as JsonObject }
  })

/** What runs once for the moment at which it was asked for, and does not say when, was asked for now. */
export const dateNew = (wanted: ReadonlyArray<Wanted>, now: string): ReadonlyArray<Wanted> =>
  wanted.map((one) => {
    if (!isKindName(one.kind)) return one
    const spec = datedOf(one.kind, one.spec, now)
    return spec === one.spec ? one : { ...one, spec: spec as JsonObject }
  })
