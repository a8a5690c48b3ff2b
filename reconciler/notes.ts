// What the node's own status says besides its resources: when Postgres was away, and what nobody claims to own any more.

import * as DateTime from "effect/DateTime"
import type { Engine } from "./engine.ts"

export const notesOf = ({ inventory, records, store }: Engine): ReturnType<Engine["notes"]> => {
  const away = store.lastAway()
  const iso = (millis: number) => DateTime.formatIso(DateTime.makeUnsafe(millis))
  // Claims whose record is gone without having been deleted: left as they are, for a person to decide.
  const orphans = [...inventory.records()].filter((record) => records.get(record) === undefined).sort()
  return {
    ...(away === undefined ? {} : { storeAway: { from: iso(away.from), until: iso(away.until) } }),
    ...(orphans.length === 0 ? {} : { orphans: orphans.slice(0, 50) }),
  }
}
