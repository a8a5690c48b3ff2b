// A unit of systemd: enabled for the next boot, and running or not now. It starts nothing itself: the start is an activation,
// so that what it would load has been tested by then.

import * as Effect from "effect/Effect"
import type { FieldDiff, Resource, ResourceType } from "../contract/resource.ts"
import { attempt, Host } from "../host/host.ts"
import { hostPath } from "../host/path.ts"
import { type UnitState, wantedBy } from "../host/systemd.ts"
import { changed } from "./differences.ts"
import { type Place, place, unitKey } from "./place.ts"
import { goes } from "./removal.ts"

export interface UnitSpec {
  /** Started at boot. The unit's file (or its template's) needs an [Install] section. */
  readonly enabled: boolean
  readonly active: boolean
  /** Of a socket unit: the socket that it has in the file system. systemd does not notice that it is gone. */
  readonly socket?: `/${string}`
}

/** `socket`: whether that is there. */
export interface SeenUnit extends UnitState {
  readonly socket: boolean
}

/** A unit of systemd by its full, escaped name (see unit-name.ts). Its start is activated without further asking. */
export const unit = (name: string, spec: UnitSpec, where: Place): Resource<UnitSpec> =>
  place(
    "unit",
    name,
    spec,
    where,
    spec.active ? [{ kind: "unit", name, action: spec.socket === undefined ? "start" : "restart" }] : [],
  )

const yesNo = (value: boolean) => (value ? "yes" : "no")

export const unitType: ResourceType<UnitSpec, SeenUnit> = {
  kind: "unit",
  owns: (id) => [unitKey(id)],
  observe: (id, { socket }) =>
    Effect.gen(function* () {
      const { files, systemd } = yield* Host
      const state = yield* systemd.state(id)
      // Of a template every instance is "loaded". One that nobody enabled and that does not run is not there.
      if (state.load !== "masked" && !state.enabled && state.active === "inactive") return undefined
      return {
        ...state,
        socket: yield* attempt(() => socket === undefined || files.stat(hostPath(socket)) !== undefined),
      }
    }),
  diff: (spec, seen) => [
    ...changed("masked", "no", yesNo(seen?.load === "masked")),
    // Whether a masked unit is enabled cannot be told.
    ...(seen?.load === "masked"
      ? []
      : seen === undefined && spec.enabled
        ? [{ field: "enabled", want: "yes", have: null, kind: "missing" } satisfies FieldDiff]
        : changed("enabled", yesNo(spec.enabled), yesNo(seen?.enabled ?? false))),
    ...(spec.active && seen !== undefined && isRunning(seen) && !seen.socket
      ? [{ field: "socket", want: "there", have: "gone", kind: "runtime" } satisfies FieldDiff]
      : []),
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
  watch: (id, { socket }) => [wantedBy(id), ...(socket === undefined ? [] : [socket])],
  survey: Effect.flatMap(Host, ({ systemd }) => systemd.list).pipe(
    Effect.map((units) => (id: string) => units.get(id) ?? "inactive"),
  ),
}

const isRunning = (state: UnitState): boolean =>
  state.active === "active" || state.active === "activating" || state.active === "reloading"
