// A unit of systemd: enabled for the next boot, and running or not now. It starts nothing itself: the start is an activation,
// so that what it would load has been tested by then.

import * as Effect from "effect/Effect"
import type { FieldDiff, Resource, ResourceType } from "../contract/resource.ts"
import { attempt, Host } from "../host/host.ts"
import { type UnitState, wantedBy } from "../host/systemd.ts"
import { changed } from "./differences.ts"
import { type Place, place, unitKey } from "./place.ts"
import { goes } from "./removal.ts"

export interface UnitSpec {
  /** Started at boot. The unit's file (or its template's) needs an [Install] section. */
  readonly enabled: boolean
  readonly active: boolean
}

/** A unit of systemd by its full, escaped name (see unit-name.ts). Its start is activated without further asking. */
export const unit = (name: string, spec: UnitSpec, where: Place): Resource<UnitSpec> =>
  place("unit", name, spec, where, spec.active ? [{ kind: "unit", name, action: "start" }] : [])

const yesNo = (value: boolean) => (value ? "yes" : "no")

export const unitType: ResourceType<UnitSpec, UnitState> = {
  kind: "unit",
  owns: (id) => [unitKey(id)],
  observe: (id) =>
    Effect.flatMap(Host, ({ systemd }) => systemd.state(id)).pipe(
      // Of a template every instance is "loaded". One that nobody enabled and that does not run is not there.
      Effect.map((state) =>
        state.load !== "masked" && !state.enabled && state.active === "inactive" ? undefined : state,
      ),
    ),
  diff: (spec, seen) => [
    ...changed("masked", "no", yesNo(seen?.load === "masked")),
    // Whether a masked unit is enabled cannot be told.
    ...(seen?.load === "masked"
      ? []
      : seen === undefined && spec.enabled
        ? [{ field: "enabled", want: "yes", have: null, kind: "missing" } satisfies FieldDiff]
        : changed("enabled", yesNo(spec.enabled), yesNo(seen?.enabled ?? false))),
    ...(spec.active === (seen !== undefined && isRunning(seen))
      ? []
      : [
          {
            field: "active",
            want: spec.active ? "active" : "inactive",
            have: seen?.active ?? null,
            kind: seen === undefined ? "missing" : "runtime",
          } satisfies FieldDiff,
        ]),
  ],
  apply: (id, spec, seen) =>
    Effect.gen(function* () {
      const { systemd } = yield* Host
      if (seen?.load === "masked") yield* systemd.unmask(id)
      if (spec.enabled && (!seen?.enabled || seen.load === "masked")) yield* systemd.enable(id)
      if (!spec.enabled && seen?.enabled) yield* systemd.disable(id)
      if (!spec.active && seen !== undefined && isRunning(seen)) yield* systemd.stop(id)
    }),
  remove: (id, removal) =>
    Effect.gen(function* () {
      if (!goes(removal)) return []
      const { systemd } = yield* Host
      const state = yield* systemd.state(id)
      if (state.active !== "inactive") yield* systemd.stop(id)
      if (state.enabled) yield* systemd.disable(id)
      // A unit whose file went first cannot be disabled, and leaves its link.
      yield* attempt(({ files }) => files.remove(wantedBy(id)))
      return []
    }),
  watch: (id) => [wantedBy(id)],
  survey: Effect.flatMap(Host, ({ systemd }) => systemd.list).pipe(
    Effect.map((units) => (id: string) => units.get(id) ?? "inactive"),
  ),
}

const isRunning = (state: UnitState): boolean =>
  state.active === "active" || state.active === "activating" || state.active === "reloading"
